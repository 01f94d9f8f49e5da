"""Geometric loss: the geometric mean of the losses, which no unit of a loss can tilt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from mtlc.balance.method import Balancer, total
from mtlc.balance.positive import TINY, logarithms


class Gls(Balancer):
    """The K-th root of the product of the losses of the K tasks of the step, each plus 1e-12.

    Chennupati et al., CVPR workshops 2019 (MultiNet++, arXiv 1904.08492). Computed as the exponential of the
    mean logarithm: a product of many small or large losses leaves the range of numbers. The slope in a task's loss,
    and so its weight, is the value / (K L). Multiplying a loss by a number does not change the direction. Raises
    `BelowZero` for a loss below 0.
    """

    linear: ClassVar[bool] = False

    def __init__(self, tasks: tuple[str, ...]) -> None:
        super().__init__(tasks)
        self._weights = dict.fromkeys(tasks, 1 / max(len(tasks), 1))

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        if not losses:
            return total(())
        value = torch.exp(logarithms(losses, "gls").mean())
        self._note({task: loss.item() for task, loss in losses.items()}, value.item())
        return value

    def _note(self, losses: Mapping[str, float], value: float) -> None:
        if math.isfinite(value) and all(map(math.isfinite, losses.values())):
            self._weights |= {task: value / (len(losses) * (loss + TINY)) for task, loss in losses.items()}

    def weights(self) -> dict[str, float]:
        return dict(self._weights)

    def get_extra_state(self) -> dict[str, Any]:
        return {"weights": self.weights()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self._weights = dict(state["weights"])
