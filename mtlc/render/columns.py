"""In which column of the picture each step stands: layers, decoders, stage after stage of links, heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtlc.graph import Step, TaskGraph
from mtlc.parts.decoders import Decoder
from mtlc.parts.layers import Layer
from mtlc.parts.steps import DenseHead, Fit, GiveBack, PooledHead
from mtlc.render.lanes import is_hub

IMAGE_SECTION, LAYERS, DECODERS = -1, 0, 1
_LAST_IN_STAGE = 1_000_000
MOST_LAYERS = 5  # side by side, with all that can be said of them


@dataclass(frozen=True)
class Columns:
    """The column of each step, and the section (layers, decoders, stages, heads, predictions) of each column.

    Column 0 holds the image, the last one the predictions.
    """

    of: Mapping[str, int]
    sections: tuple[int, ...]
    heads: int

    @property
    def last(self) -> int:
        return len(self.sections) - 1

    @property
    def stages(self) -> list[int]:
        """The stages that have a column, by their number from 1."""
        return sorted({section - DECODERS for section in self.sections if DECODERS < section < self.heads})

    @property
    def crowded(self) -> bool:
        """Whether so many layers stand side by side that each has to be narrow."""
        return len(self.within(LAYERS)) > MOST_LAYERS

    def within(self, section: int) -> list[int]:
        """The columns of a section, from left to right."""
        return [index for index, each in enumerate(self.sections) if each == section]


def columns(graph: TaskGraph) -> Columns:
    heads = DECODERS + 1 + max((step.stage or 0 for step in graph.steps.values()), default=0)
    spots = _spots(graph, heads)
    used = sorted({(IMAGE_SECTION, 0), (heads + 1, 0), *spots.values()})
    number = {spot: index for index, spot in enumerate(used)}
    return Columns({name: number[spot] for name, spot in spots.items()}, tuple(s for s, _ in used), heads)


def _spots(graph: TaskGraph, heads: int) -> dict[str, tuple[int, int]]:
    """Section and place in it. In a stage fits come first, so that its parts stand below one another.

    What exists in training only stands above what it reads in its stage; a hub has no lane, so behind that.
    """
    producers = graph.producers()
    with_fits = {step.stage for step in graph.steps.values() if isinstance(step.part, Fit)}
    spots: dict[str, tuple[int, int]] = {}
    for step in graph.steps.values():
        before = [spots[producers[f].name] for f in step.reads if f in producers]
        section = _section(step, before, heads)
        if isinstance(step.part, GiveBack):
            spots[step.name] = (section, _LAST_IN_STAGE)
        else:
            floor = int(step.stage in with_fits and not (isinstance(step.part, Fit) or step.training))
            beside = step.training and not is_hub(producers[step.reads[0]])
            inside = [place + (not beside) for where, place in before if where == section]
            spots[step.name] = (section, max([floor, *inside]))
    return spots


def _section(step: Step, before: list[tuple[int, int]], heads: int) -> int:
    if step.stage is not None:
        return DECODERS + step.stage
    if isinstance(step.part, DenseHead | PooledHead):
        return heads
    if isinstance(step.part, Decoder):
        return DECODERS
    return LAYERS if isinstance(step.part, Layer) else max((where for where, _ in before), default=LAYERS)
