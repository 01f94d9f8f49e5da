"""The weights of a run's gradients: when they are chosen anew, and what happens where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from mtlc.balance.gradients.method import Array, GradientMethod, NoSolution

Tasks = tuple[str, ...]
OnFailure = Literal["equal", "skip", "stop"]


class NoDirection(Exception):
    """A method has found no weights, and the spec says that this ends the run."""


class Chooser:
    """Keeps, for each set of tasks that shares parameters, the weights of their gradients for `every` steps.

    `fallback` is what each weight is where the method fails and `on_failure` is `equal`. `failures` counts those of
    the run, `reason` says why the last one was.
    """

    def __init__(self, method: GradientMethod, *, every: int, on_failure: OnFailure, mean: bool) -> None:
        self.method, self.every, self.on_failure, self.mean = method, every, on_failure, mean
        self.failures, self.reason = 0, ""
        self._age = 0
        self._kept: dict[Tasks, dict[str, float]] = {}

    def due(self, sets: Mapping[Tasks, Tasks]) -> bool:
        """Whether weights are to be chosen in this step: after `every` others, or where one is missing.

        `sets` has for each set of tasks those of it that have a gradient now.
        """
        missing = any(task not in self._kept.get(tasks, {}) for tasks in sets for task in sets[tasks])
        return missing or self._age >= self.every

    def choose(self, tasks: Tasks, present: Tasks, gram: Array) -> dict[str, float] | None:
        """The weights of a set's present tasks, by the inner products of their gradients; None: take no step in
        what they share."""
        weights: Array | None
        try:
            weights = self.method(gram, present)
        except NoSolution as error:
            weights = self._instead(len(present), str(error))
        if weights is None:
            return None
        chosen = dict(zip(present, weights.tolist(), strict=True))
        self._kept[tasks] = self._kept.get(tasks, {}) | chosen
        return chosen

    def kept(self, tasks: Tasks, present: Tasks) -> dict[str, float]:
        """The weights that were chosen last for these tasks of a set."""
        return {task: self._kept[tasks][task] for task in present}

    def stepped(self, chosen: bool) -> None:
        """To be called after each step that had gradients."""
        self._age = 1 if chosen else self._age + 1

    def _instead(self, count: int, reason: str) -> Array | None:
        self.failures, self.reason = self.failures + 1, reason
        if self.on_failure == "stop":
            raise NoDirection(reason)
        return np.full(count, 1 / count if self.mean else 1.0) if self.on_failure == "equal" else None

    def state_dict(self) -> dict[str, Any]:
        return {
            "method": self.method.state_dict(),
            "age": self._age,
            "kept": [(list(tasks), dict(weights)) for tasks, weights in self._kept.items()],
            "failures": self.failures,
            "reason": self.reason,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.method.load_state_dict(state["method"])
        self._age, self.failures, self.reason = state["age"], state["failures"], state["reason"]
        self._kept = {tuple(tasks): dict(weights) for tasks, weights in state["kept"]}
