"""GradNorm: weights under which the tasks' gradients are as long as their training is behind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

import torch
from torch import Tensor

from mtlc.balance.method import Balancer, total

LEAST = 1e-3  # of a weight: the method's own steps could take it to 0, from where none leads back


class GradNorm(Balancer):
    """Σ w L, where w follows the slope of Σ |G - mean(G) r^alpha|, the second term held constant.

    Chen et al., ICML 2018 (arXiv 1711.02257), eq. 2 and alg. 1. G is the length of w times a task's gradient of the
    last weights that all tasks share; r is L / L(0), L(0) its first loss, over the mean of these. w takes Adam's
    steps, starts at 1, and is scaled after each so that the present tasks share what they had: in all, the number of
    tasks.
    """

    norms: ClassVar[bool] = True

    def __init__(self, tasks: tuple[str, ...], alpha: float, lr: float) -> None:
        super().__init__(tasks)
        self.alpha = alpha
        self._learned = {task: torch.ones((), dtype=torch.float64) for task in tasks}
        self._optimizer = torch.optim.Adam(self._learned.values(), lr=lr)
        self._first: dict[str, float] = {}

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        return total(self._learned[task].item() * loss for task, loss in losses.items())

    def see_norms(self, norms: Mapping[str, float], losses: Mapping[str, float]) -> None:
        if not norms or not all(map(math.isfinite, [*norms.values(), *losses.values()])):
            return
        self._first = {task: losses[task] for task in norms if losses[task] > 0} | self._first
        tasks = [task for task in norms if task in self._first]
        left = {task: losses[task] / self._first[task] for task in tasks}
        mean = sum(left.values()) / max(len(left), 1)
        level = sum(norms[task] for task in tasks) / max(len(tasks), 1)
        if mean <= 0:
            return
        whole = sum(self._learned[task].item() for task in tasks)
        self._optimizer.zero_grad(set_to_none=True)  # an absent task's weight stays
        for task in tasks:
            beyond = norms[task] - level * (left[task] / mean) ** self.alpha
            weight = self._learned[task]
            weight.grad = (
                math.copysign(1.0, beyond) * norms[task] / weight if beyond else torch.zeros_like(weight)
            )
        self._optimizer.step()
        self._scale(tasks, whole)

    def _scale(self, tasks: list[str], whole: float) -> None:
        """Above 0, and with the sum that these weights had."""
        positive = {task: max(self._learned[task].item(), LEAST) for task in tasks}
        for task, value in positive.items():
            self._learned[task].fill_(value * whole / sum(positive.values()))

    def weights(self) -> dict[str, float]:
        return {task: each.item() for task, each in self._learned.items()}

    def get_extra_state(self) -> dict[str, Any]:
        return {
            "weights": self.weights(),
            "first": dict(self._first),
            "optimizer": deepcopy(self._optimizer.state_dict()),
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        for task, value in state["weights"].items():
            self._learned[task].fill_(value)
        self._first = dict(state["first"])
        self._optimizer.load_state_dict(deepcopy(state["optimizer"]))
