"""Where everything stands: lanes from top to bottom, columns from left to right. In points, y downwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mtlc.graph import IMAGE_FEATURE
from mtlc.render.boxes import Box, Kind
from mtlc.render.flows import Flow
from mtlc.render.gaps import Gap, Titles, begins, columns_and_gaps
from mtlc.render.heights import STACK, Lane, heights, rail_heights, rail_slots
from mtlc.render.lanes import Lanes

CLEAR = 9.0  # between a hub and what passes beside it


@dataclass(frozen=True)
class Placed:
    """A box with its middle."""

    box: Box
    x: float
    y: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.box.width / 2

    @property
    def right(self) -> float:
        return self.x + self.box.width / 2

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class Layout:
    places: Mapping[str, Placed]
    lanes: Mapping[str, Lane]
    gaps: tuple[Gap, ...]
    rails: Mapping[tuple[str, str], float]  # the height of the rail of a feature in a task's lane
    begins: Mapping[str, int]  # the column above which each lane's name stands
    columns: tuple[tuple[float, float], ...]  # left and right of each column

    @property
    def bottom(self) -> float:
        return max(lane.bottom for lane in self.lanes.values())


def layout(boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes, titles: Titles) -> Layout:
    slots = rail_slots(boxes, flows)
    drawn_lanes = heights(boxes, slots, lanes)
    names = begins(boxes, lanes)
    gaps, columns = columns_and_gaps(boxes, flows, lanes, names, titles)
    rails = rail_heights(drawn_lanes, slots)
    places = _places(boxes, flows, lanes, drawn_lanes, columns)
    return Layout(places, drawn_lanes, gaps, rails, names, columns)


def _places(
    boxes: Mapping[str, Box],
    flows: Sequence[Flow],
    lanes: Lanes,
    drawn: Mapping[str, Lane],
    columns: Sequence[tuple[float, float]],
) -> dict[str, Placed]:
    members = _members(boxes, flows, lanes)
    beside: dict[tuple[str, int, int], float] = {}
    places: dict[str, Placed] = {}
    for key, box in sorted(boxes.items(), key=lambda item: abs(item[1].side)):
        x = sum(columns[box.column]) / 2
        if box.task is not None:
            y, height = _in_lane(box, drawn[box.task].y, beside), box.height
        elif box.kind is Kind.SLAB:
            first, last = (drawn[lanes.order[row]] for row in lanes.span(key))
            y, height = (first.top + last.bottom) / 2, last.bottom - first.top
        elif box.kind is Kind.HUB:
            y, height = _hub(box, members[key], lanes, drawn)
        else:
            continue
        places[key] = Placed(box, x, y, height)
    image = boxes[IMAGE_FEATURE]
    readers = [places[flow.head].y for flow in flows if flow.tail == IMAGE_FEATURE]
    places[IMAGE_FEATURE] = Placed(image, sum(columns[0]) / 2, sum(readers) / len(readers), image.height)
    return places


def _in_lane(box: Box, middle: float, beside: dict[tuple[str, int, int], float]) -> float:
    """Boxes on the middle line come first; what stands beside it is stacked away from it."""
    assert box.task is not None
    if box.side == 0:
        for side in (-1, 1):
            beside[box.task, box.column, side] = box.height / 2
        return middle
    cell = (box.task, box.column, box.side)
    away = beside.get(cell, 6.0) + STACK + box.height / 2
    beside[cell] = away + box.height / 2
    return middle + box.side * away


def _members(boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes) -> dict[str, set[int]]:
    """The rows of the lanes whose stream each hub takes."""
    rows: dict[str, set[int]] = defaultdict(set)
    for flow in flows:
        if boxes[flow.head].kind is Kind.HUB and flow.task is not None:
            rows[flow.head].add(lanes.row[flow.task])
    return rows


def _hub(box: Box, rows: set[int], lanes: Lanes, drawn: Mapping[str, Lane]) -> tuple[float, float]:
    """In the middle of its lanes, or between two where a stream that it does not take would cross it."""
    crossed = [(drawn[lanes.order[row]], row not in rows) for row in range(min(rows), max(rows) + 1)]
    middle = (crossed[0][0].y + crossed[-1][0].y) / 2
    passing = [lane for lane, passes in crossed if passes]
    top, bottom = middle - box.height / 2 - CLEAR, middle + box.height / 2 + CLEAR
    if all(lane.bottom < top or lane.y > bottom for lane in passing):
        return middle, box.height
    edges = [(lane.bottom if passes else lane.y, lane.y) for lane, passes in crossed]
    spots = [((above + below) / 2, below - above - 2 * CLEAR) for (above, _), (_, below) in pairwise(edges)]
    y, room = min(spots, key=lambda spot: (max(0.0, box.height - spot[1]), abs(spot[0] - middle)))
    return y, min(box.height, room)
