"""How wide the columns are, and the gaps behind them: wires spread, carry labels and cross. In points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtlc.render import measure
from mtlc.render.boxes import Box, Kind
from mtlc.render.flows import Flow
from mtlc.render.lanes import Lanes

MARGIN = 9.0  # between a stage's boxes and the edge of its band
Titles = Mapping[tuple[int, int], float]  # the width of what stands above the columns from one to another


@dataclass(frozen=True)
class Gap:
    """The room behind a column: wires spread out to `out`, run straight to `run`, cross lanes to `into`."""

    start: float
    out: float
    run: float
    into: float


def begins(boxes: Mapping[str, Box], lanes: Lanes) -> dict[str, int]:
    """The column of the first box that each task has of its own: its name stands above it."""
    own = [box for box in boxes.values() if box.on_line]
    return {task: min(box.column for box in own if box.task == task) for task in lanes.order}


def columns_and_gaps(
    boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes, names: Mapping[str, int], titles: Titles
) -> tuple[tuple[Gap, ...], tuple[tuple[float, float], ...]]:
    count = 1 + max(box.column for box in boxes.values())
    widths = [0.0] * count
    for box in boxes.values():
        widths[box.column] = max(widths[box.column], box.width)
    rooms = _rooms(boxes, flows, lanes, count)
    for task, column in names.items():
        _at_least(rooms.run, column, _name_width(task) - widths[column])
    for (first, last), title in titles.items():
        _at_least(rooms.into, first - 1, MARGIN)  # labels stand between the bands, not on their edges
        _at_least(rooms.out, last, MARGIN)
        rooms.into[first - 1] += max(0.0, title + 2 * MARGIN - rooms.between(first, last, widths))
    gaps, columns, x = [], [], 0.0
    for width, out, run, into in zip(widths, rooms.out, rooms.run, rooms.into, strict=True):
        columns.append((x, x + width))
        x += width
        gaps.append(Gap(x, x + out, x + out + run, x + out + run + into))
        x = gaps[-1].into
    return tuple(gaps), tuple(columns)


@dataclass(frozen=True)
class _Rooms:
    """For the gap behind each column: room to spread out, to run straight with a label, to cross lanes."""

    out: list[float]
    run: list[float]
    into: list[float]

    def between(self, first: int, last: int, widths: Sequence[float]) -> float:
        """From where wires cross to the first column to where they have spread behind the last."""
        inner = sum(self.out[first:last]) + sum(self.run[first:last]) + sum(self.into[first:last])
        return self.into[first - 1] + sum(widths[first : last + 1]) + inner + max(self.out[last], MARGIN)


def shown(task: str) -> str:
    """A task's name as it stands on its lane."""
    return measure.cut(task, measure.MOST_NAME, measure.TITLE_SIZE, bold=True)


def _name_width(task: str) -> float:
    return measure.width(shown(task), measure.TITLE_SIZE, bold=True)


def _rooms(boxes: Mapping[str, Box], flows: Sequence[Flow], lanes: Lanes, count: int) -> _Rooms:
    rooms = _Rooms([0.0] * count, [20.0] * count, [0.0] * count)
    for flow in flows:
        tail, head = boxes[flow.tail], boxes[flow.head]
        if flow.task is not None and tail.column != head.column:
            spread = _span(tail, flow.task, lanes) if tail.kind in (Kind.HUB, Kind.IMAGE) else 0.0
            _at_least(rooms.out, tail.column, _crossing(spread))
            _at_least(rooms.into, head.column - 1, _crossing(_span(head, flow.task, lanes)))
        if flow.label and not flow.rail:
            _at_least(rooms.run, tail.column, measure.width(flow.label, measure.SMALL_SIZE) + 15)
    return rooms


def _at_least(rooms: list[float], place: int, room: float) -> None:
    rooms[place] = max(rooms[place], room)


def _span(box: Box, task: str, lanes: Lanes) -> float:
    """How many lanes a wire crosses between a lane's middle line and a box."""
    if box.kind is Kind.SLAB:
        return 0
    if box.task is None:
        return max(1.0, len(lanes.order) / 2)
    return abs(lanes.row[task] - lanes.row[box.task]) or abs(box.side) / 2


def _crossing(lanes_crossed: float) -> float:
    return 30 + 10 * min(lanes_crossed, 9) if lanes_crossed else 0.0
