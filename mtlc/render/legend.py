"""What the legend says: only what the picture shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mtlc.render.boxes import Box, Kind
from mtlc.render.flows import Flow, Manner


class Entry(NamedTuple):
    """A sample, a box or a wire, and what it means."""

    sample: Kind | Manner | None
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
SHAPE = "64 @ 1/4: channels @ size of the map as a share of the image"


def legend(boxes: Iterable[Box], flows: Iterable[Flow]) -> Iterator[Entry]:
    kinds, manners = {box.kind for box in boxes}, {flow.manner for flow in flows}
    for kind, text in _BOXES.items():
        if kind in kinds:
            yield Entry(kind, text)
    for manner, text in _WIRES.items():
        if manner in manners:
            yield Entry(manner, text)
    if any(flow.label for flow in flows):
        yield Entry(None, SHAPE)
