"""The catalogue of tasks that say something of every pixel: what is predicted, with which loss, judged how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mtlc.parts import task
from mtlc.parts.decoders import Decoder
from mtlc.parts.losses import (
    L1,
    BalancedBce,
    BinaryLoss,
    ClassLoss,
    CrossEntropy,
    DepthLoss,
    NormalsLoss,
    UnitL1,
)
from mtlc.parts.part import AUTO, Auto, Problem, key, register
from mtlc.parts.task import CLASS_MAP, MASK, Embedding, Form, Metric, Task


@register("semseg")
@dataclass(frozen=True)
class Semseg(Task):
    """One class per pixel: semantic segmentation, parts, scene classes."""

    from_: str | Auto = task.reads()
    decoder: Decoder = task.decoder()
    classes: int | Auto = key(AUTO, "number of classes; auto: what the data set says", low=2)
    loss: ClassLoss = task.loss(CrossEntropy())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("miou", higher=True, about="mean over the classes of intersection over union"),
        Metric("accuracy", higher=True, about="share of the pixels whose class is right"),
    )
    embedding: ClassVar[Embedding] = "onehot"
    form: ClassVar[Form] = CLASS_MAP


@register("human_parts")
@dataclass(frozen=True)
class HumanParts(Task):
    """The part of a person, per pixel; class 0 is the background. An image without any part is not labelled.

    As `semseg`, but a label that holds nothing except class 0 and ignored pixels (after cropping, in training)
    counts as absent: images without people teach it nothing and are not judged, as ATRC and InvPT have it.
    """

    from_: str | Auto = task.reads()
    decoder: Decoder = task.decoder()
    classes: int | Auto = key(AUTO, "number of classes; auto: what the data set says", low=2)
    loss: ClassLoss = task.loss(CrossEntropy())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = Semseg.metrics
    embedding: ClassVar[Embedding] = "onehot"
    form: ClassVar[Form] = CLASS_MAP
    like: ClassVar[str] = "semseg"
    things: ClassVar[bool] = True


@register("depth")
@dataclass(frozen=True)
class Depth(Task):
    """Distance along the optical axis in metres, per pixel."""

    from_: str | Auto = task.reads()
    decoder: Decoder = task.decoder()
    range: tuple[float, ...] | None = key(
        None, "[nearest, farthest] in metres; labels outside count as absent", low=0
    )
    loss: DepthLoss = task.loss(L1())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    def problems(self) -> Iterator[Problem]:
        if self.range is not None and not (len(self.range) == 2 and self.range[0] < self.range[1]):
            yield Problem("range", "`range` is two numbers, the nearer first", "write `range = [0.1, 10.0]`")

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("rmse", higher=False, unit="m", about="root of the mean squared error"),
        Metric("abs_err", higher=False, unit="m", about="mean distance from the label"),
        Metric("abs_rel", higher=False, about="mean distance from the label as a share of the label"),
    )
    channels: ClassVar[int | None] = 1
    embedding: ClassVar[Embedding] = "squashed"
    form: ClassVar[Form] = Form(0, (1, "H", "W"))


@register("normals")
@dataclass(frozen=True)
class Normals(Task):
    """The surface's direction per pixel, in the camera's frame (x right, y down, z into the scene)."""

    from_: str | Auto = task.reads()
    decoder: Decoder = task.decoder()
    loss: NormalsLoss = task.loss(UnitL1())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("mean_err", higher=False, unit="deg", about="mean angle from the label"),
        Metric("within_11", higher=True, about="share of the pixels less than 11.25 degrees off"),
    )
    channels: ClassVar[int | None] = 3
    embedding: ClassVar[Embedding] = "unit"
    form: ClassVar[Form] = Form(0, (3, "H", "W"))


@register("edges")
@dataclass(frozen=True)
class Edges(Task):
    """Boundary or not, per pixel. F1 is per pixel at 0.5; it is not the matched boundary measure odsF."""

    from_: str | Auto = task.reads()
    decoder: Decoder = task.decoder()
    loss: BinaryLoss = task.loss(BalancedBce(positive=0.95))
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("f1", higher=True, about="F1 of the pixels above probability 0.5"),
    )
    channels: ClassVar[int | None] = 1
    embedding: ClassVar[Embedding] = "binary"
    form: ClassVar[Form] = MASK


@register("saliency")
@dataclass(frozen=True)
class Saliency(Task):
    """Foreground or not, per pixel. IoU is at 0.5; max_f over thresholds 0.05 to 0.95 with beta squared 0.3."""

    from_: str | Auto = task.reads()
    decoder: Decoder = task.decoder()
    loss: BinaryLoss = task.loss(BalancedBce())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("iou", higher=True, about="intersection over union of the pixels above probability 0.5"),
        Metric("max_f", higher=True, about="best F measure (beta squared 0.3) of thresholds 0.05 to 0.95"),
    )
    channels: ClassVar[int | None] = 1
    embedding: ClassVar[Embedding] = "binary"
    form: ClassVar[Form] = MASK
