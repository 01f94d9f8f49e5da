"""Figures of merit over a whole split, one class for each kind of task, fed batch by batch."""

from __future__ import annotations

from mtlc.parts.tasks import likeness
from mtlc.training.metrics.binary import EdgesMetric, SaliencyMetric
from mtlc.training.metrics.classify import ClassifyMetric
from mtlc.training.metrics.depth import DepthMetric
from mtlc.training.metrics.metric import Metric
from mtlc.training.metrics.normals import NormalsMetric
from mtlc.training.metrics.regress import RegressMetric
from mtlc.training.metrics.semseg import SemsegMetric
from mtlc.training.metrics.tags import TagsMetric

__all__ = ["Metric", "metric_for"]


def metric_for(task_kind: str, classes: int) -> Metric:
    """A fresh metric for a task of this kind; `classes` counts its classes, tags or values if it has any."""
    match likeness(task_kind):
        case "semseg":
            return SemsegMetric(classes)
        case "depth":
            return DepthMetric()
        case "normals":
            return NormalsMetric()
        case "edges":
            return EdgesMetric()
        case "saliency":
            return SaliencyMetric()
        case "tags":
            return TagsMetric(classes)
        case "classify":
            return ClassifyMetric(classes)
        case "regress":
            return RegressMetric(classes)
    raise ValueError(f"there is no metric for tasks of kind `{task_kind}`")
