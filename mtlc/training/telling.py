"""What a run counts, records and reports of its steps."""

from __future__ import annotations

from collections.abc import Mapping

from mtlc.data.batch import Batch
from mtlc.data.loader import Loader
from mtlc.plan import Plan
from mtlc.training import conflict, words
from mtlc.training.balancing import Balancing
from mtlc.training.errors import RunError
from mtlc.training.phases import Leg
from mtlc.training.position import Position
from mtlc.training.record import Record
from mtlc.training.report import Done, Report
from mtlc.training.sparing import count_spared
from mtlc.training.taken import Taken, told


class Teller:
    """Tells of a run's steps: each as a line of its record and to the report, what is unusual once, in words."""

    def __init__(self, plan: Plan, loader: Loader, balancing: Balancing, report: Report) -> None:
        self.plan, self.loader, self.balancing, self.report = plan, loader, balancing, report
        self._failure_told = False

    def data(self) -> None:
        """What is unusual about what there is to learn from."""
        for task, count in self.loader.labelled.items():
            if 100 * count < self.loader.images:
                self.report.note(words.rare(task, count, self.loader.images))
        if len(self.loader.pools) > 1:
            self.report.note(words.epoch(self.loader.pools))

    def phase(self, leg: Leg, at: Position) -> None:
        """Which phase begins, if any."""
        if at.phase and at.step < self.plan.steps:
            self.report.note(words.phase(leg))

    def step(self, batch: Batch, taken: Taken, lr: float, leg: Leg, at: Position, record: Record) -> None:
        """The step that has just been taken on a batch. Raises `RunError` where going on is of no use."""
        self._empty(taken, at)
        at.overflows += taken.overflow
        if taken.overflow and at.overflows == 1:
            self.report.note(words.overflow(at.step))
        skipped = {"skipped": list(batch.skipped)} if batch.skipped else {}
        phase = {"phase": leg.name} if leg.name else {}
        record.add(kind="train", step=at.step, lr=lr, **told(taken), **skipped, **phase)
        self._left_out(batch.skipped, at)
        count_spared(taken, at, self.report)
        conflicts = conflict.conflicts(taken.seen) if taken.seen else None
        done = Done(at.step, self.plan.steps, taken.images, taken.losses, taken.weights, leg.name, conflicts)
        self.report.step(done)
        self._failure(at)

    def end(self, at: Position) -> None:
        """How often what was told once has happened."""
        if at.overflows:
            self.report.note(words.overflows(at.overflows))
        if (gradients := self.balancing.gradients) and gradients.chooser.failures:
            self.report.note(words.no_directions(gradients.part.word, gradients.chooser.failures))

    def _empty(self, taken: Taken, at: Position) -> None:
        at.empty += taken.empty
        if taken.empty and at.empty == 1:
            label = "has no label of the phase's tasks" if at.phase else "has no label at all"
            lacks = label if taken.images else "has no sample that could be read"
            self.report.note(f"the batch of step {at.step} {lacks}: such steps change nothing")

    def _failure(self, at: Position) -> None:
        """A gradient-level method found no weights."""
        gradients = self.balancing.gradients
        if gradients and gradients.chooser.failures and not self._failure_told:
            self._failure_told = True
            reason, then = gradients.chooser.reason, gradients.part.on_failure
            self.report.note(words.no_direction(gradients.part.word, reason, at.step, then))

    def _left_out(self, skipped: Mapping[str, str], at: Position) -> None:
        """Count samples that were left out, tell of each once, and stop where nothing else is left."""
        at.left_out += len(skipped)
        for id, reason in skipped.items():
            if at.skipped.setdefault(f"train/{id}", reason) is reason:
                self.report.note(f"left out: {reason}")
        if sum(each.startswith("train/") for each in at.skipped) == self.loader.images:
            reason = next(iter(at.skipped.values()))
            message = f"none of the {self.loader.images} training samples can be read: {reason}"
            raise RunError(message, "`mtlc data check SPEC` lists what is wrong, by file")
