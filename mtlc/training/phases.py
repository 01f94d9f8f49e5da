"""The legs of a run: its phases in order, or the whole run as one leg where the spec has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from mtlc.parts.layers import Layer
from mtlc.parts.part import AUTO
from mtlc.parts.training import Optimizer, Phase
from mtlc.plan import Plan, training
from mtlc.training.errors import USAGE, RunError


@dataclass(frozen=True)
class Leg:
    """`steps` steps of a run, after `begin` others, in which only `tasks` have losses.

    `learning` are the steps of the graph whose weights move, `fixed` the others that are computed. `name` is
    empty in a run without phases.
    """

    name: str
    begin: int
    steps: int
    tasks: tuple[str, ...]
    learning: tuple[str, ...]
    fixed: tuple[str, ...]
    optimizer: Optimizer

    @property
    def end(self) -> int:
        return self.begin + self.steps


def legs(plan: Plan) -> tuple[Leg, ...]:
    """The legs of a plan's run, in order."""
    phases = plan.spec.phases or {"": Phase(plan.train.steps)}
    return tuple(_legs(plan, phases))


def leg_at(legs: tuple[Leg, ...], step: int) -> Leg:
    """The leg of the next step when `step` are done; the last one when all are."""
    return next((leg for leg in legs if step < leg.end), legs[-1])


def shortened(plan: Plan, steps: int | None) -> Plan:
    """The plan of a run of so many steps. Phases that this leaves no step are dropped, the last is cut."""
    if steps is None:
        return plan
    if steps < 1:
        raise RunError(f"a run has at least 1 step, not {steps}", "give a number of 1 or more", USAGE)
    train, phases = replace(plan.train, steps=steps), dict(_cut(plan.spec.phases, steps))
    return replace(plan, spec=replace(plan.spec, train=train, phases=phases))


def rehearsal(plan: Plan) -> Plan:
    """The plan of a run of one step in each phase."""
    phases = {name: replace(phase, steps=1) for name, phase in plan.spec.phases.items()}
    return replace(plan, spec=replace(plan.spec, train=replace(plan.train, steps=1), phases=phases))


def _legs(plan: Plan, phases: Mapping[str, Phase]) -> Iterator[Leg]:
    begin = 0
    for name, phase in phases.items():
        tasks = cast("tuple[str, ...]", tuple(plan.tasks) if phase.tasks is AUTO else phase.tasks)
        computed, still = training(plan.graph, tasks).steps, _still(plan, phase, tasks)
        yield Leg(
            name=name,
            begin=begin,
            steps=phase.steps,
            tasks=tasks,
            learning=tuple(step for step in computed if step not in still),
            fixed=tuple(step for step in computed if step in still),
            optimizer=phase.optimizer if isinstance(phase.optimizer, Optimizer) else plan.train.optimizer,
        )
        begin += phase.steps


def _still(plan: Plan, phase: Phase, tasks: tuple[str, ...]) -> set[str]:
    """Steps of frozen layers, and all that frozen tasks and tasks that are not trained have of their own."""
    resting = {task for task in plan.tasks if task not in tasks or task in phase.freeze}
    spans = [layer.span for name, layer in plan.spec.layers.items() if name in phase.freeze]
    return {
        name
        for name, step in plan.graph.steps.items()
        if step.task in resting or (isinstance(step.part, Layer) and step.span in spans)
    }


def recomputed(plan: Plan) -> tuple[str, ...]:
    """The steps of the graph that `train.recompute` names: layers, and all that tasks have of their own."""
    named, steps = plan.train.recompute, plan.graph.steps
    spans = [layer.span for name, layer in plan.spec.layers.items() if name in named]
    return tuple(
        name
        for name, step in steps.items()
        if named == "all" or step.task in named or (isinstance(step.part, Layer) and step.span in spans)
    )


def _cut(phases: Mapping[str, Phase], steps: int) -> Iterator[tuple[str, Phase]]:
    for name, phase in phases.items():
        if steps > 0:
            yield name, replace(phase, steps=min(phase.steps, steps))
        steps -= phase.steps
