"""The training loop: steps, evaluations and checkpoints in an order that a resumed run repeats exactly."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mtlc.data.batch import Batch, Target
from mtlc.data.loader import Loader
from mtlc.data.open import open_data, splits
from mtlc.data.transforms import transform
from mtlc.lower import Model
from mtlc.plan import Plan
from mtlc.resolved import text as spec_text
from mtlc.training import schedule
from mtlc.training.checkpoint import WEIGHTS, load_weights, pack_state, pack_weights, read_state
from mtlc.training.device import choose, describe
from mtlc.training.errors import USAGE, RunError
from mtlc.training.evaluate import score
from mtlc.training.failures import clear_data_errors, clear_model_errors, load_pretrained
from mtlc.training.interrupt import Stop, on_interrupt
from mtlc.training.judge import Judge
from mtlc.training.objective import Objective, make_balancer
from mtlc.training.optimizer import make_optimizer
from mtlc.training.record import Record
from mtlc.training.report import Done, Report, Silent, Start
from mtlc.training.run_folder import RunFolder
from mtlc.training.samples import write_samples
from mtlc.training.scores import Best, Result, Scores
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

    `resume` goes on with the run that lies in `out`, from its last checkpoint; on a CPU it then ends bit for bit as
    if it had never stopped (with the same number of threads). `steps` takes the place of `train.steps`. The model
    ends with the kept weights: the best ones on the validation split, or the last without one.
    Raises `RunError`. Ctrl-C and SIGTERM end it after a step with a checkpoint and an `interrupted` result.
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

    def __init__(
        self, model: Model, plan: Plan, folder: RunFolder, device: torch.device, report: Report
    ) -> None:
        self.model, self.plan, self.folder, self.device, self.report = model, plan, folder, device, report
        targets = [Target.of(task) for task in plan.tasks.values()]
        self.loader = _loader(plan, targets)
        self.splits = splits(plan.data)
        self.module = model.train.to(device)
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
        self.judge = Judge(plan)
        self.step, self.empty, self.judged = 0, 0, 0
        self.best: Best | None = None
        self.validation: Scores | None = None

    # --- beginning

    def begin(self) -> None:
        """A new run: pretrained weights, a folder, a checkpoint at step 0."""
        load_pretrained(self.model)
        self.module.to(self.device)
        torch.manual_seed(self.plan.train.seed)
        self.folder.create(self.plan)
        self.record = Record(self.folder.metrics)
        self.save(best=False)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a checkpoint was written."""
        load_weights(self.module, self.folder.last() / WEIGHTS, spec_text(self.plan.spec))
        self.optimizer.load_state_dict(state["optimizer"])
        self.balancer.load_state_dict(state["balancer"])
        self.step, self.empty, self.judged = state["step"], state["empty"], state["judged"]
        self.best = Best(**state["best"]) if state["best"] else None
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"], self.device)
        self.folder.describe(self.plan)
        self.record = Record(self.folder.metrics, state["metrics_size"])

    # --- running

    def run(self, stop: Stop) -> Result:
        """All steps that are left, then the test."""
        self.report.start(self._start())
        if "val" not in self.splits:
            self.report.note("the data has no validation split: only the last checkpoint is kept")
        if self._validate_if_due(stop):  # a run that was interrupted while it was validated
            self.folder.checkpoints.mark_best()
        with closing(self.loader.batches(self.step)) as batches:
            while self.step < self.plan.train.steps and not stop:
                self._advance(next(batches))
                improved = self._validate_if_due(stop)
                if improved or self._save_is_due() or stop:
                    self.save(best=improved)
        test = None if stop else self._test(stop)
        steps = self.plan.train.steps
        result = Result(
            self.folder.path, self.step, steps, self.best, self.validation, test, bool(stop), self.empty
        )
        self.report.end(result)
        return result

    def _advance(self, batch: Batch) -> None:
        now = schedule.setting(self.plan.train.schedule, self.step, self.plan.train.steps)
        schedule.apply(self.optimizer, now, self.plan.train.optimizer.lr)
        weights = self._weights()
        self.module.train()
        with clear_model_errors(self.model, lambda: f"step {self.step + 1}"):
            taken = self.take(batch)
        self.step += 1
        self.balancer.observe(
            {task: loss * self.objective.weights[task] for task, loss in taken.losses.items()},
            epoch_end=self.step % self.loader.steps_per_epoch == 0,
        )
        self._tell(batch, taken, weights, now.rate)

    def _tell(self, batch: Batch, taken: Taken, weights: dict[str, float], rate: float) -> None:
        self.empty += taken.empty
        if taken.empty and self.empty == 1:
            self.report.note(f"the batch of step {self.step} has no label at all: such steps change nothing")
        lr = self.plan.train.optimizer.lr * rate
        used = {task: weights[task] for task in taken.losses}
        self.record.add(
            kind="train", step=self.step, losses=taken.losses, auxiliary=taken.auxiliary, weights=used, lr=lr
        )
        self.report.step(Done(self.step, self.plan.train.steps, len(batch), taken.losses, used))

    def _weights(self) -> dict[str, float]:
        return {
            task: weight * self.objective.weights[task] for task, weight in self.balancer.weights().items()
        }

    # --- evaluating

    def _validate_if_due(self, stop: Stop) -> bool:
        """Evaluate where the spec says so; whether the weights are the best so far."""
        if not self._validation_is_due():
            return False
        scores = self._score("val", stop)
        if scores is None:
            return False
        self.judged, self.validation = self.step, scores
        value = self.judge.value(scores)
        improved = value is not None and (self.best is None or self.judge.better(value, self.best.value))
        if improved and value is not None:
            self.best = Best(self.step, value)
        self.record.add(kind="val", step=self.step, best=improved, scores=scores.as_dict())
        self.report.scores(self.step, scores, improved)
        return improved

    def _validation_is_due(self) -> bool:
        every = self.plan.eval.every
        every = self.loader.steps_per_epoch if every == "epoch" else every
        due = self.step % every == 0 or self.step == self.plan.train.steps
        return "val" in self.splits and due and self.judged < self.step

    def _score(self, split: str, stop: Stop) -> Scores | None:
        with clear_model_errors(self.model, lambda: f"the evaluation after step {self.step}"):
            return score(self.model.infer, self.plan, split, self.device, stop)

    def _test(self, stop: Stop) -> Scores | None:
        """Once, with the kept weights; nothing is chosen by it."""
        if self.best and self.best.step != self.step:
            load_weights(self.module, self.folder.kept(), spec_text(self.plan.spec))
        if "test" not in self.splits:
            self.report.note("the data has no test split: nothing is evaluated at the end")
            return None
        scores = self._score("test", stop)
        if scores is not None:
            self.record.add(kind="test", step=self.step, scores=scores.as_dict())
            self.folder.write_test(scores)
            write_samples(self.model, "test", self.folder.samples, self.device)
        return scores

    # --- saving

    def _save_is_due(self) -> bool:
        return self.step % self.plan.train.save == 0 or self.step == self.plan.train.steps

    def save(self, *, best: bool) -> None:
        """Write a checkpoint of this moment."""
        cuda = self.device.type == "cuda"
        state = {
            "step": self.step,
            "empty": self.empty,
            "judged": self.judged,
            "best": vars(self.best) if self.best else None,
            "metrics_size": self.record.size,
            "optimizer": self.optimizer.state_dict(),
            "balancer": self.balancer.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state(self.device) if cuda else None,
        }
        weights = pack_weights(self.module, spec_text(self.plan.spec))
        self.folder.checkpoints.write(self.step, weights, pack_state(state), best=best)

    def _start(self) -> Start:
        return Start(
            self.folder.path,
            tuple(self.plan.tasks),
            self.step,
            self.plan.train.steps,
            self.loader.images,
            self.plan.train.batch,
            sum(each.numel() for each in self.module.parameters()),
            describe(self.device),
        )


def _loader(plan: Plan, targets: list[Target]) -> Loader:
    return Loader(
        open_data(plan.data, "train", {target.label for target in targets}),
        targets,
        batch=plan.train.batch,
        seed=plan.train.seed,
        augment=[transform(each) for each in plan.data.augment],
        workers=plan.train.workers,
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
    if state["step"] > plan.train.steps:
        message = f"the run in `{folder.path}` is already at step {state['step']}, beyond {plan.train.steps}"
        raise RunError(message, "raise `train.steps`", USAGE)
    return state
