"""Where everything stands: lanes from top to bottom, columns from left to right. In points, y downwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mtlc.graph import IMAGE_FEATURE
from mtlc.render import measure
from mtlc.render.boxes import Box, Kind
from mtlc.render.flows import Flow
from mtlc.render.lanes import Lanes

BETWEEN_LANES = 12.0
STACK = 7.0  # between boxes of one lane that stand above each other
RAIL = 9.0  # between rails
NAME = 17.0  # room for the lane's name above its first box
MARGIN = 9.0  # between a stage's boxes and the edge of its band
LEAST = 19.0  # half of the lowest lane


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
class Gap:
    """The room behind a column: wires spread out to `out`, run straight to `run`, cross lanes to `into`."""

    start: float
    out: float
    run: float
    into: float


@dataclass(frozen=True)
class Lane:
    """The middle line of a lane and how far it reaches."""

    y: float
    top: float
    bottom: float


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


Titles = Mapping[tuple[int, int], float]  # the width of what stands above the columns from one to another


def layout(boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes, titles: Titles) -> Layout:
    slots = _slots(boxes, flows)
    drawn_lanes = _lanes(boxes, slots, lanes)
    begins = _begins(boxes, lanes)
    gaps, columns = _columns(boxes, flows, lanes, begins, titles)
    rails = {key: _rail(drawn_lanes[key[0]], slots, key) for key in slots}
    places = _places(boxes, flows, lanes, drawn_lanes, columns)
    return Layout(places, drawn_lanes, gaps, rails, begins, columns)


Slots = Mapping[tuple[str, str], int]


def _slots(boxes: Mapping[str, Box], flows: Sequence[Flow]) -> Slots:
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


def _rail(lane: Lane, slots: Slots, key: tuple[str, str]) -> float:
    count = 1 + max(number for (task, _), number in slots.items() if task == key[0])
    return lane.bottom - 3 - RAIL * (count - 1 - slots[key])


def _lanes(boxes: Mapping[str, Box], slots: Slots, lanes: Lanes) -> dict[str, Lane]:
    up, down = _extents(boxes, lanes.order)
    for (task, _), number in slots.items():
        up[task], down[task] = up[task], max(down[task], 0)
        down[task] += RAIL + (7 if number == 0 else 0)
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


def _begins(boxes: Mapping[str, Box], lanes: Lanes) -> dict[str, int]:
    """Where each task's own boxes begin; a task that has only a head is named where most others are."""
    first: dict[str, int] = {}
    for box in boxes.values():
        if box.task is not None and box.on_line:
            first[box.task] = min(first.get(box.task, box.column), box.column)
    usual = max(set(first.values()), key=list(first.values()).count)
    return {task: min(first[task], usual) for task in lanes.order}


def _columns(
    boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes, begins: Mapping[str, int], titles: Titles
) -> tuple[tuple[Gap, ...], tuple[tuple[float, float], ...]]:
    count = 1 + max(box.column for box in boxes.values())
    widths = [0.0] * count
    for box in boxes.values():
        widths[box.column] = max(widths[box.column], box.width)
    out, run, into = _rooms(boxes, flows, lanes, count)
    for task, column in begins.items():
        run[column] = max(run[column], _name_width(task) - widths[column])
    for (first, last), title in titles.items():
        inside = sum(widths[first : last + 1]) + sum(out[first : last + 1]) + into[first - 1]
        inside += sum(run[first:last]) + sum(into[first:last])
        into[first - 1] += max(0.0, title + 2 * MARGIN - inside - 2 * MARGIN * (not out[last]))
    gaps, columns, x = [], [], 0.0
    for width, *rooms in zip(widths, out, run, into, strict=True):
        columns.append((x, x + width))
        ends = [x + width + sum(rooms[:n]) for n in range(4)]
        gaps.append(Gap(*ends))
        x = ends[-1]
    return tuple(gaps), tuple(columns)


def shown(task: str) -> str:
    """A task's name as it stands on its lane."""
    return measure.cut(task, measure.MOST_NAME, measure.TITLE_SIZE, bold=True)


def _name_width(task: str) -> float:
    return measure.width(shown(task), measure.TITLE_SIZE, bold=True)


def _rooms(
    boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes, count: int
) -> tuple[list[float], list[float], list[float]]:
    """For the gap behind each column: room to spread out, to run straight with a label, to cross lanes."""
    out, run, into = [0.0] * count, [20.0] * count, [0.0] * count
    for flow in flows:
        tail, head = boxes[flow.tail], boxes[flow.head]
        if flow.task is None or tail.column == head.column:
            spread = crossed = 0.0
        else:
            spread = _crossing(_span(tail, flow.task, lanes)) if tail.kind in (Kind.HUB, Kind.IMAGE) else 0.0
            crossed = _crossing(_span(head, flow.task, lanes))
        out[tail.column] = max(out[tail.column], spread)
        into[head.column - 1] = max(into[head.column - 1], crossed)
        if flow.label and not flow.rail:
            run[tail.column] = max(run[tail.column], measure.width(flow.label, measure.SMALL_SIZE) + 15)
    return out, run, into


def _span(box: Box, task: str, lanes: Lanes) -> float:
    """How many lanes a wire crosses between a lane's middle line and a box."""
    if box.kind is Kind.SLAB:
        return 0
    if box.task is None:
        return max(1.0, len(lanes.order) / 2)
    return abs(lanes.row[task] - lanes.row[box.task]) or abs(box.side) / 2


def _crossing(lanes_crossed: float) -> float:
    return 30 + 10 * min(lanes_crossed, 9) if lanes_crossed else 0.0


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
    ys = [drawn[lanes.order[row]].y for row in sorted(rows)]
    middle = (ys[0] + ys[-1]) / 2
    passing = [drawn[lanes.order[row]].y for row in range(min(rows), max(rows)) if row not in rows]
    if all(abs(y - middle) > box.height / 2 + 8 for y in passing):
        return middle, box.height
    lines = [drawn[lanes.order[row]].y for row in range(min(rows), max(rows) + 1)]
    spots = [((a + b) / 2, b - a - 20) for a, b in pairwise(lines)]
    y, room = min(spots, key=lambda spot: abs(spot[0] - middle))
    return y, min(box.height, room)
