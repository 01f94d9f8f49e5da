"""Loss prioritisation (MT-CP): log-projected losses, weighted by how slowly each of them falls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from mtlc.balance.method import total
from mtlc.balance.window import Windowed

Numbers = Mapping[str, float]
SMALLEST = 1e-12  # of a projected loss whose ratios are taken: they stay finite at any epsilon


class Lps(Windowed):
    """Sum of w log(1 + L + epsilon), with weights from the history of the projected losses.

    Loss prioritisation scheme of MT-CP, WACV 2025 (arXiv 2412.03179). When a window closes:

    1. project each task's mean loss, l = log(1 + L + epsilon);
    2. a task's first window: w = sum(l) / l, divided by the mean of these (the division is ours: without it
       the objective jumps by at least the number of tasks);
    3. afterwards w = (l / l before) / (sum(l) / sum(l before));
    4. push the weights from their mean: w = mean + spread (w - mean);
    5. set weights below 0 to 0 and scale so that the mean of step 4 is kept, or is one (ours; the paper's
       spread of 7.5 makes every weight below 0.867 of the mean negative).

    Sums and means run over the tasks that had labels in the window.
    """

    linear: ClassVar[bool] = False

    def __init__(
        self,
        tasks: tuple[str, ...],
        spread: float,
        every: int | Literal["epoch"],
        epsilon: float,
        renormalise: Literal["mean", "one"],
    ) -> None:
        super().__init__(tasks, every)
        self.spread, self.epsilon, self.renormalise = spread, epsilon, renormalise

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        return total(self._weights[task] * torch.log1p(loss + self.epsilon) for task, loss in losses.items())

    def weigh(self, now: Numbers, before: Numbers) -> dict[str, float]:
        projected = {task: self._project(loss) for task, loss in now.items()}
        known = {task: self._project(before[task]) for task in now if task in before}
        first = {task: value for task, value in projected.items() if task not in known}
        weights = prior(first) | priorities({task: projected[task] for task in known}, known)
        return clamped(spread(weights, self.spread), mean(weights) if self.renormalise == "mean" else 1.0)

    def _project(self, loss: float) -> float:
        return max(math.log1p(max(loss, 0.0) + self.epsilon), SMALLEST)


def mean(weights: Numbers) -> float:
    """The mean; 0 of none."""
    return sum(weights.values()) / max(len(weights), 1)


def prior(projected: Numbers) -> dict[str, float]:
    """Weights from one window alone: in inverse proportion to the projected loss, with mean 1."""
    least = min(projected.values(), default=0.0)
    inverse = {task: least / value for task, value in projected.items()}
    return {task: value / mean(inverse) for task, value in inverse.items()}


def priorities(now: Numbers, before: Numbers) -> dict[str, float]:
    """How much of each projected loss is left, relative to how much of their sum is left."""
    left = sum(now.values()) / sum(before.values()) if before else 1.0
    return {task: now[task] / before[task] / left for task in before}


def spread(weights: Numbers, factor: float) -> dict[str, float]:
    """Weights pushed from their mean by `factor`: 1 leaves them, 0 makes them equal."""
    middle = mean(weights)
    return {task: middle + factor * (weight - middle) for task, weight in weights.items()}


def clamped(weights: Numbers, target: float) -> dict[str, float]:
    """Weights with those below 0 set to 0, scaled to the mean `target`. At least one must be above 0."""
    positive = {task: max(weight, 0.0) for task, weight in weights.items()}
    scale = target / mean(positive) if positive else 1.0
    return {task: weight * scale for task, weight in positive.items()}
