"""Pictures of a task graph: DOT text (pure), SVG and PNG from it, with no system package."""

from mtlc.render.dot import Level, dot
from mtlc.render.paint import PictureError, png, svg

__all__ = ["Level", "PictureError", "dot", "png", "svg"]
