"""How high each lane is: its boxes, what is stacked beside its middle line, the rails below. In points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mtlc.render.boxes import Box, Kind
from mtlc.render.flows import Flow
from mtlc.render.lanes import Lanes

BETWEEN_LANES = 12.0
STACK = 7.0  # between boxes of one lane that stand above each other
RAIL = 9.0  # between rails
NAME = 17.0  # room for the lane's name above its first box
LEAST = 19.0  # half of the lowest lane


@dataclass(frozen=True)
class Lane:
    """The middle line of a lane and how far it reaches."""

    y: float
    top: float
    bottom: float


Slots = Mapping[tuple[str, str], int]


def rail_slots(boxes: Mapping[str, Box], flows: Sequence[Flow]) -> Slots:
    """For each lane and feature with a rail, the rail's number from the top. Rails apart share a number."""
    reach: dict[tuple[str, str], tuple[int, int]] = {}
    for flow in flows:
        if flow.rail and flow.task is not None:
            key = (flow.task, flow.feature)
            first, last = reach.get(key, (boxes[flow.tail].column, 0))
            reach[key] = (first, max(last, boxes[flow.head].column))
    slots: dict[tuple[str, str], int] = {}
    ends: dict[str, list[int]] = defaultdict(list)
    for key, (first, last) in sorted(reach.items(), key=lambda item: item[1][::-1]):
        taken = ends[key[0]]
        free = next((number for number, end in enumerate(taken) if end < first), len(taken))
        taken[free:] = [last, *taken[free + 1 :]]
        slots[key] = free
    return slots


def rail_heights(drawn: Mapping[str, Lane], slots: Slots) -> dict[tuple[str, str], float]:
    """Where the rail of each task's feature runs: the last one just above the end of the lane."""
    count = _rail_counts(slots)
    return {key: drawn[key[0]].bottom - 3 - RAIL * (count[key[0]] - 1 - slot) for key, slot in slots.items()}


def _rail_counts(slots: Slots) -> dict[str, int]:
    count: dict[str, int] = defaultdict(int)
    for (task, _), slot in slots.items():
        count[task] = max(count[task], slot + 1)
    return count


def heights(boxes: Mapping[str, Box], slots: Slots, lanes: Lanes) -> dict[str, Lane]:
    up, down = _extents(boxes, lanes.order)
    for task, count in _rail_counts(slots).items():
        down[task] += 7 + RAIL * count
    _make_room_for_slabs(boxes, lanes, up, down)
    drawn, y = {}, 0.0
    for task in lanes.order:
        drawn[task] = Lane(y + up[task], y, y + up[task] + down[task])
        y = drawn[task].bottom + BETWEEN_LANES
    return drawn


def _extents(boxes: Mapping[str, Box], order: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    """How far each lane reaches above and below its middle line, for the boxes that stand in it."""
    cells: dict[tuple[str, int], list[Box]] = defaultdict(list)
    for box in boxes.values():
        if box.task is not None:
            cells[box.task, box.column].append(box)
    up, down = dict.fromkeys(order, LEAST + NAME), dict.fromkeys(order, LEAST)
    for (task, _), cell in cells.items():
        half = _half(cell)
        up[task] = max(up[task], half + NAME, half + _stacked(cell, -1))
        down[task] = max(down[task], half + _stacked(cell, 1))
    return up, down


def _half(cell: Iterable[Box]) -> float:
    """Half of what stands on the middle line; where only the stream passes, room for it."""
    return max((box.height / 2 for box in cell if not box.side), default=6.0)


def _stacked(cell: Iterable[Box], side: int) -> float:
    return sum(box.height + STACK for box in cell if box.side == side)


def _make_room_for_slabs(
    boxes: Mapping[str, Box], lanes: Lanes, up: dict[str, float], down: dict[str, float]
) -> None:
    for box in boxes.values():
        if box.kind is Kind.SLAB:
            first, last = lanes.span(box.name)
            inside = lanes.order[first : last + 1]
            have = sum(up[t] + down[t] for t in inside) + BETWEEN_LANES * (len(inside) - 1)
            for task in inside:
                up[task] += max(0.0, box.height - have) / len(inside) / 2
                down[task] += max(0.0, box.height - have) / len(inside) / 2
