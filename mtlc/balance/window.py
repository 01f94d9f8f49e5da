"""Balancing by the history of the losses: weights that change when a window of steps closes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from mtlc.balance.method import Balancer


class Windowed(Balancer):
    """Keeps each task's mean loss over the window that is open and over the last one in which it had labels.

    A window is an epoch or `every` steps. When it closes, `weigh` gives the next weights of the tasks that
    were in it; the others keep weight and history. Weights are plain numbers, 1 at first: they carry no
    gradient. A loss that is not finite is not counted.
    """

    def __init__(self, tasks: tuple[str, ...], every: int | Literal["epoch"]) -> None:
        super().__init__(tasks)
        self.every = every
        self._weights = dict.fromkeys(tasks, 1.0)
        self._before: dict[str, float] = {}
        self._open()

    def weigh(self, now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
        """New weights from the mean losses of the closed window and, where known, of the one before."""
        raise NotImplementedError(type(self).__name__)

    def weights(self) -> dict[str, float]:
        return dict(self._weights)

    def observe(self, losses: Mapping[str, float], *, epoch_end: bool) -> bool:
        self._steps += 1
        for task, loss in losses.items():
            if math.isfinite(loss):
                self._sums[task] = self._sums.get(task, 0.0) + loss
                self._counts[task] = self._counts.get(task, 0) + 1
        closes = epoch_end if self.every == "epoch" else self._steps >= self.every
        return closes and self._close()

    def _open(self) -> None:
        self._steps = 0
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def _close(self) -> bool:
        now = {task: self._sums[task] / count for task, count in self._counts.items()}
        new = self.weigh(now, self._before)
        self._before |= now
        self._open()
        last, self._weights = self._weights, self._weights | new
        return self._weights != last

    def get_extra_state(self) -> dict[str, Any]:
        return {
            "weights": dict(self._weights),
            "before": dict(self._before),
            "steps": self._steps,
            "sums": dict(self._sums),
            "counts": dict(self._counts),
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self._weights, self._before = dict(state["weights"]), dict(state["before"])
        self._steps = state["steps"]
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])
