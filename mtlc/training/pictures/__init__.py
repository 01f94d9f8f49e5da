"""Predictions and labels as pictures: colours for each kind of task, and one contact sheet an image."""

from mtlc.training.pictures.colour import colour, overlay, photo
from mtlc.training.pictures.panel import Panel, panel
from mtlc.training.pictures.sheet import contact_sheet

__all__ = ["Panel", "colour", "contact_sheet", "overlay", "panel", "photo"]
