"""Which horizontal lane everything belongs to: a task is a lane, a shared layer spans those of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mtlc.graph import Step, TaskGraph
from mtlc.parts.steps import Fit
from mtlc.spec import Spec

Owners = Mapping[str, str | None]


@dataclass(frozen=True)
class Lanes:
    """The tasks from top to bottom, whose stream each feature is, and whom each shared layer serves."""

    order: tuple[str, ...]
    owners: Owners
    users: Mapping[str, tuple[str, ...]]

    @cached_property
    def row(self) -> Mapping[str, int]:
        """The number of each task's lane, from the top."""
        return {task: index for index, task in enumerate(self.order)}

    def span(self, layer: str) -> tuple[int, int]:
        """The first and the last lane that a shared layer serves."""
        rows = [self.row[task] for task in self.users[layer]]
        return min(rows), max(rows)


def lanes(graph: TaskGraph, spec: Spec) -> Lanes:
    users = _users(graph)
    order = _order(graph, spec)
    sorted_users = {name: tuple(task for task in order if task in who) for name, who in users.items()}
    return Lanes(order, _owners(graph), sorted_users)


def _order(graph: TaskGraph, spec: Spec) -> tuple[str, ...]:
    """As declared, but tasks that share a layer stand together, so that it can be drawn as one slab.

    A task without an output has a lane where another needs its stream.
    """
    drawn = {*graph.outputs, *(step.task for step in graph.steps.values())}
    place = {task: index for index, task in enumerate(spec.tasks) if task in drawn}
    paths = {task: [layer.name for layer in spec.chain(spec.tasks[task].reads)][::-1] for task in place}
    first: dict[str, int] = {}
    for task, path in paths.items():
        for layer in path:
            first.setdefault(layer, place[task])
    return tuple(sorted(place, key=lambda task: [*(first[layer] for layer in paths[task]), place[task]]))


def _owners(graph: TaskGraph) -> dict[str, str | None]:
    owners: dict[str, str | None] = {}
    for step in graph.steps.values():
        before = [owners.get(feature) for feature in step.reads]
        carried = before[0] if isinstance(step.part, Fit) else None
        for index, feature in enumerate(step.writes):
            owners[feature] = carried or step.task or before[min(index, len(before) - 1)]
    return owners


def _users(graph: TaskGraph) -> dict[str, set[str]]:
    """The tasks of the steps that read each shared layer, directly or through other layers."""
    producers = graph.producers()
    users: dict[str, set[str]] = {name: set() for name, step in graph.steps.items() if is_shared(step)}
    for step in reversed(list(graph.steps.values())):
        mine = users[step.name] if is_shared(step) else {step.task} if step.task else set()
        for feature in step.reads:
            source = producers.get(feature)
            if source is not None and is_shared(source):
                users[source.name] |= mine
    return users


def is_shared(step: Step) -> bool:
    """Whether the step is a layer that tasks share."""
    return step.task is None and step.stage is None


def is_hub(step: Step) -> bool:
    """Whether the step is a link over a set of streams."""
    return step.task is None and step.stage is not None
