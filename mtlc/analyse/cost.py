"""What a plan costs: parameters and multiply-adds of every step, of every task, and of what tasks share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.utils.flop_counter import FlopCounterMode

from mtlc.analyse.sharing import Sharing, Tasks, sharing
from mtlc.graph import Step
from mtlc.lower import Model, lower
from mtlc.parts.part import Size
from mtlc.plan import Plan


@dataclass(frozen=True)
class StepCost:
    """One step: who uses it, its learned parameters, and its multiply-adds for one image."""

    step: Step
    users: Tasks
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Total:
    """What some steps cost together."""

    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Cost:
    """The costs of a plan for one image of `size`. Totals are of inference; `training` comes on top."""

    size: Size
    steps: tuple[StepCost, ...]
    sharing: Sharing

    @property
    def total(self) -> Total:
        return _total(each for each in self.steps if not each.step.training)

    @property
    def training(self) -> Total:
        """The predictions that exist in training only."""
        return _total(each for each in self.steps if each.step.training)

    def of(self, tasks: Tasks) -> Total:
        """What exactly this set of tasks shares; for one task, what is its own."""
        return _total(each for each in self.steps if each.users == tasks and not each.step.training)

    def needed(self, task: str) -> Total:
        """What a model for this task alone would run."""
        return _total(each for each in self.steps if task in each.users and not each.step.training)


def cost(plan: Plan) -> Cost:
    """Count on the meta device, on shapes without numbers: a large model needs neither memory nor time."""
    with torch.device("meta"):
        model = lower(plan)
        counted = _multiply_adds(model, torch.zeros(1, 3, *plan.data.size))
    shared = sharing(plan.graph)
    steps = tuple(
        StepCost(step, shared.users[name], _parameters(model, name), counted[name])
        for name, step in plan.graph.steps.items()
    )
    return Cost(plan.data.size, steps, shared)


def _total(costs: Iterable[StepCost]) -> Total:
    each = list(costs)
    return Total(sum(c.parameters for c in each), sum(c.multiply_adds for c in each))


def _parameters(model: Model, step: str) -> int:
    return sum(p.numel() for p in model.module(step).parameters() if p.requires_grad)


def _multiply_adds(model: Model, image: Tensor) -> Mapping[str, int]:
    counter = _Counter(model.train.eval())
    counter.run(image)
    return counter.found


class _Counter(fx.Interpreter):
    """Runs a graph and counts the multiply-adds of each step's module (two operations of torch's counter)."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.found: dict[str, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        if n.op != "call_module":
            return super().run_node(n)
        with FlopCounterMode(display=False) as operations, torch.no_grad():
            made = super().run_node(n)
        self.found[n.meta["step"]] = operations.get_total_flops() // 2
        return made
