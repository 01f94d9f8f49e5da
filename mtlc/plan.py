"""All that training and building need, torch-free and printable: its text is what golden files keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mtlc.graph import TaskGraph, needed
from mtlc.parts.balance import LossBalancer
from mtlc.parts.data import Data
from mtlc.parts.training import Eval, Train
from mtlc.spec import Spec, Task


@dataclass(frozen=True)
class Plan:
    """The train graph (everything), the infer graph (what the predictions need), and the spec they came from."""

    spec: Spec
    graph: TaskGraph
    infer: TaskGraph

    @property
    def tasks(self) -> Mapping[str, Task]:
        return {name: self.spec.tasks[name] for name in self.graph.outputs}

    @property
    def data(self) -> Data:
        return self.spec.data

    @property
    def balance(self) -> LossBalancer:
        return self.spec.balance

    @property
    def train(self) -> Train:
        return self.spec.train

    @property
    def eval(self) -> Eval:
        return self.spec.eval


def plan(spec: Spec, graph: TaskGraph) -> Plan:
    """What will run: the whole graph to train, and what its predictions need to infer."""
    return Plan(spec, graph, inference(graph))


def inference(graph: TaskGraph, tasks: Iterable[str] | None = None) -> TaskGraph:
    """Only the steps that the predictions of these tasks (default: all) need; auxiliary ones go."""
    wanted = set(graph.outputs if tasks is None else tasks)
    outputs = {task: feature for task, feature in graph.outputs.items() if task in wanted}
    keep = needed(graph, outputs.values())
    kept = replace(graph, outputs=outputs, auxiliaries=())
    return kept.with_steps(step for name, step in graph.steps.items() if name in keep)
