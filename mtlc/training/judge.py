"""Which of two evaluations is better, as `eval.best` says."""

from __future__ import annotations

import math

from mtlc.plan import Plan
from mtlc.training.scores import Scores


class Judge:
    """`loss` means the weighted sum of the losses, a task's name its first metric."""

    def __init__(self, plan: Plan) -> None:
        self.task = None if plan.eval.best == "loss" else plan.tasks[plan.eval.best]

    def value(self, scores: Scores) -> float | None:
        """What is compared; None where the split has no label for it, or it is not finite."""
        value = scores.loss if self.task is None else self._metric(scores)
        return value if math.isfinite(value) else None

    def better(self, new: float, old: float) -> bool:
        """Whether a value beats another; equal ones do not, so that the first of several stays."""
        higher = self.task is not None and self.task.part.metrics[0].higher
        return new > old if higher else new < old

    def _metric(self, scores: Scores) -> float:
        assert self.task is not None
        return scores.metrics.get(self.task.name, {}).get(self.task.part.metrics[0].name, math.nan)
