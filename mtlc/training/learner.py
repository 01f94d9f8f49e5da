"""What one leg of a run trains, and with what: a module, an optimiser, a schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import nn

from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.nn.recompute import recomputing
from mtlc.plan import Plan
from mtlc.training import schedule
from mtlc.training.agreeing import Agreeing
from mtlc.training.agreement import Agreements
from mtlc.training.balancing import Balancing
from mtlc.training.compiling import compiled
from mtlc.training.device import Arithmetic
from mtlc.training.errors import RunError
from mtlc.training.objective import Objective
from mtlc.training.optimizer import make_optimizer
from mtlc.training.phases import Leg, recomputed
from mtlc.training.scaler import Scaler
from mtlc.training.sparing import Sparing
from mtlc.training.step import Stepper
from mtlc.training.taken import Taken


class Learner:
    """Takes the steps of a leg. It has an optimiser of its own; the schedule spans the leg's steps.

    Only weights of the leg's `learning` steps are in the optimiser. `fixed` modules run as in evaluation, so
    that the statistics of their batch norms stay; what the leg's losses do not need is not computed at all.
    """

    def __init__(
        self,
        model: Model,
        plan: Plan,
        leg: Leg,
        balancing: Balancing,
        scaler: Scaler,
        device: torch.device,
        agreements: Agreements | None = None,
    ) -> None:
        self.leg, self.schedule = leg, plan.train.schedule
        self.module = model.train if set(leg.tasks) == set(plan.tasks) else model.training_slice(leg.tasks)
        self.objective = Objective(plan, leg.tasks)
        self._fixed = [model.module(step) for step in leg.fixed]
        resting = {part for each in self._fixed for part in each.modules()}
        self._moving = [each for each in self.module.modules() if each not in resting]
        self._held = list(_learned(model, leg.fixed))
        for weight in self._held:
            weight.requires_grad_(False)
        self._undo = [recomputing(model.module(step)) for step in recomputed(plan)]
        self.agreeing = Agreeing(agreements, leg.tasks) if agreements else None
        weights = _by_rate(model, leg.learning)
        for mult, learnt in self.agreeing.by_rate().items() if self.agreeing else ():
            weights.setdefault(mult, []).extend(learnt)
        self.optimizer = make_optimizer(leg.optimizer, weights, balancing.losses.parameters())
        directions = balancing.gradients.directions(model, leg.tasks) if balancing.gradients else None
        if directions and plan.train.compile:
            directions.compile(device)
        self._stepper = Stepper(
            self.module,
            self.objective,
            balancing.losses,
            self.optimizer,
            scaler,
            directions,
            arithmetic=Arithmetic(device, plan.train.precision),
            clip=plan.train.clip,
            accumulate=plan.train.accumulate,
            agreeing=self.agreeing,
            network=compiled(self.module, device) if plan.train.compile and not directions else None,
        )
        skip = plan.train.on_not_finite == "skip"
        self._take = Sparing(self._stepper, balancing) if skip else self._stepper

    def release(self) -> None:
        """Leave the model as it was found, its weights apart. To be called before another leg begins."""
        self.optimizer.zero_grad(set_to_none=True)
        for weight in self._held:
            weight.requires_grad_(True)
        for undo in self._undo:
            undo()
        self._undo = []

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted over the whole run from 0, where no `lr_mult` changes it."""
        return self.leg.optimizer.lr * self._now(step).rate

    def __call__(self, batch: Batch, step: int) -> Taken:
        """Take that step. Raises `finite.NotFinite`, before weights change, unless such steps are left out."""
        schedule.apply(self.optimizer, self._now(step), self.leg.optimizer.lr)
        if not self._ready():
            self.module.train()
            for each in self._fixed:
                each.eval()
        if self.agreeing:
            self.agreeing.step = step
        return self._take(batch)

    def _ready(self) -> bool:
        """Whether all is in its mode; it is not at the start and after an evaluation."""
        return all(each.training for each in self._moving) and not any(e.training for e in self._fixed)

    def _now(self, step: int) -> schedule.Setting:
        return schedule.setting(self.schedule, step - self.leg.begin, self.leg.steps)


def refuse_idle(model: Model, legs: Iterable[Leg]) -> None:
    """Raise `RunError` for a phase in which no weight can move."""
    for leg in legs:
        if next(_learned(model, leg.learning), None) is None:
            hint = "freeze less, or take the phase out"
            raise RunError(f"phase `{leg.name}` trains nothing: all that its losses reach is frozen", hint, 1)


def _by_rate(model: Model, steps: Iterable[str]) -> dict[float, list[nn.Parameter]]:
    """Their weights by what multiplies the learning rate for them: the key `lr_mult` of their part, or 1."""
    found: dict[float, list[nn.Parameter]] = {}
    for step in steps:
        mult = getattr(model.plan.graph.steps[step].part, "lr_mult", 1.0)
        found.setdefault(mult, []).extend(_learned(model, [step]))
    return found


def _learned(model: Model, steps: Iterable[str]) -> Iterator[nn.Parameter]:
    return (each for step in steps for each in model.module(step).parameters() if each.requires_grad)
