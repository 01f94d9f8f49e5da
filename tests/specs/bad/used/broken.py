"""A plug-in that fails while it is imported."""

raise ValueError("no such thing")
