"""What an evaluation finds, and what a run ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Confusion:
    """What was said of each class: `counts[label][prediction]`, in pixels or images."""

    names: Sequence[str]
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Scores:
    """A model on a split. All is by task; a task without any label in the split has no entry.

    `metrics` are those of the task's kind, the first one first; `counted` says how much was judged (images,
    and pixels or pairs); `losses` are before any weight, means over batches by their labelled images; `loss`
    is their sum, each times its task's weight. `skipped` says by id why images were left out.
    Tasks that choose among classes have a `confusion`, and a row of figures for each class in
    `by_class`, None where nothing defines one.
    """

    split: str
    images: int
    metrics: Mapping[str, Mapping[str, float]]
    counted: Mapping[str, Mapping[str, int]]
    losses: Mapping[str, float]
    loss: float
    skipped: Mapping[str, str] = field(default_factory=dict)
    confusion: Mapping[str, Confusion] = field(default_factory=dict)
    by_class: Mapping[str, Sequence[Mapping[str, str | float | None]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, for JSON."""
        return asdict(self)

    def summary(self) -> dict[str, Any]:
        """The same without what is said of single classes: for a line among many."""
        whole = self.as_dict()
        return {name: whole[name] for name in whole if name not in ("confusion", "by_class")}


@dataclass(frozen=True)
class Best:
    """The step whose checkpoint is kept as the best, and the value that made it so."""

    step: int
    value: float


@dataclass
class Unfit:
    """Steps that were left out for one reason: how many, the first, and how often each sample had a part in it."""

    steps: int = 0
    first: int = 0
    samples: dict[str, int] = field(default_factory=dict)

    def add(self, step: int, samples: Sequence[str]) -> None:
        """One more."""
        self.first = self.first or step
        self.steps += 1
        for id in samples:
            self.samples[id] = self.samples.get(id, 0) + 1


@dataclass(frozen=True)
class Result:
    """A run that has ended, or was interrupted; `step` of `steps` are done.

    `test` is what the kept weights (those of `best` where there is one, else the last) reach on the test
    split, None without that split or when interrupted. `validation` is this process's last evaluation on the
    validation split. `empty` counts the steps whose batch had no label at all, `overflows` those left out for
    their `fp16` gradient, `left_out` the samples that
    training left out, and `skipped` says why, by split and id. `unfit` has the steps left out since a number was not
    finite, by what it was.
    """

    folder: Path
    step: int
    steps: int
    best: Best | None
    validation: Scores | None
    test: Scores | None
    interrupted: bool = False
    empty: int = 0
    overflows: int = 0
    left_out: int = 0
    skipped: Mapping[str, str] = field(default_factory=dict)
    unfit: Mapping[str, Unfit] = field(default_factory=dict)

    @property
    def kept(self) -> str:
        """`best` or `last`: which checkpoint the test was made with."""
        return "best" if self.best else "last"
