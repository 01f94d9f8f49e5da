"""FAMO: equal rates of improvement for all tasks, found from how the losses change and not from gradients."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

import torch
from torch import Tensor

from mtlc.balance.method import Balancer, total
from mtlc.balance.positive import TINY, logarithms


class Famo(Balancer):
    """c Σ z log L with z = softmax(w) over the tasks of the step and c = 1 / Σ z/L, held constant.

    Liu et al., NeurIPS 2023 (arXiv 2306.03792), alg. 1, with 0 as each loss's least value. The weight of a loss is
    c z / L; these sum to 1. After the step the losses of the same batch are measured again: w takes a step of Adam
    along what z changes in the logarithm of each loss that fell, so that tasks which improve fast weigh less. w starts
    at 0, with weight decay `decay`. Raises `BelowZero` for a loss below 0.
    """

    linear: ClassVar[bool] = False
    again: ClassVar[bool] = True

    def __init__(self, tasks: tuple[str, ...], lr: float, decay: float) -> None:
        super().__init__(tasks)
        self._logits = {task: torch.zeros((), dtype=torch.float64, requires_grad=True) for task in tasks}
        self._optimizer = torch.optim.Adam(self._logits.values(), lr=lr, weight_decay=decay)
        self._weights = dict.fromkeys(tasks, 1 / max(len(tasks), 1))
        self._before: dict[str, float] = {}

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        if not losses:
            return total(())
        logs = logarithms(losses, "famo")
        shares = self._softmax(losses).detach().to(logs)
        weights = shares / logs.detach().exp()
        scale = 1 / weights.sum()
        self._before = dict(zip(losses, logs.tolist(), strict=True))
        if torch.isfinite(scale * weights).all():
            self._weights |= dict(zip(losses, (scale * weights).tolist(), strict=True))
        return scale * (shares * logs).sum()

    def look_again(self, losses: Mapping[str, float]) -> None:
        tasks = [task for task in self._before if task in losses]
        after = torch.tensor([losses[task] + TINY for task in tasks], dtype=torch.float64).log()
        fell = torch.tensor([self._before[task] for task in tasks], dtype=torch.float64) - after
        if not tasks or not torch.isfinite(fell).all():
            return
        self._optimizer.zero_grad(set_to_none=True)  # an absent task's w neither moves nor decays
        self._softmax(tasks).backward(fell)  # type: ignore[no-untyped-call]
        self._optimizer.step()

    def _softmax(self, tasks: Mapping[str, Any] | list[str]) -> Tensor:
        return torch.softmax(torch.stack([self._logits[task] for task in tasks]), 0)

    def weights(self) -> dict[str, float]:
        return dict(self._weights)

    def get_extra_state(self) -> dict[str, Any]:
        logits = {task: each.item() for task, each in self._logits.items()}
        return {
            "logits": logits,
            "weights": self.weights(),
            "optimizer": deepcopy(self._optimizer.state_dict()),
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            for task, value in state["logits"].items():
                self._logits[task].fill_(value)
        self._weights = dict(state["weights"])
        self._optimizer.load_state_dict(deepcopy(state["optimizer"]))
