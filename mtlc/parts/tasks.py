"""The catalogue of tasks: what is predicted, from which label, with which loss, judged by which metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mtlc.parts.decoders import ConvUp, Decoder
from mtlc.parts.losses import (
    L1,
    BalancedBce,
    BinaryLoss,
    ClassLoss,
    CrossEntropy,
    DepthLoss,
    Loss,
    NormalsLoss,
    TagsBce,
    TagsLoss,
    UnitL1,
)
from mtlc.parts.part import AUTO, Auto, Part, Problem, key, register


class Metric(NamedTuple):
    """A figure of merit: its name, whether more of it is better, and its unit (empty for a share)."""

    name: str
    higher: bool
    unit: str = ""


def _from() -> Any:
    return key(AUTO, "the layer it reads; auto: the last one", name=True)


def _decoder() -> Any:
    return key(ConvUp(), "turns the levels it reads into its stream")


def _weight() -> Any:
    return key(1.0, "multiplies its loss before balancing", low=0)


def _label() -> Any:
    return key(
        AUTO, "the data set's label it learns; auto: its own name, or the only one of its kind", name=True
    )


def _labels() -> Any:
    return key(1.0, "share of the training images whose label is used", above=0, high=1)


class Task(Part):
    """What a `task` block names. The first of its metrics is the one that `eval.best` can choose.

    `channels` counts the prediction's channels; None means one for each class.
    """

    noun: ClassVar[str] = "task"
    metrics: ClassVar[tuple[Metric, ...]] = ()
    dense: ClassVar[bool] = True
    channels: ClassVar[int | None] = None
    from_: str | Auto
    loss: Loss
    weight: float
    label: str | Auto
    labels: float


@register("semseg")
@dataclass(frozen=True)
class Semseg(Task):
    """One class per pixel: semantic segmentation, parts, scene classes."""

    from_: str | Auto = _from()
    decoder: Decoder = _decoder()
    classes: int | Auto = key(AUTO, "number of classes; auto: what the data set says", low=2)
    loss: ClassLoss = key(CrossEntropy(), "how far a prediction is from its label")
    weight: float = _weight()
    label: str | Auto = _label()
    labels: float = _labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("miou", higher=True),
        Metric("accuracy", higher=True),
    )
    channels: ClassVar[int | None] = None


@register("depth")
@dataclass(frozen=True)
class Depth(Task):
    """Distance along the optical axis in metres, per pixel."""

    from_: str | Auto = _from()
    decoder: Decoder = _decoder()
    range: tuple[float, ...] | None = key(
        None, "[nearest, farthest] in metres; labels outside count as absent", low=0
    )
    loss: DepthLoss = key(L1(), "how far a prediction is from its label")
    weight: float = _weight()
    label: str | Auto = _label()
    labels: float = _labels()

    def problems(self) -> Iterator[Problem]:
        if self.range is not None and not (len(self.range) == 2 and self.range[0] < self.range[1]):
            yield Problem("range", "`range` is two numbers, the nearer first", "write `range = [0.1, 10.0]`")

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("rmse", higher=False, unit="m"),
        Metric("abs_err", higher=False, unit="m"),
        Metric("abs_rel", higher=False),
    )
    channels: ClassVar[int | None] = 1


@register("normals")
@dataclass(frozen=True)
class Normals(Task):
    """The surface's direction per pixel, in the camera's frame (x right, y down, z into the scene)."""

    from_: str | Auto = _from()
    decoder: Decoder = _decoder()
    loss: NormalsLoss = key(UnitL1(), "how far a prediction is from its label")
    weight: float = _weight()
    label: str | Auto = _label()
    labels: float = _labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("mean_err", higher=False, unit="deg"),
        Metric("within_11", higher=True),
    )
    channels: ClassVar[int | None] = 3


@register("edges")
@dataclass(frozen=True)
class Edges(Task):
    """Boundary or not, per pixel. F1 is per pixel at 0.5; it is not the matched boundary measure odsF."""

    from_: str | Auto = _from()
    decoder: Decoder = _decoder()
    loss: BinaryLoss = key(BalancedBce(positive=0.95), "how far a prediction is from its label")
    weight: float = _weight()
    label: str | Auto = _label()
    labels: float = _labels()

    metrics: ClassVar[tuple[Metric, ...]] = (Metric("f1", higher=True),)
    channels: ClassVar[int | None] = 1


@register("saliency")
@dataclass(frozen=True)
class Saliency(Task):
    """Foreground or not, per pixel. IoU is at 0.5; max_f over thresholds 0.05 to 0.95 with beta squared 0.3."""

    from_: str | Auto = _from()
    decoder: Decoder = _decoder()
    loss: BinaryLoss = key(BalancedBce(), "how far a prediction is from its label")
    weight: float = _weight()
    label: str | Auto = _label()
    labels: float = _labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("iou", higher=True),
        Metric("max_f", higher=True),
    )
    channels: ClassVar[int | None] = 1


@register("tags")
@dataclass(frozen=True)
class Tags(Task):
    """Any number of tags per image. mAP is over the classes present in the split, F1 at 0.5."""

    from_: str | Auto = _from()
    classes: int | Auto = key(AUTO, "number of tags; auto: what the data set says", low=1)
    loss: TagsLoss = key(TagsBce(), "how far a prediction is from its label")
    weight: float = _weight()
    label: str | Auto = _label()
    labels: float = _labels()

    metrics: ClassVar[tuple[Metric, ...]] = (Metric("map", higher=True), Metric("f1", higher=True))
    dense: ClassVar[bool] = False
