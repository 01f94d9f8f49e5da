"""What every task says of itself, and the keys that all tasks share."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple

from mtlc.parts.decoders import ConvUp
from mtlc.parts.losses import Loss
from mtlc.parts.part import AUTO, Auto, Part, key, named

IGNORE = 255


Embedding = Literal["", "onehot", "binary", "squashed", "unit"]


class Metric(NamedTuple):
    """A figure of merit: its name, whether more of it is better, its unit (empty for a share), and what it is."""

    name: str
    higher: bool
    unit: str = ""
    about: str = ""


class Form(NamedTuple):
    """What a label is as a tensor: the value that says "none here", its axes, and whether it holds class ids.

    An axis is a number, or one of `H`, `W` and `C`, which counts the task's classes or values.
    """

    fill: float
    axes: tuple[int | str, ...]
    ids: bool = False

    @property
    def dense(self) -> bool:
        """Whether it has a value for each pixel."""
        return "H" in self.axes

    @property
    def decides(self) -> bool:
        """Whether each of its numbers is a yes or a no, if not `fill`."""
        return self.fill == IGNORE and not self.ids

    def shape(self, height: int, width: int, count: int) -> tuple[int, ...]:
        """Its shape for an image of a size and a number of classes or values."""
        known = {"H": height, "W": width, "C": count}
        return tuple(known[each] if isinstance(each, str) else each for each in self.axes)


CLASS_MAP = Form(IGNORE, ("H", "W"), ids=True)
MASK = Form(IGNORE, (1, "H", "W"))


class Task(Part):
    """What a `task` block names. The first of its metrics is the one that `eval.best` can choose.

    `channels` counts the prediction's channels; None means one for each of its `items`, which the key `counts`
    can say. `like` is the kind that it is judged and shown as, if not as one of its own. With `things`, an
    image whose label holds nothing beyond class 0 counts as one without the label. `embedding` says how its
    predictions and labels meet those of others in an `agree` block, as numbers from 0 to 1: classes one by one
    (`onehot`), each number a yes or no (`binary`), any number (`squashed`), a direction (`unit`); empty: not at all.
    """

    noun: ClassVar[str] = "task"
    metrics: ClassVar[tuple[Metric, ...]] = ()
    dense: ClassVar[bool] = True
    channels: ClassVar[int | None] = None
    counts: ClassVar[str] = "classes"
    items: ClassVar[str] = "classes"
    form: ClassVar[Form] = MASK
    like: ClassVar[str] = ""
    things: ClassVar[bool] = False
    embedding: ClassVar[Embedding] = ""
    from_: str | Auto
    loss: Loss
    weight: float
    label: str | Auto
    labels: float


def form(kind: str) -> Form:
    """What the labels of a kind of task are as tensors."""
    part = named(Task)[kind]
    assert issubclass(part, Task)
    return part.form


def likeness(kind: str) -> str:
    """The kind that a kind of task is judged and shown as: nearly always itself."""
    return getattr(named(Task).get(kind), "like", "") or kind


# --- the keys that tasks share


def reads() -> Any:
    return key(AUTO, "the layer it reads; auto: the last one", name=True)


def decoder() -> Any:
    return key(ConvUp(), "turns the levels it reads into its stream")


def loss(default: Loss) -> Any:
    return key(default, "how far a prediction is from its label")


def weight() -> Any:
    return key(1.0, "multiplies its loss before balancing", low=0)


def label() -> Any:
    return key(
        AUTO, "the data set's label it learns; auto: its own name, or the only one of its kind", name=True
    )


def labels() -> Any:
    return key(1.0, "share of the training images whose label is used", above=0, high=1)
