"""Everything that is known of a picture before it is written: boxes, wires, places and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath

from mtlc.graph import TaskGraph
from mtlc.render import colours, measure, words
from mtlc.render.boxes import Box, boxes
from mtlc.render.columns import DECODERS, Columns, columns
from mtlc.render.flows import Flow, flows
from mtlc.render.lanes import Lanes, lanes
from mtlc.render.layout import Layout, layout
from mtlc.render.serving import Serving
from mtlc.spec import Spec


@dataclass(frozen=True)
class Picture:
    spec: Spec
    lanes: Lanes
    columns: Columns
    flows: list[Flow]
    layout: Layout
    outputs: frozenset[str]  # the tasks that are predicted
    colour: Mapping[str, str]  # of each task, by its place in the spec
    serving: Serving | None = None

    @property
    def name(self) -> str:
        return PurePath(self.spec.source.name).stem or "model"

    @cached_property
    def boxes(self) -> list[Box]:
        return [place.box for place in self.layout.places.values()]

    @property
    def right(self) -> float:
        return self.layout.columns[-1][1]


def picture(graph: TaskGraph, spec: Spec, serving: Serving | None = None) -> Picture:
    rows, cols = lanes(graph, spec), columns(graph)
    drawn = boxes(graph, spec, rows, cols, serving.text if serving else None)
    moved = flows(graph, drawn, rows, cols)
    moved = [replace(flow, label="") for flow in moved] if serving else moved
    placed = layout(drawn, moved, rows, _titles(spec, cols))
    colour = {task: colours.task_colour(index) for index, task in enumerate(spec.tasks)}
    return Picture(spec, rows, cols, moved, placed, frozenset(graph.outputs), colour, serving)


def _titles(spec: Spec, cols: Columns) -> dict[tuple[int, int], float]:
    """For the first and last column of each stage, how wide the title above them is."""
    inside = {stage: cols.within(DECODERS + stage) for stage in cols.stages}
    return {
        (where[0], where[-1]): measure.width(words.title(spec, stage), measure.TITLE_SIZE, bold=True)
        for stage, where in inside.items()
    }
