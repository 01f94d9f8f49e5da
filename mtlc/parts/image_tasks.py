"""The catalogue of tasks that say something of the whole image. Their heads pool the coarsest level."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import ClassVar

from mtlc.parts import task
from mtlc.parts.losses import (
    ImageClassLoss,
    ImageCrossEntropy,
    NumbersL1,
    NumbersLoss,
    TagsBce,
    TagsLoss,
)
from mtlc.parts.part import AUTO, Auto, key, register
from mtlc.parts.task import IGNORE, Embedding, Form, Metric, Task


@register("tags")
@dataclass(frozen=True)
class Tags(Task):
    """Any number of tags per image. mAP is over the classes present in the split, F1 at 0.5."""

    from_: str | Auto = task.reads()
    classes: int | Auto = key(AUTO, "number of tags; auto: what the data set says", low=1)
    loss: TagsLoss = task.loss(TagsBce())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("map", higher=True, about="mean over the tags of average precision"),
        Metric("f1", higher=True, about="F1 of all pairs of image and tag, said above probability 0.5"),
    )
    dense: ClassVar[bool] = False
    items: ClassVar[str] = "tags"
    embedding: ClassVar[Embedding] = "binary"
    form: ClassVar[Form] = Form(IGNORE, ("C",))


@register("classify")
@dataclass(frozen=True)
class Classify(Task):
    """One class per image. mean_accuracy is the mean over the classes that some labelled image has."""

    from_: str | Auto = task.reads()
    classes: int | Auto = key(AUTO, "number of classes; auto: what the data set says", low=2)
    loss: ImageClassLoss = task.loss(ImageCrossEntropy())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("accuracy", higher=True, about="share of the images whose class is right"),
        Metric("mean_accuracy", higher=True, about="mean over the classes of that share"),
    )
    dense: ClassVar[bool] = False
    embedding: ClassVar[Embedding] = "onehot"
    form: ClassVar[Form] = Form(-1, (), ids=True)


@register("regress")
@dataclass(frozen=True)
class Regress(Task):
    """One or more numbers per image. mae and rmse are over all known numbers, r2 is the mean over values."""

    from_: str | Auto = task.reads()
    values: int | Auto = key(AUTO, "how many numbers; auto: what the data set says", low=1)
    loss: NumbersLoss = task.loss(NumbersL1())
    weight: float = task.weight()
    label: str | Auto = task.label()
    labels: float = task.labels()

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("mae", higher=False, about="mean distance from the label, in the label's unit"),
        Metric("rmse", higher=False, about="root of the mean squared error, in the label's unit"),
        Metric("r2", higher=True, about="share of the label's variance that is explained"),
    )
    dense: ClassVar[bool] = False
    counts: ClassVar[str] = "values"
    items: ClassVar[str] = "values"
    embedding: ClassVar[Embedding] = "squashed"
    form: ClassVar[Form] = Form(nan, ("C",))
