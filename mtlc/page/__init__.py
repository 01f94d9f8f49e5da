"""The report of a run as one HTML page."""

from mtlc.page.page import page
from mtlc.page.story import Story, read

__all__ = ["Story", "page", "read"]
