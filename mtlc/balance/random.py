"""Random weights: the cheap control for any claim about balancing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mtlc.balance.method import Balancer, total


class Random(Balancer):
    """Weights that are a softmax of standard normal numbers, drawn anew each step over the tasks present.

    Lin et al., TMLR 2022 (arXiv 2111.10603). They sum to 1 over the tasks of the step; an absent task's last
    weight stays. The draws come from a generator of its own and go by task name: neither the order in which
    tasks are declared, nor which of them are present, changes what the others draw.
    """

    def __init__(self, tasks: tuple[str, ...], seed: int) -> None:
        super().__init__(tasks)
        self._generator = torch.Generator().manual_seed(seed)
        self._weights = dict.fromkeys(tasks, 1 / max(len(tasks), 1))

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        self._weights |= self._draw(list(losses))
        return total(self._weights[task] * loss for task, loss in losses.items())

    def _draw(self, present: list[str]) -> dict[str, float]:
        normal = torch.randn(len(self.tasks), generator=self._generator).tolist()
        draws = dict(zip(sorted(self.tasks), normal, strict=True))
        weights = torch.softmax(torch.tensor([draws[task] for task in present], dtype=torch.float64), dim=0)
        return dict(zip(present, weights.tolist(), strict=True))

    def weights(self) -> dict[str, float]:
        return dict(self._weights)

    def get_extra_state(self) -> dict[str, Any]:
        return {"generator": self._generator.get_state(), "weights": self.weights()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self._generator.set_state(state["generator"].cpu())
        self._weights = dict(state["weights"])
