"""Which box each feature leaves, which one it reaches, and how that is to be shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from mtlc.graph import IMAGE_FEATURE, Step, TaskGraph
from mtlc.parts.decoders import Aspp, Decoder
from mtlc.parts.part import Levels
from mtlc.parts.steps import AuxiliaryHead, DenseHead, PooledHead, Refine
from mtlc.render import words
from mtlc.render.boxes import Box, Kind, output
from mtlc.render.columns import LAYERS, Columns
from mtlc.render.lanes import Lanes, is_hub


class Manner(Enum):
    OWN = "solid"
    OTHER = "dashed"  # the stream of another task
    STORED = "dotted"  # a decoder's inner levels
    TRAINING = "training only"


@dataclass(frozen=True)
class Flow:
    """One feature from one box to another. `task` is the lane it runs in, None between shared layers.

    `rail` says that it runs below the lane's middle line, because something stands on it. `label` stands on
    the wire, or beside its end where it is a rail.
    """

    feature: str
    tail: str
    head: str
    task: str | None
    manner: Manner
    label: str
    rail: bool


Found = Mapping[str, Box]


def flows(graph: TaskGraph, boxes: Found, lanes: Lanes, columns: Columns) -> list[Flow]:
    """Every read of every step but one: a head reads the image for its size only, which is not drawn."""
    busy = _busy(graph, boxes, lanes)
    known = graph.levels() if all(step.shapes for step in graph.steps.values()) else {}
    quiet = columns.within(LAYERS) if columns.crowded else []
    return list(_labelled_once(_flows(graph, boxes, lanes, busy, known), boxes, quiet))


def _flows(
    graph: TaskGraph, boxes: Found, lanes: Lanes, busy: set[tuple[str, int]], known: Mapping[str, Levels]
) -> Iterator[Flow]:
    producers = graph.producers()
    for step in graph.steps.values():
        for feature in step.reads:
            if feature == IMAGE_FEATURE and isinstance(step.part, DenseHead | AuxiliaryHead):
                continue
            tail = producers.get(feature)
            yield _flow(feature, tail, step, boxes, lanes, busy, known)
    for task, feature in graph.outputs.items():
        label = words.shape(known[feature]) if feature in known else ""
        yield Flow(feature, producers[feature].name, output(task), task, Manner.OWN, label, rail=False)


def _flow(
    feature: str,
    tail: Step | None,
    head: Step,
    boxes: Found,
    lanes: Lanes,
    busy: set[tuple[str, int]],
    known: Mapping[str, Levels],
) -> Flow:
    stored = tail is not None and isinstance(tail.part, Decoder) and feature in tail.writes[1:]
    task = lanes.owners.get(feature) or head.task
    name = IMAGE_FEATURE if tail is None else tail.name
    between = range(boxes[name].column + 1, boxes[head.name].column)
    blocked = task is not None and any((task, column) in busy for column in between)
    if stored:
        manner = Manner.STORED
    elif head.training:
        manner = Manner.TRAINING
    else:
        manner = Manner.OTHER if head.task is not None and task != head.task else Manner.OWN
    label = _label(known[feature], head, stored) if feature in known else ""
    return Flow(feature, name, head.name, task, manner, label, rail=stored or blocked)


def _label(levels: Levels, head: Step, stored: bool) -> str:
    """What the step uses; of stored levels only the strides, and a refinement uses one of them."""
    if not stored:
        return words.shape(_used(levels, head))
    return words.strides(levels[head.part.level :][:1] if isinstance(head.part, Refine) else levels)


def _used(levels: Levels, head: Step) -> Levels:
    """The levels of those that a step reads that it makes something of."""
    if isinstance(head.part, PooledHead | Aspp):
        chosen = head.part.reads_strides(levels)[-1:] if isinstance(head.part, Aspp) else (levels[-1].stride,)
    elif isinstance(head.part, Decoder):
        chosen = head.part.reads_strides(levels)
    else:
        return levels
    return tuple(level for level in levels if level.stride in chosen)


def _busy(graph: TaskGraph, boxes: Found, lanes: Lanes) -> set[tuple[str, int]]:
    """The task and column of everything that stands on a lane's middle line, or takes the lane's stream."""
    busy = {(box.task, box.column) for box in boxes.values() if box.task is not None and box.on_line}
    for step in graph.steps.values():
        if is_hub(step):
            owners = [lanes.owners[feature] for feature in (*step.reads, *step.writes)]
            busy |= {(task, boxes[step.name].column) for task in owners if task is not None}
    return busy


def _labelled_once(all_flows: Iterator[Flow], boxes: Found, quiet: Collection[int]) -> Iterator[Flow]:
    """A stream's shape stands on it once; on what a shared layer or the image gives, once in each lane.

    The strides of stored levels stand at the end of each wire, but once where they leave for hubs. Between
    `quiet` columns no wire has a label: their boxes say what they write.
    """
    seen: set[tuple[str, str | None]] = set()
    for flow in all_flows:
        spread = boxes[flow.tail].kind in (Kind.SLAB, Kind.IMAGE)
        at_end = flow.manner is Manner.STORED and boxes[flow.head].kind is not Kind.HUB
        place = (flow.feature, flow.head if spread or at_end else None)
        crossing = flow.manner in (Manner.OTHER, Manner.TRAINING) or (flow.rail and flow.manner is Manner.OWN)
        inside = boxes[flow.tail].column in quiet and boxes[flow.head].column in quiet
        if crossing or inside or place in seen:
            yield replace(flow, label="")
        else:
            seen.add(place)
            yield flow
