"""Which tasks use which steps: the layers of each task, and the steps that each set of tasks shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from mtlc.graph import IMAGE_FEATURE, TaskGraph, view
from mtlc.parts.layers import Layer

Tasks = tuple[str, ...]


@dataclass(frozen=True)
class Sharing:
    """Who shares what. Tasks stand in the order of the spec, steps in the order in which they run."""

    users: Mapping[str, Tasks]  # for each step the tasks that need it
    layers: Mapping[str, tuple[str, ...]]  # for each task the layers it uses
    groups: Mapping[Tasks, tuple[str, ...]]  # for each set of tasks the steps that exactly these share


def sharing(graph: TaskGraph) -> Sharing:
    """The sharing of a whole graph. A training-only prediction counts as its task's."""
    needs = {task: _needs(graph, task) for task in graph.outputs}
    users = {name: tuple(task for task in needs if name in needs[task]) for name in graph.steps}
    layers = [name for name, step in graph.steps.items() if isinstance(step.part, Layer)]
    groups: dict[Tasks, tuple[str, ...]] = {}
    for name, tasks in users.items():
        groups[tasks] = (*groups.get(tasks, ()), name)
    used = {task: tuple(name for name in layers if name in needs[task]) for task in needs}
    return Sharing(users, used, groups)


def _needs(graph: TaskGraph, task: str) -> set[str]:
    """The steps that the predictions of a task depend on."""
    producers, steps = graph.producers(), view(graph)
    features = [graph.outputs[task], *(a.feature for a in graph.auxiliaries if a.task == task)]
    ends = {producers[feature].name for feature in features}
    return ends.union(*(nx.ancestors(steps, end) for end in ends)) - {IMAGE_FEATURE}
