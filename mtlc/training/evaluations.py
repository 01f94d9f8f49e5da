"""The evaluations of a run: validation while it goes, by which the best weights are kept, and one test."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from mtlc.data.open import open_data, splits
from mtlc.lower import Model
from mtlc.plan import Plan
from mtlc.training import own_parts
from mtlc.training.checkpoint import load_weights
from mtlc.training.evaluate import score
from mtlc.training.failures import clear_model_errors
from mtlc.training.interrupt import Stop
from mtlc.training.position import Position
from mtlc.training.record import Record
from mtlc.training.run_folder import RunFolder
from mtlc.training.samples import write_samples
from mtlc.training.scores import Best, Scores


class Evaluations:
    """Judges a model as the `eval` block says. `last` is the latest validation.

    Both splits are opened at once: what is wrong with the test split is told before the training, not after it.
    Raises `DataError`.
    """

    def __init__(
        self, model: Model, plan: Plan, folder: RunFolder, device: torch.device, steps_per_epoch: int
    ) -> None:
        self.model, self.plan, self.folder, self.device = model, plan, folder, device
        self.every = steps_per_epoch if plan.eval.every == "epoch" else plan.eval.every
        self.splits = splits(plan.data)
        self.last: Scores | None = None
        labels = {task.label for task in plan.tasks.values()}
        # Kept open: what a validation has decoded is used again by the next one.
        there = [split for split in self.splits if split != "train"]
        self._opened = {split: open_data(plan.data, split, labels) for split in there}

    def notes(self) -> Iterator[str]:
        """What the data lacks."""
        if "val" not in self.splits:
            yield "the data has no validation split: only the last checkpoint is kept"
        if "test" not in self.splits:
            yield "the data has no test split: nothing is tested at the end"

    def due(self, at: Position) -> bool:
        """Whether the spec wants a validation now that has not been made."""
        now = at.step % self.every == 0 or at.step == self.plan.steps
        return "val" in self.splits and now and at.validated < at.step

    def validate(self, at: Position, record: Record, stop: Stop) -> Scores | None:
        """Evaluate, and note in `at` whether this is the best so far; None, and nothing noted, if stopped."""
        scores = self._score("val", at, stop)
        if scores is None:
            return None
        self.last, at.validated = scores, at.step
        at.skipped |= _named("val", scores)
        value = judged(self.plan, scores)
        if math.isfinite(value) and (at.best is None or better(self.plan, value, at.best.value)):
            at.best = Best(at.step, value)
        best = at.best is not None and at.best.step == at.step
        record.add(kind="val", step=at.step, best=best, scores=scores.summary())
        if best:
            self.folder.write_validation(at.step, scores)
        return scores

    def test(self, at: Position, record: Record, stop: Stop) -> Scores | None:
        """Load the kept weights and evaluate them on the test split; nothing is chosen by it.

        Sheets are of its images, or without it of the validation split's.
        """
        if at.best and at.best.step != at.step:
            load_weights(self.model.train, self.folder.kept(), own_parts.text(self.plan.spec))
        if "test" not in self.splits:
            if "val" in self.splits:
                bad = [each.removeprefix("val/") for each in at.skipped if each.startswith("val/")]
                write_samples(self.model, self._opened["val"], self.folder.samples, self.device, bad)
            return None
        scores = self._score("test", at, stop)
        if scores is not None:
            at.skipped |= _named("test", scores)
            record.add(kind="test", step=at.step, scores=scores.summary())
            self.folder.write_test(scores)
            write_samples(self.model, self._opened["test"], self.folder.samples, self.device, scores.skipped)
        return scores

    def _score(self, split: str, at: Position, stop: Stop) -> Scores | None:
        with clear_model_errors(self.model, lambda: f"the evaluation after step {at.step}"):
            return score(self.model.infer, self.plan, self._opened[split], split, self.device, stop)


def _named(split: str, scores: Scores) -> dict[str, str]:
    return {f"{split}/{id}": reason for id, reason in scores.skipped.items()}


def judged(plan: Plan, scores: Scores) -> float:
    """What `eval.best` compares: the weighted loss, or a task's first metric; NaN where there is none."""
    if plan.eval.best == "loss":
        return scores.loss
    metric = plan.tasks[plan.eval.best].part.metrics[0]
    return scores.metrics.get(plan.eval.best, {}).get(metric.name, math.nan)


def better(plan: Plan, new: float, old: float) -> bool:
    """Whether a value beats another; equal ones do not, so that the first of several stays."""
    higher = plan.eval.best != "loss" and plan.tasks[plan.eval.best].part.metrics[0].higher
    return new > old if higher else new < old
