"""The catalogue of tasks: what is predicted, from which label, with which loss, judged by which metrics."""

from mtlc.parts.dense_tasks import Depth, Edges, HumanParts, Normals, Saliency, Semseg
from mtlc.parts.image_tasks import Classify, Regress, Tags
from mtlc.parts.task import Form, Metric, Task, form, likeness

__all__ = [
    "Classify",
    "Depth",
    "Edges",
    "Form",
    "HumanParts",
    "Metric",
    "Normals",
    "Regress",
    "Saliency",
    "Semseg",
    "Tags",
    "Task",
    "form",
    "likeness",
]
