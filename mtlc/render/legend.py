"""What the legend says: only what the picture shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mtlc.render.boxes import Box, Kind
from mtlc.render.flows import Flow, Manner
from mtlc.render.serving import Serving


class Joint(NamedTuple):
    """A box whose parameters serve several tasks."""

    weighed: bool


class Entry(NamedTuple):
    """A sample, a box or a wire, and what it means."""

    sample: Kind | Manner | Joint | None
    text: str


_BOXES = {
    Kind.SLAB: "shared layer, drawn once",
    Kind.HUB: "hub: takes every stream, changes each",
    Kind.PART: "a task's own, in its colour",
    Kind.FIT: "fit to another stride or width",
    Kind.TRAINING: "training only",
    Kind.PER_IMAGE: "one prediction per image",
}
_WIRES = {
    Manner.OWN: "stream",
    Manner.OTHER: "another task's stream, in its colour",
    Manner.STORED: "the decoder's stored levels",
}
_SERVING = {
    Kind.PART: "serves one task alone: its gradient as it is",
    Kind.TRAINING: "training only",
}
SET = "A  43.1k: a set of tasks, and how many numbers serve it"
SHAPE = "64 @ 1/4: channels @ size of the map as a share of the image"


def legend(boxes: Iterable[Box], flows: Iterable[Flow], serving: Serving | None = None) -> Iterator[Entry]:
    kinds, manners = {box.kind for box in boxes}, {flow.manner for flow in flows}
    if serving and serving.sets:
        then = "gradients are weighed" if serving.weighed else "gradients are summed"
        yield Entry(Joint(serving.weighed), f"serves several tasks, in their colours: {then}")
    for kind, text in (_SERVING if serving else _BOXES).items():
        if kind in kinds:
            yield Entry(kind, text)
    for manner, text in _WIRES.items():
        if manner in manners:
            yield Entry(manner, text)
    if serving and serving.sets:
        yield Entry(None, SET)
    if any(flow.label for flow in flows):
        yield Entry(None, SHAPE)
