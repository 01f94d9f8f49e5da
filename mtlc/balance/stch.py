"""Smooth Tchebycheff: the worst loss, smoothly, so that all near it take part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from mtlc.balance.method import total
from mtlc.balance.positive import TINY, logarithms
from mtlc.balance.window import Windowed


class Stch(Windowed):
    """mu log Σ exp(L / mu): between the largest loss and mu log K more. The weights are softmax(L / mu).

    Lin et al., ICML 2024 (arXiv 2402.19078), with 0 as each task's ideal; a task's `weight` multiplies its L.

    With `log` the losses of the formula are log(L / nadir), and the whole is multiplied by the number of tasks K, as
    in LibMTL. The nadir is a task's mean loss in the last of `warmup` epochs; a task without one adds log L, as all do
    before. Raises `BelowZero` then for a loss below 0.
    """

    linear: ClassVar[bool] = False

    def __init__(self, tasks: tuple[str, ...], mu: float, log: bool, warmup: int) -> None:
        super().__init__(tasks, "epoch")
        self.mu, self.log = mu, log
        self._weights = dict.fromkeys(tasks, 1 / max(len(tasks), 1))
        self._warmup = warmup if log else 0  # epochs that are left of it
        self._nadir: dict[str, float] = {}

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        if not losses:
            return total(())
        return self._relative(losses) if self.log else self._plain(losses)

    def _plain(self, losses: Mapping[str, Tensor]) -> Tensor:
        values = torch.stack(list(losses.values()))
        self._note(losses, torch.softmax(values.detach() / self.mu, 0))
        return smooth_maximum(values, self.mu)

    def _relative(self, losses: Mapping[str, Tensor]) -> Tensor:
        logs = logarithms(losses, "stch(log = true)")
        known = torch.tensor([task in self._nadir for task in losses], device=logs.device)
        nadir = torch.tensor([self._nadir.get(task, 1.0) + TINY for task in losses]).to(logs)
        ratios = (logs - nadir.log())[known]
        slopes = torch.ones_like(logs)
        slopes[known] = len(ratios) * torch.softmax(ratios.detach() / self.mu, 0)
        self._note(losses, slopes / logs.detach().exp())
        value = logs[~known].sum()
        return value + len(ratios) * smooth_maximum(ratios, self.mu) if len(ratios) else value

    def _note(self, losses: Mapping[str, Tensor], slopes: Tensor) -> None:
        if torch.isfinite(slopes).all():
            self._weights |= dict(zip(losses, slopes.tolist(), strict=True))

    def weigh(self, now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
        if self._warmup > 0:
            self._warmup -= 1
        if self.log and self._warmup == 0:
            self._nadir = {**before, **now, **self._nadir}
        return {}

    def get_extra_state(self) -> dict[str, Any]:
        return super().get_extra_state() | {"warmup": self._warmup, "nadir": dict(self._nadir)}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        super().set_extra_state(state)
        self._warmup, self._nadir = state["warmup"], dict(state["nadir"])


def smooth_maximum(values: Tensor, mu: float) -> Tensor:
    """mu log Σ exp(v / mu), with the largest taken out first: no exponential overflows."""
    top = values.detach().max()
    return top + mu * torch.log(torch.exp((values - top) / mu).sum())
