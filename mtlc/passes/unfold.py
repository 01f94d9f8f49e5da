"""The pass `unfold`: links that are several steps, and the predictions that links make in training only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mtlc.diagnostics import Diagnostics
from mtlc.graph import Auxiliary, Step, TaskGraph
from mtlc.names import Names
from mtlc.parts.distillation import Mti
from mtlc.parts.links import Link, TraceBack
from mtlc.parts.part import Levels
from mtlc.parts.steps import AuxiliaryHead, DenseHead, FirstHead, Fit, MtiMaps, MtiStream, Refine
from mtlc.passes.streams import owners


def unfold(graph: TaskGraph, diagnostics: Diagnostics) -> TaskGraph:
    """What trace-back and `mti` are made of, and beside it what training predicts.

    Trace-back is one refinement per decoder level, of which all but the last are supervised; `mti` is what all
    tasks find and a step for each task's stream. Supervised are also the streams or levels that another link
    names (`Link.supervised`). The weight is the part's `supervise`.
    """
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
        self.producers = graph.producers()
        self.tasks = owners(graph)
        self.predicted = {self.producers[feature].reads[0] for feature in graph.outputs.values()}
        self.seen: set[tuple[int | None, str]] = set()  # line and stream

    def steps(self, step: Step) -> list[Step]:
        if not step.shapes or not isinstance(step.part, Link):
            return [step]
        if isinstance(step.part, TraceBack):
            return self._traced(step)
        whole, *rest = self._distilled(step) if isinstance(step.part, Mti) else [step]
        return [whole, *self._first(step), *rest]

    def _traced(self, step: Step) -> list[Step]:
        assert isinstance(step.part, TraceBack)
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
        ((stream,),) = (self.levels[step.reads[0]],)
        part = AuxiliaryHead(stream.channels, self._outputs(step.task))
        self.auxiliaries.append(Auxiliary(step.task, name, weight))
        made = replace(step, name=name, part=part, reads=(fused, "image"), writes=(name,), training=True)
        return self._shaped(made)

    def _distilled(self, step: Step) -> Iterator[Step]:
        """What all tasks find, then each task's stream, so that a slice computes only the streams it needs."""
        assert isinstance(step.part, Mti)
        half = len(step.writes) // 2
        streams, found = step.writes[:half], step.writes[half:]
        yield self._shaped(replace(step, part=MtiMaps(step.part), writes=found))
        for own, stream in enumerate(streams):
            task = self.tasks[stream]
            name = self.names.fresh(f"{step.name}_{task}")
            reads = (found[own], *found[:own], *found[own + 1 :])
            made = replace(step, name=name, part=MtiStream(), reads=reads, writes=(stream,), task=task)
            yield self._shaped(made)

    def _first(self, step: Step) -> Iterator[Step]:
        """A prediction from every stream on the line, or from every level that the step writes, deepest first."""
        assert isinstance(step.part, Link)
        weight = getattr(step.part, "supervise", 0)
        if weight and step.part.supervised == "streams":
            for feature in map(self._unfitted, step.reads):
                if feature not in self.predicted and (step.stage, feature) not in self.seen:
                    self.seen.add((step.stage, feature))
                    yield self._first_head(step, feature, None, weight)
        elif weight and step.part.supervised == "levels":
            for feature in step.writes[len(step.writes) // 2 :]:
                for level in reversed(range(len(self.levels[feature]))):
                    yield self._first_head(step, feature, level, weight)

    def _unfitted(self, feature: str) -> str:
        """The stream itself, where a link reads it at another stride or width."""
        maker = self.producers[feature]
        return maker.reads[0] if isinstance(maker.part, Fit) else feature

    def _first_head(self, step: Step, feature: str, level: int | None, weight: float) -> Step:
        task = self.tasks[feature]
        assert task is not None
        number = 1 if level is None else len(self.levels[feature]) - level
        name = self.names.fresh(f"{task}_auxiliary_{number}")
        self.auxiliaries.append(Auxiliary(task, name, weight))
        part, reads = FirstHead(self._outputs(task), level), (feature, "image")
        made = replace(step, name=name, part=part, reads=reads, writes=(name,), task=task, training=True)
        return self._shaped(made)

    def _outputs(self, task: str) -> int:
        """The channels of a task's prediction."""
        head = self.producers[self.graph.outputs[task]].part
        assert isinstance(head, DenseHead)
        return head.outputs

    def _shaped(self, step: Step) -> Step:
        reads: tuple[Levels, ...] = tuple(self.levels[feature] for feature in step.reads)
        shapes = step.part.writes(reads)
        self.levels.update(zip(step.writes, shapes, strict=True))
        return replace(step, shapes=shapes)
