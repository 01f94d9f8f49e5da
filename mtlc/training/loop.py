"""The training loop: steps, evaluations and checkpoints in an order that a resumed run repeats exactly."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mtlc.data.batch import Batch, Target
from mtlc.data.loader import Loader
from mtlc.data.open import open_data
from mtlc.data.transforms import transform
from mtlc.lower import Model
from mtlc.plan import Plan
from mtlc.resolved import text as spec_text
from mtlc.training import schedule
from mtlc.training.checkpoint import WEIGHTS, load_weights, pack_state, pack_weights, read_state
from mtlc.training.device import choose, describe, placed
from mtlc.training.errors import USAGE, RunError
from mtlc.training.evaluations import Evaluations
from mtlc.training.failures import clear_data_errors, clear_model_errors, load_pretrained
from mtlc.training.interrupt import Stop, on_interrupt
from mtlc.training.objective import Objective, make_balancer
from mtlc.training.optimizer import make_optimizer
from mtlc.training.position import Position, position_in, restored, state_of
from mtlc.training.record import Record
from mtlc.training.report import Done, Report, Silent, Start
from mtlc.training.run_folder import RunFolder
from mtlc.training.scores import Result
from mtlc.training.step import Stepper, Taken


def train(
    model: Model,
    out: Path | str,
    *,
    device: str = "auto",
    resume: bool = False,
    steps: int | None = None,
    report: Report | None = None,
) -> Result:
    """Train a model into a run folder; at the end evaluate the kept weights once on the test split.

    `resume` goes on with the run that lies in `out`, from its last checkpoint; on a CPU it then ends bit for
    bit as if it had never stopped (with the same number of threads). `steps` takes the place of
    `train.steps`. The model ends with the kept weights: the best ones on the validation split, or the last
    without one. Ctrl-C and SIGTERM end it after a step, with a checkpoint and an `interrupted` result.
    Raises `RunError`.
    """
    plan = _shortened(model.plan, steps)
    _refuse_phases(plan)
    report, folder, where = report or Silent(), RunFolder(Path(out)), choose(device)
    state = _resumed(folder, plan) if resume else None
    try:
        with on_interrupt() as stop, clear_data_errors():
            trainer = _Trainer(model, plan, folder, where, report)
            trainer.restore(state) if state else trainer.begin()
            with closing(trainer.record):
                return trainer.run(stop)
    finally:
        report.close()


class _Trainer:
    """One run and all that changes in it."""

    record: Record

    def __init__(
        self, model: Model, plan: Plan, folder: RunFolder, device: torch.device, report: Report
    ) -> None:
        self.model, self.plan, self.folder, self.device, self.report = model, plan, folder, device, report
        self.at = Position()
        self.loader = _loader(plan)
        self.module = placed(model.train, device)
        self.balancer = make_balancer(plan).to(device)
        self.objective = Objective(plan)
        weights, learned = self.module.parameters(), self.balancer.parameters()
        self.optimizer = make_optimizer(plan.train.optimizer, weights, learned)
        self.take = Stepper(
            self.module,
            self.objective,
            self.balancer,
            self.optimizer,
            device=device,
            precision=plan.train.precision,
            clip=plan.train.clip,
            accumulate=plan.train.accumulate,
        )
        self.judges = Evaluations(model, plan, folder, device, self.loader.steps_per_epoch)

    # --- beginning

    def begin(self) -> None:
        """A new run: pretrained weights, a folder, a checkpoint at step 0."""
        load_pretrained(self.model)
        placed(self.module, self.device)
        torch.manual_seed(self.plan.train.seed)
        self.folder.create(self.plan)
        self.record = Record(self.folder.metrics)
        self.save(best=False)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint was written."""
        load_weights(self.module, self.folder.last() / WEIGHTS, spec_text(self.plan.spec))
        self.at = restored(state, self.optimizer, self.balancer, self.device)
        self.folder.describe(self.plan)
        self.record = Record(self.folder.metrics, state["metrics_size"])

    # --- running

    def run(self, stop: Stop) -> Result:
        """All steps that are left, then the test."""
        self.report.start(self._start())
        for note in self.judges.notes():
            self.report.note(note)
        if self._validate(stop):  # a run that was interrupted before or during a validation
            self.folder.checkpoints.mark_best()
        with closing(self._batches()) as batches:
            while self.at.step < self.plan.train.steps and not stop:
                self._advance(next(batches))
                improved = self._validate(stop)
                if improved or self._save_is_due() or stop:
                    self.save(best=improved)
        test = None if stop else self.judges.test(self.at, self.record, stop)
        result = Result(
            folder=self.folder.path,
            step=self.at.step,
            steps=self.plan.train.steps,
            best=self.at.best,
            validation=self.judges.last,
            test=test,
            interrupted=bool(stop),
            empty=self.at.empty,
            left_out=self.at.left_out,
            skipped=dict(self.at.skipped),
        )
        self.report.end(result)
        return result

    def _batches(self) -> Generator[Batch]:
        yield from self.loader.batches(self.at.step)

    def _advance(self, batch: Batch) -> None:
        now = schedule.setting(self.plan.train.schedule, self.at.step, self.plan.train.steps)
        schedule.apply(self.optimizer, now, self.plan.train.optimizer.lr)
        self.module.train()
        with clear_model_errors(self.model, lambda: f"step {self.at.step + 1}"):
            taken = self.take(batch)
        self.at.step += 1
        self.balancer.observe(
            {task: loss * self.objective.weights[task] for task, loss in taken.losses.items()},
            epoch_end=self.at.step % self.loader.steps_per_epoch == 0,
        )
        self._tell(batch, taken, self.plan.train.optimizer.lr * now.rate)

    def _tell(self, batch: Batch, taken: Taken, lr: float) -> None:
        step = self.at.step
        self.at.empty += taken.empty
        if taken.empty and self.at.empty == 1:
            lacks = "has no label at all" if len(batch) else "has no sample that could be read"
            self.report.note(f"the batch of step {step} {lacks}: such steps change nothing")
        skipped = {"skipped": list(batch.skipped)} if batch.skipped else {}
        self.record.add(kind="train", step=step, lr=lr, **vars(taken), **skipped)
        self._leave_out(batch.skipped)
        self.report.step(Done(step, self.plan.train.steps, len(batch), taken.losses, taken.weights))

    def _leave_out(self, skipped: Mapping[str, str]) -> None:
        """Count samples that were left out, tell of each once, and stop where nothing else is left."""
        self.at.left_out += len(skipped)
        for id, reason in skipped.items():
            if self.at.skipped.setdefault(f"train/{id}", reason) is reason:
                self.report.note(f"left out: {reason}")
        if sum(each.startswith("train/") for each in self.at.skipped) == self.loader.images:
            reason = next(iter(self.at.skipped.values()))
            message = f"none of the {self.loader.images} training samples can be read: {reason}"
            raise RunError(message, "`mtlc data check SPEC` lists what is wrong, by file")

    def _validate(self, stop: Stop) -> bool:
        """Evaluate where the spec says so; whether the weights are the best so far."""
        if not self.judges.due(self.at):
            return False
        scores = self.judges.validate(self.at, self.record, stop)
        improved = scores is not None and self.at.best is not None and self.at.best.step == self.at.step
        if scores is not None:
            self.report.scores(self.at.step, scores, improved)
        return improved

    # --- saving

    def _save_is_due(self) -> bool:
        return self.at.step % self.plan.train.save == 0 or self.at.step == self.plan.train.steps

    def save(self, *, best: bool) -> None:
        """Write a checkpoint of this moment."""
        weights = pack_weights(self.module, spec_text(self.plan.spec))
        state = state_of(self.at, self.optimizer, self.balancer, self.device, self.record.size)
        self.folder.checkpoints.write(self.at.step, weights, pack_state(state), best=best)

    def _start(self) -> Start:
        return Start(
            folder=self.folder.path,
            tasks=tuple(self.plan.tasks),
            step=self.at.step,
            steps=self.plan.train.steps,
            images=self.loader.images,
            batch=self.plan.train.batch,
            parameters=sum(each.numel() for each in self.module.parameters()),
            device=describe(self.device),
        )


def _loader(plan: Plan) -> Loader:
    targets = [Target.of(task) for task in plan.tasks.values()]
    return Loader(
        open_data(plan.data, "train", {target.label for target in targets}),
        targets,
        batch=plan.train.batch,
        seed=plan.train.seed,
        augment=[transform(each) for each in plan.data.augment],
        workers=plan.train.workers,
        skip=plan.train.on_bad_sample == "skip",
    )


def _shortened(plan: Plan, steps: int | None) -> Plan:
    if steps is None:
        return plan
    if steps < 1:
        raise RunError(f"a run has at least 1 step, not {steps}", "give a number of 1 or more", USAGE)
    return replace(plan, spec=replace(plan.spec, train=replace(plan.train, steps=steps)))


def _refuse_phases(plan: Plan) -> None:
    if plan.spec.phases:
        names = ", ".join(f"`{name}`" for name in plan.spec.phases)
        hint = "take the `phase` blocks out and set `train.steps`"
        raise RunError(f"phases are read but cannot be run yet: {names}", hint, exit_code=1)


def _resumed(folder: RunFolder, plan: Plan) -> dict[str, Any]:
    """The state to go on with, from a run of the same spec. Raises `RunError`."""
    state = read_state(folder.last())
    folder.refuse_other(plan)
    step = position_in(state).step
    if step > plan.train.steps:
        message = f"the run in `{folder.path}` is already at step {step}, beyond {plan.train.steps}"
        raise RunError(message, "raise `train.steps`", USAGE)
    return state
