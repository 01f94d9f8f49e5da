"""Uncertainty weighting: one learned log-variance a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from mtlc.balance.method import Balancer, total


class Uncertainty(Balancer):
    """Sum of exp(-s)/2 times the loss, plus s/2, with one trainable s a task that starts at `init`.

    Kendall, Gal and Cipolla, CVPR 2018 (arXiv 1705.07115). The paper has no half for cross-entropy; the half
    for every kind of loss is the choice of the libraries, and ours. At a fixed loss L, s moves to log L,
    where the weight is 1/(2L). An absent task's s gets no gradient.
    """

    linear: ClassVar[bool] = False  # the gradient of s has the loss in it

    def __init__(self, tasks: tuple[str, ...], init: float) -> None:
        super().__init__(tasks)
        start = {_slot(task): nn.Parameter(torch.tensor(float(init))) for task in tasks}
        self.log_variances = nn.ParameterDict(start)

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        return total(self._term(self.log_variances[_slot(task)], loss) for task, loss in losses.items())

    def _term(self, s: Tensor, loss: Tensor) -> Tensor:
        return 0.5 * torch.exp(-s) * loss + 0.5 * s

    def weights(self) -> dict[str, float]:
        return {task: 0.5 * torch.exp(-self.log_variances[_slot(task)]).item() for task in self.tasks}


def _slot(task: str) -> str:
    """A parameter's name: a task called `keys` or `training` must not hide an attribute of the dictionary."""
    return f"task_{task}"
