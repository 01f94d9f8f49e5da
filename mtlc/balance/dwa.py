"""Dynamic weight average: more weight for the loss that has fallen least from one window to the next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from mtlc.balance.method import total
from mtlc.balance.window import Windowed

TINY = 1e-12  # added above and below a ratio: a loss that stays at 0 has ratio 1


class Dwa(Windowed):
    """K softmax(r / temperature) with r the mean loss of the last window over that of the one before.

    Liu, Johns and Davison, CVPR 2019 (arXiv 1803.10704), eq. 7. In the first two windows every weight is 1.
    Ours: with tasks absent from a window, the present ones share anew what they had together, so that the
    weights always sum to the number of tasks.
    """

    def __init__(self, tasks: tuple[str, ...], temperature: float, every: int | Literal["epoch"]) -> None:
        super().__init__(tasks, every)
        self.temperature = temperature

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        return total(self._weights[task] * loss for task, loss in losses.items())

    def weigh(self, now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
        ratios = {t: (now[t] + TINY) / (before[t] + TINY) for t in self.tasks if t in now and t in before}
        share = sum(self._weights[task] for task in ratios)
        return {task: share * p for task, p in _softmax(ratios, self.temperature).items()}


def _softmax(scores: Mapping[str, float], temperature: float) -> dict[str, float]:
    top = max(scores.values(), default=0.0)
    powers = {task: math.exp((score - top) / temperature) for task, score in scores.items()}
    whole = sum(powers.values())
    return {task: power / whole for task, power in powers.items()}
