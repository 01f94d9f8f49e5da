"""One run: its steps, evaluations and checkpoints in an order that a resumed run repeats exactly."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any

import torch

from mtlc.data.batch import Batch
from mtlc.data.errors import DataError
from mtlc.data.loader import Loader
from mtlc.lower import Model
from mtlc.plan import Plan
from mtlc.training import own_parts, processes, together, words
from mtlc.training.agreement import Agreements
from mtlc.training.atomic import make_folder
from mtlc.training.balancing import balancing
from mtlc.training.checkpoint import WEIGHTS, load_weights, pack_state, pack_weights
from mtlc.training.device import placed
from mtlc.training.evaluations import Evaluations
from mtlc.training.failures import clear_model_errors, load_pretrained
from mtlc.training.feed import loader
from mtlc.training.initial import Initial
from mtlc.training.interrupt import Stop
from mtlc.training.learner import Learner, refuse_idle
from mtlc.training.phases import leg_at, legs
from mtlc.training.position import Position, position_in, restore, state_of
from mtlc.training.record import Record, Unwritten
from mtlc.training.report import Report, Start
from mtlc.training.run_folder import RunFolder
from mtlc.training.scaler import Scaler
from mtlc.training.scores import Result, Scores
from mtlc.training.telling import Teller


class Trainer:
    """One run and all that changes in it.

    Of several processes each takes its part in every step; only the first one evaluates and writes.
    """

    record: Record
    first: Initial | None = None

    def __init__(
        self, model: Model, plan: Plan, folder: RunFolder, device: torch.device, report: Report
    ) -> None:
        self.model, self.plan, self.folder, self.device, self.report = model, plan, folder, device, report
        self.at = Position()
        together.refuse_too_many(plan)
        self.loader = loader(plan)
        self.module = placed(model.train, device)
        self.balancing = balancing(plan, device)
        self.teller = Teller(plan, self.loader, self.balancing, report)
        self.agreements = Agreements(plan).to(device) if plan.spec.agree else None
        self.scaler = Scaler(device, plan.train.precision)
        self.legs = legs(plan)
        refuse_idle(model, self.legs)
        self.learner = self._learner()
        self.judges = Evaluations(model, plan, folder, device, self.loader.steps_per_epoch)

    # --- beginning

    def begin(self, first: Initial | None) -> None:
        """A new run: first weights, a folder, a checkpoint at step 0."""
        load_pretrained(self.model, but=first.matched if first else ())
        self.first = first
        if first:
            first.load(self.model)
        placed(self.module, self.device)
        processes.same([self.module])
        if self.agreements:
            self._fit(self.agreements)
        torch.manual_seed(together.seed(self.plan.train.seed))
        if processes.first():
            self.folder.create(self.plan)
            if first:
                self.folder.write_init(first.as_dict())
        self.record = Record(self.folder.metrics) if processes.first() else Unwritten()
        self.save(best=False)

    def _fit(self, agreements: Agreements) -> None:
        """What agreement losses need to know of the labels, from one epoch at most."""
        with closing(self._batches(self.loader.whole())) as batches:
            agreements.fit(islice(batches, self.loader.steps_per_epoch))

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint was written."""
        if processes.first():
            make_folder(self.folder.path)
        torch.manual_seed(together.seed(self.plan.train.seed))  # for processes that were not there before
        load_weights(self.module, self.folder.last() / WEIGHTS, own_parts.text(self.plan.spec))
        self.at = position_in(state)
        self._enter_phase()
        restore(state, self.learner.optimizer, self.balancing, self.agreements, self.scaler, self.device)
        if processes.first():
            self.folder.describe(self.plan)
        size = state["metrics_size"]
        self.record = Record(self.folder.metrics, size) if processes.first() else Unwritten()

    # --- running

    def run(self, stop: Stop) -> Result:
        """All steps that are left, then the test."""
        self._tell_start()
        if self.at.step == self.plan.steps:
            self.report.note(words.nothing_left(self.at.step))
        if self.record.lost:
            self.report.note(words.lost(self.record.path.name))
        for note in self.judges.notes():
            self.report.note(note)
        improved = self._validate(stop)  # a run that was interrupted before or during a validation
        if improved and processes.first():
            self.folder.checkpoints.mark_best()
        with closing(self._batches()) as batches:
            while self.at.step < self.plan.steps and not stop:
                self._advance(next(batches))
                improved = self._validate(stop)
                stop.agree()
                if improved or self._save_is_due() or stop:
                    self.save(best=improved)
        test = None if stop else self._test(stop)
        result = Result(
            folder=self.folder.path,
            step=self.at.step,
            steps=self.plan.steps,
            best=self.at.best,
            validation=self.judges.last,
            test=test,
            interrupted=bool(stop),
            empty=self.at.empty,
            overflows=self.at.overflows,
            left_out=self.at.left_out,
            skipped=dict(self.at.skipped),
            unfit=dict(self.at.unfit),
        )
        self.teller.end(self.at)
        self.report.end(result)
        return result

    def all_steps(self) -> None:
        """The steps without anything between and after them."""
        self._tell_start()
        with closing(self._batches()) as batches:
            while self.at.step < self.plan.steps:
                self._advance(next(batches))

    def _batches(self, loader: Loader | None = None) -> Generator[Batch]:
        try:
            yield from (loader or self.loader).batches(self.at.step)
        except DataError as error:
            error.message = f"step {self.at.step + 1}: {error.message}"
            raise

    def _advance(self, batch: Batch) -> None:
        with clear_model_errors(self.model, lambda: f"step {self.at.step + 1}"):
            taken = self.learner(batch, self.at.step)
        if self.plan.train.on_bad_sample == "skip":
            batch = replace(batch, skipped=processes.merged(batch.skipped))
        lr = self.learner.rate(self.at.step)
        self.at.step += 1
        self.balancing.losses.observe(
            {task: loss * self.learner.objective.weights[task] for task, loss in taken.losses.items()},
            epoch_end=self.at.step % self.loader.steps_per_epoch == 0,
        )
        self.teller.step(batch, taken, lr, self.learner.leg, self.at, self.record)
        if leg_at(self.legs, self.at.step) is not self.learner.leg:
            self._enter_phase()
            self.teller.phase(self.learner.leg, self.at)

    def _learner(self) -> Learner:
        """For the phase of the next step. A checkpoint at the border of two phases belongs to the second."""
        leg = leg_at(self.legs, self.at.step)
        self.at.phase, self.at.begun = leg.name, leg.begin
        return Learner(self.model, self.plan, leg, self.balancing, self.scaler, self.device, self.agreements)

    def _enter_phase(self) -> None:
        self.learner.release()
        self.learner = self._learner()
        processes.same([self.module])  # what is fixed from now on has statistics of one process

    def close(self) -> None:
        """Nothing of the model stays frozen."""
        self.learner.release()

    def _validate(self, stop: Stop) -> bool:
        """Evaluate where the spec says so; whether the weights are the best so far."""
        if not self.judges.due(self.at):
            return False
        scores = self.judges.validate(self.at, self.record, stop) if processes.first() else None
        scores, self.at, self.judges.last = processes.shared((scores, self.at, self.judges.last))
        improved = scores is not None and self.at.best is not None and self.at.best.step == self.at.step
        if scores is not None:
            self.report.scores(self.at.step, scores, improved)
        return improved

    def _test(self, stop: Stop) -> Scores | None:
        """Evaluate on the test split; all have the kept weights then."""
        scores = self.judges.test(self.at, self.record, stop) if processes.first() else None
        scores, self.at = processes.shared((scores, self.at))
        processes.same([self.module])
        stop.agree()
        return scores

    # --- saving

    def _save_is_due(self) -> bool:
        return self.at.step % self.plan.train.save == 0 or self.at.step == self.plan.steps

    def save(self, *, best: bool) -> None:
        """Write a checkpoint of this moment."""
        optimizer, size = self.learner.optimizer, self.record.size
        state = state_of(self.at, optimizer, self.balancing, self.agreements, self.scaler, self.device, size)
        if not processes.first():
            return
        weights = pack_weights(self.module, own_parts.text(self.plan.spec))
        self.folder.checkpoints.write(self.at.step, weights, pack_state(state), best=best)

    def _tell_start(self) -> None:
        start = Start(
            folder=self.folder.path,
            tasks=tuple(self.plan.tasks),
            step=self.at.step,
            steps=self.plan.steps,
            images=self.loader.images,
            batch=self.plan.train.batch,
            parameters=sum(each.numel() for each in self.module.parameters()),
            device=together.described(self.device),
        )
        self.report.start(start)
        for note in together.notes(self.model, self.legs):
            self.report.note(note)
        self.teller.data()
        for line in self.first.words() if self.first else ():
            self.report.note(line)
        self.teller.phase(self.learner.leg, self.at)
