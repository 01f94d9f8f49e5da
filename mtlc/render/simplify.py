"""The graph as the spec writes it: one step per part, without what the compiler put between and inside."""

from __future__ import annotations

from dataclasses import replace

from mtlc.graph import Step, TaskGraph
from mtlc.parts.encoders import Encoder
from mtlc.parts.mixing import AtLevel
from mtlc.parts.steps import Fit, GiveBack, MtiMaps, MtiStream, Refine
from mtlc.source import Span
from mtlc.spec import Spec


def simplify(graph: TaskGraph, spec: Spec) -> TaskGraph:
    """Undo `adapt` and `unfold`: what reads a fit reads the stream, and trace-back is one step again.

    So is an encoder that was cut for a link between its stages, and behind it stands that link, once.
    """
    drawn = _Drawn(spec)
    for step in graph.steps.values():
        drawn.add(step)
    return TaskGraph(drawn.steps, graph.outputs)


class _Drawn:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.steps: dict[str, Step] = {}
        self.writers: dict[str, str] = {}  # feature -> the step that writes it
        self.fitted: dict[str, str] = {}  # what a fit writes -> what it reads
        self.begun: dict[tuple[Span, str | None], Step] = {}  # the first stage, by place in the spec

    def add(self, step: Step) -> None:
        step = replace(step, reads=tuple(self.fitted.get(feature, feature) for feature in step.reads))
        if isinstance(step.part, Fit):
            self.fitted[step.writes[0]] = step.reads[0]
        elif isinstance(step.part, GiveBack):
            self._rename(step.reads[1], step)
        elif isinstance(step.part, Refine):
            self._keep(self._traced(step))
        elif isinstance(step.part, MtiMaps):
            self._keep(replace(step, part=step.part.link))
        elif isinstance(step.part, MtiStream):
            self._join(step)
        elif isinstance(step.part, AtLevel) or (isinstance(step.part, Encoder) and step.task):
            self._keep(self._whole(step))
        elif not step.training:
            self._keep(step)

    def _keep(self, step: Step) -> None:
        self.steps[step.name] = step
        self.writers.update(dict.fromkeys(step.writes, step.name))

    def _rename(self, raw: str, back: Step) -> None:
        """The link itself writes what was given back, in the shape that the stream has."""
        link = self.steps[self.writers[raw]]
        index = link.writes.index(raw)
        shapes = (*link.shapes[:index], *back.shapes, *link.shapes[index + 1 :])
        writes = (*link.writes[:index], *back.writes, *link.writes[index + 1 :])
        self._keep(replace(link, writes=writes, shapes=shapes))

    def _join(self, step: Step) -> None:
        """What a link's last steps write is written by the link itself."""
        link = self.steps[self.writers[step.reads[0]]]
        writes, shapes = (*link.writes, *step.writes), (*link.shapes, *step.shapes)
        self._keep(replace(link, writes=writes, shapes=shapes))

    def _traced(self, step: Step) -> Step:
        """All of trace-back up to this refinement: what the first one read, what this one writes."""
        name = f"trace_back_{step.stage}_{step.task}"
        begun = self.steps.get(name, step)
        assert step.stage is not None
        part = self.spec.links[step.stage - 1].part
        step = replace(step, name=name, part=part, reads=begun.reads)
        return replace(step, writes=step.writes[-1:], shapes=step.shapes[-1:])

    def _whole(self, step: Step) -> Step:
        """All stages of a task's own encoder up to this one, or all of a link between them."""
        first = self.begun.setdefault((step.span, step.task), step)
        if isinstance(step.part, AtLevel):
            return replace(step, name=first.name, part=step.part.link)
        layer = next(layer for layer in self.spec.layers.values() if layer.span == step.span)
        return replace(step, name=first.name, part=layer.part, reads=first.reads)
