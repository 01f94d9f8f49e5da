"""The pass `unfold`: trace-back as refinements, deepest level first, with training-only predictions."""

from __future__ import annotations

from dataclasses import replace

from mtlc.diagnostics import Diagnostics
from mtlc.graph import Auxiliary, Step, TaskGraph
from mtlc.names import Names
from mtlc.parts.links import TraceBack
from mtlc.parts.part import Levels
from mtlc.parts.steps import AuxiliaryHead, DenseHead, Refine


def unfold(graph: TaskGraph, diagnostics: Diagnostics) -> TaskGraph:
    """One refinement per decoder level; all but the last are supervised, with the weight `supervise`."""
    unfolding = _Unfolding(graph)
    steps = [made for step in graph.steps.values() for made in unfolding.steps(step)]
    auxiliaries = (*graph.auxiliaries, *unfolding.auxiliaries)
    return replace(graph.with_steps(steps), auxiliaries=auxiliaries)


class _Unfolding:
    def __init__(self, graph: TaskGraph) -> None:
        self.graph = graph
        self.levels = graph.levels()
        self.names = Names([*graph.steps, *self.levels])
        self.auxiliaries: list[Auxiliary] = []

    def steps(self, step: Step) -> list[Step]:
        if not isinstance(step.part, TraceBack) or not step.shapes:
            return [step]
        stream, back = step.reads
        made: list[Step] = []
        for number, level in enumerate(reversed(range(len(self.levels[back]))), 1):
            refine = self._refine(step, stream, number, level)
            made.append(refine)
            if level and step.part.supervise:
                made.append(self._auxiliary(step, step.part.supervise, refine.writes[0], number))
            stream = refine.writes[-1]
        return made

    def _refine(self, step: Step, stream: str, number: int, level: int) -> Step:
        assert isinstance(step.part, TraceBack)
        name = self.names.fresh(f"{step.task}_refine_{number}")
        part = Refine(level, last=level == 0, reduction=step.part.reduction)
        inner = (f"{step.task}_fused_{number}", f"{step.task}_traced_{number}")
        writes = tuple(map(self.names.fresh, inner)) if level else step.writes
        made = replace(step, name=name, part=part, reads=(stream, step.reads[1]), writes=writes)
        return self._shaped(made)

    def _auxiliary(self, step: Step, weight: float, fused: str, number: int) -> Step:
        assert step.task is not None
        name = self.names.fresh(f"{step.task}_auxiliary_{number}")
        head = self.graph.producers()[self.graph.outputs[step.task]].part
        assert isinstance(head, DenseHead)
        ((stream,),) = (self.levels[step.reads[0]],)
        part = AuxiliaryHead(stream.channels, head.outputs)
        self.auxiliaries.append(Auxiliary(step.task, name, weight))
        made = replace(step, name=name, part=part, reads=(fused, "image"), writes=(name,), training=True)
        return self._shaped(made)

    def _shaped(self, step: Step) -> Step:
        reads: tuple[Levels, ...] = tuple(self.levels[feature] for feature in step.reads)
        shapes = step.part.writes(reads)
        self.levels.update(zip(step.writes, shapes, strict=True))
        return replace(step, shapes=shapes)
