"""What every metric offers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


class Metric(Protocol):
    """Counts over batches, turned into figures at the end. What is not labelled is never looked at."""

    @property
    def counted(self) -> dict[str, int]:
        """How much was judged: images with any label, and labelled pixels (`tags`: pairs of image and class,
        `regress`: numbers)."""

    def update(self, prediction: Tensor, label: Tensor) -> None:
        """Take in a batch of raw predictions and their labels, one row for each image that has the label."""

    def result(self) -> dict[str, float]:
        """Each figure by its name in the catalogue; NaN where nothing that was seen defines it."""


@runtime_checkable
class Confused(Protocol):
    """A metric of a task that chooses among classes; a binary one has two."""

    @property
    def confusion(self) -> Tensor:
        """How often each class was predicted where each was labelled: integers, label by prediction."""


@runtime_checkable
class ByClass(Protocol):
    """A metric that can be said of each class alone."""

    def by_class(self) -> list[dict[str, float]]:
        """Figures of each class in order, with the counts behind them; NaN where nothing defines one."""


def ratio(part: float, whole: float) -> float:
    """The quotient; NaN of nothing."""
    return part / whole if whole else float("nan")


def images_with(valid: Tensor) -> int:
    """How many rows of a mask have any entry."""
    return int(valid.flatten(1).any(1).sum())
