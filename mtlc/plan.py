"""All that training and building need, torch-free and printable: its text is what golden files keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mtlc.graph import Auxiliary, Step, TaskGraph, needed
from mtlc.parts.balance import LossBalancer
from mtlc.parts.data import Data
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import Levels, Part
from mtlc.parts.training import Eval, Phase, Train
from mtlc.schema import Key, call, keys, literal, number
from mtlc.spec import Line, Spec, Task

Sections = dict[str, list[tuple[str, ...]]]


@dataclass(frozen=True)
class Plan:
    """The train graph (everything), the infer graph (what predictions need), and the spec they came from."""

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
    def gradients(self) -> GradientBalancer | None:
        return self.spec.gradients

    @property
    def train(self) -> Train:
        return self.spec.train

    @property
    def eval(self) -> Eval:
        return self.spec.eval

    @property
    def steps(self) -> int:
        """Optimiser steps of the whole run: those of its phases, or `train.steps` without any."""
        phases = self.spec.phases.values()
        return sum(phase.steps for phase in phases) if phases else self.train.steps


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


def training(graph: TaskGraph, tasks: Iterable[str]) -> TaskGraph:
    """Only the steps that the losses of these tasks need, with the auxiliary ones."""
    wanted = set(tasks)
    outputs = {task: feature for task, feature in graph.outputs.items() if task in wanted}
    auxiliaries = tuple(each for each in graph.auxiliaries if each.task in wanted)
    keep = needed(graph, [*outputs.values(), *(each.feature for each in auxiliaries)])
    kept = replace(graph, outputs=outputs, auxiliaries=auxiliaries)
    return kept.with_steps(step for name, step in graph.steps.items() if name in keep)


def text(plan: Plan) -> str:
    """The plan as a person reads it; equal plans give equal texts."""
    sections: Sections = {
        **{f"data {name}".strip(): [("kind", d.word), *_keys(d)] for name, d in plan.data.sets().items()},
        "tasks": [_task(task, plan.data) for task in plan.tasks.values()],
        "links": [(str(stage), _line(line)) for stage, line in enumerate(plan.spec.links, 1)],
        **_graph(plan.graph),
        "agree": [
            (str(n), each.written().removesuffix(each.part.word) + call(each.part))
            for n, each in enumerate(plan.spec.agree, 1)
        ],
        "balance": [("kind", plan.balance.word), *_keys(plan.balance)],
        "gradients": [("kind", each.word), *_keys(each)] if (each := plan.gradients) else [],
        "train": [row for row in _keys(plan.train) if row[0] not in _unsaid(plan.spec)],
        "phases": list(_phases(plan.spec.phases)),
        "eval": _keys(plan.eval),
    }
    return _joined(sections)


def phases_text(phases: Mapping[str, Phase]) -> str:
    """The phases alone; empty without any."""
    return _joined({"phases": list(_phases(phases))}).strip("\n")


def graph_text(graph: TaskGraph) -> str:
    """Only the steps and auxiliary losses, after any pass; a shape that is not known yet is `?`."""
    return _joined(_graph(graph))


def _graph(graph: TaskGraph) -> Sections:
    steps = [_step(step) for step in graph.steps.values()]
    return {"steps": steps, "auxiliaries": [(each.feature, _loss(each)) for each in graph.auxiliaries]}


def _joined(sections: Sections) -> str:
    bodies = ["\n".join([name, *_aligned(rows)]) for name, rows in sections.items() if rows]
    return "\n\n".join(bodies) + "\n"


def _keys(part: Part) -> list[tuple[str, ...]]:
    """Every key with its value, the defaults too: they are part of what will run."""
    return [(name, _value(getattr(part, key.attribute), key)) for name, key in keys(type(part)).items()]


def _value(value: Any, key: Key) -> str:
    if key.bare and isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return value if isinstance(value, str) else literal(value, every=True)


def _unsaid(spec: Spec) -> set[str]:
    """Keys of `train` that do not count in this spec."""
    return ({"steps"} if spec.phases else set()) | (set() if spec.mixes else {"mix"})


def _task(task: Task, data: Data) -> tuple[str, ...]:
    part, label = task.part, data.learnt(task.name, task.label)
    label = label if part.labels == 1 else f"{number(100 * part.labels)}% of {label}"
    loss = f"{call(part.loss, every=True)} x {number(part.weight)}"
    return task.name, part.word, f"reads {task.reads}", f"label {label}", f"channels {task.channels}", loss


def _phases(phases: Mapping[str, Phase]) -> Iterator[tuple[str, ...]]:
    """`warm  steps 1 to 100  phase(steps = 100, freeze = [encoder])`."""
    done = 0
    for name, phase in phases.items():
        yield name, f"steps {done + 1} to {done + phase.steps}", call(phase, inside=True)
        done += phase.steps


def _line(line: Line) -> str:
    return line.written().removesuffix(line.part.word) + call(line.part)


def _loss(auxiliary: Auxiliary) -> str:
    return f"the loss of {auxiliary.task} x {number(auxiliary.weight)}"


def _step(step: Step) -> tuple[str, ...]:
    shapes = dict(zip(step.writes, map(_shape, step.shapes), strict=False))
    writes = ", ".join(f"{feature} {shapes.get(feature, '?')}" for feature in step.writes)
    stage = f"stage {step.stage}" if step.stage else ""
    flows = f"{', '.join(step.reads)} -> {writes}" + ("  (in training only)" if step.training else "")
    return step.name, stage, step.task or "", call(step.part), flows


def _shape(levels: Levels) -> str:
    """`64/4`: 64 channels at stride 4; a vector for the whole image has no stride."""
    said = (f"{level.channels}/{level.stride}" if level.stride else f"{level.channels}" for level in levels)
    return " ".join(said)


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
