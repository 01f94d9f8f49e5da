"""Predictions and labels as pictures: colours for each kind of task, and one contact sheet an image."""

from mtlc.training.pictures.colour import colour, overlay, photo
from mtlc.training.pictures.panel import Panel, label_panel, legend, panel, said
from mtlc.training.pictures.sheet import contact_sheet, gallery, stacked

__all__ = [
    "Panel",
    "colour",
    "contact_sheet",
    "gallery",
    "label_panel",
    "legend",
    "overlay",
    "panel",
    "photo",
    "said",
    "stacked",
]
