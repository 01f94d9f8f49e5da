"""Balancing as a run keeps it: a loss-level method, and a gradient-level one where the spec names one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch

from mtlc.analyse.partition import Partition, partition
from mtlc.balance.gradients.chooser import Chooser
from mtlc.balance.gradients.method import GradientMethod
from mtlc.balance.gradients.sum import Sum
from mtlc.balance.method import Balancer
from mtlc.lower import Model, constructor
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import Part
from mtlc.plan import Plan
from mtlc.schema import keys
from mtlc.training.directions import Directions
from mtlc.training.objective import make

COMMON = tuple(keys(GradientBalancer))


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradient-level method, what it keeps, and which tasks each parameter serves."""

    part: GradientBalancer
    chooser: Chooser
    partition: Partition

    def directions(self, model: Model, tasks: Sequence[str]) -> Directions | None:
        """What gives every parameter its gradient, for a leg with these tasks; None for one task alone.

        Raises `RunError` where `on = last_shared` finds no weights that all of them share and that learn.
        """
        if len(tasks) < 2:
            return None
        joint, last = self.part.scope == "joint", self.part.on == "last_shared"
        return Directions(model, self.partition, tasks, self.chooser, joint=joint, last=last)


@dataclass(frozen=True, eq=False)
class Balancing:
    """Both levels of a run; what they keep outlives phases and lies in checkpoints."""

    losses: Balancer
    gradients: Gradients | None

    def state_dict(self) -> dict[str, Any]:
        chooser = self.gradients.chooser.state_dict() if self.gradients else None
        return {"losses": self.losses.state_dict(), "gradients": chooser}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.losses.load_state_dict(state["losses"])
        if self.gradients:
            self.gradients.chooser.load_state_dict(state["gradients"])


def balancing(plan: Plan, device: torch.device) -> Balancing:
    """The balancing of a plan over all its tasks. A method without a seed takes the run's."""
    tasks = tuple(plan.tasks)
    losses = cast(Balancer, make(plan.balance, tasks=tasks, **_seed(plan.balance, plan))).to(device)
    part = plan.gradients or (GradientBalancer(on="last_shared") if losses.norms else None)
    return Balancing(losses, _gradients(part, plan) if part else None)


def _gradients(part: GradientBalancer, plan: Plan) -> Gradients:
    """A part that is no method stands for the sum: a loss-level method asks how long gradients are."""
    own = {key: value for key, value in part.arguments(()).items() if key not in COMMON}
    make_method = constructor(part) if part.module else Sum
    method: GradientMethod = make_method(tasks=tuple(plan.tasks), **(own | _seed(part, plan)))
    chooser = Chooser(method, every=part.every, on_failure=part.on_failure, mean=part.mean)
    return Gradients(part, chooser, partition(plan))


def _seed(part: Part, plan: Plan) -> dict[str, int]:
    return {"seed": plan.train.seed} if getattr(part, "seed", 0) is None else {}
