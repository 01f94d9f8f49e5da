"""The curve of every wire: along its lane, across lanes just before its end, or on a rail below the lane."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mtlc.render.boxes import Kind
from mtlc.render.flows import Flow, Manner
from mtlc.render.layout import Layout, Placed
from mtlc.render.measure import SMALL_SIZE, width

ARROW = 6.0
CORNER = 7.0
RAIL_END = 9.0  # between rails that meet at one box
Point = tuple[float, float]


@dataclass
class Path:
    """Cubic pieces from a first point; `tip` is where the arrow ends."""

    points: list[Point]
    tip: Point = (0.0, 0.0)

    def line(self, end: Point) -> None:
        (x, y), (u, v) = self.points[-1], end
        thirds = [(x + (u - x) * share, y + (v - y) * share) for share in (1 / 3, 2 / 3)]
        self.points += [*thirds, end]

    def swing(self, end: Point) -> None:
        """A curve that leaves and arrives horizontally."""
        (x, y), (u, v) = self.points[-1], end
        self.points += [((x + u) / 2, y), ((x + u) / 2, v), end]

    def turn(self, corner: Point, end: Point) -> None:
        """A line to just before a corner, round it, and a line to the end."""
        before, after = _toward(corner, self.points[-1]), _toward(corner, end)
        self.line(before)
        self.points += [corner, corner, after]
        self.line(end)


def _toward(start: Point, end: Point) -> Point:
    length = math.dist(start, end) or 1.0
    share = min(1.0, CORNER / length)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


@dataclass(frozen=True)
class Wire:
    flow: Flow
    path: Path
    label_at: Point | None


@dataclass
class _Router:
    layout: Layout
    ports: dict[int, Point] = field(default_factory=dict)  # where a flow that comes from the left ends
    leaving: dict[tuple[str, str], Point] = field(default_factory=dict)  # where a hub gives a feature
    rail_ends: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    reach: dict[tuple[str, str], int] = field(
        default_factory=dict
    )  # to which column a stream runs in its lane


def wires(flows: Sequence[Flow], layout: Layout) -> list[Wire]:
    router = _Router(layout)
    _arrivals(flows, router)
    _departures(flows, router)
    _streams(flows, router)
    return [_wire(number, flow, router) for number, flow in enumerate(flows)]


def _arrivals(flows: Sequence[Flow], router: _Router) -> None:
    """The wires that reach a box from the left share its side, in the order in which they come."""
    reaching: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for number, flow in enumerate(flows):
        if not _from_below(flow, router.layout) and not _upwards(flow, router.layout):
            reaching[flow.head].append((_height(flow, router.layout), number))
    for head, arriving in reaching.items():
        ports = _ports(router.layout.places[head], [y for y, _ in arriving], -1)
        router.ports.update((number, ports[y]) for y, number in arriving)


def _departures(flows: Sequence[Flow], router: _Router) -> None:
    giving: dict[str, dict[str, float]] = defaultdict(dict)
    for flow in flows:
        if router.layout.places[flow.tail].box.kind is Kind.HUB:
            giving[flow.tail].setdefault(flow.feature, _height(flow, router.layout))
    for name, heights in giving.items():
        ports = _ports(router.layout.places[name], heights.values(), 1)
        router.leaving.update(((name, feature), ports[y]) for feature, y in heights.items())


def _streams(flows: Sequence[Flow], router: _Router) -> None:
    for flow in flows:
        if flow.manner is Manner.OWN and not flow.rail:
            key = (flow.tail, flow.feature)
            router.reach[key] = max(router.reach.get(key, 0), router.layout.places[flow.head].box.column)


def _ports(place: Placed, heights: Iterable[float], side: int) -> dict[float, Point]:
    """Where wires at these heights meet the left (-1) or right (1) side of a box."""
    ranks = sorted(set(heights))
    if place.box.kind is Kind.HUB:
        shares = [(number + 0.5) / len(ranks) * 2 - 1 for number in range(len(ranks))]
        return {y: _on_ellipse(place, share * 0.82, side) for y, share in zip(ranks, shares, strict=True)}
    x = place.left if side < 0 else place.right
    if place.box.kind is Kind.SLAB:
        return {y: (x, y) for y in ranks}
    return {y: (x, place.y + shift) for y, shift in zip(ranks, _shifts(place, ranks), strict=True)}


def _shifts(place: Placed, ranks: Sequence[float]) -> list[float]:
    """The box's own stream meets its middle, the others as close to it as arrows can be told apart."""
    if len(ranks) == 1:
        return [0.0]
    above = sum(y < place.y - 0.01 for y in ranks)
    below = sum(y > place.y + 0.01 for y in ranks)
    step = min(7.0, (place.height / 2 - 5) / max(above, below))
    own = [0.0] * (len(ranks) - above - below)
    return [*(-step * (above - n) for n in range(above)), *own, *(step * (n + 1) for n in range(below))]


def _on_ellipse(place: Placed, share: float, side: int) -> Point:
    reach = place.box.width / 2 * math.sqrt(1 - share * share)
    return place.x + side * reach, place.y + share * place.height / 2


def _height(flow: Flow, layout: Layout) -> float:
    """The height at which a wire runs before it turns to its end."""
    if flow.task is None:
        return layout.places[flow.head].y
    if flow.rail:
        return layout.rails[flow.task, flow.feature]
    tail = layout.places[flow.tail]
    return tail.y if tail.box.side else layout.lanes[flow.task].y


def _upwards(flow: Flow, layout: Layout) -> bool:
    return layout.places[flow.tail].box.column == layout.places[flow.head].box.column


def _from_below(flow: Flow, layout: Layout) -> bool:
    """Whether the wire comes up from its rail: into a box of its own lane."""
    return flow.rail and layout.places[flow.head].box.task == flow.task


def _wire(number: int, flow: Flow, router: _Router) -> Wire:
    layout = router.layout
    if _upwards(flow, layout):
        return Wire(flow, _vertical(flow, layout), None)
    y = _height(flow, layout)
    tail = layout.places[flow.tail]
    path = Path(
        [(layout.gaps[_column(flow, layout) - 1].run, y) if _leaves(flow, router) else _start(flow, router)]
    )
    if flow.rail and tail.box.kind is not Kind.HUB:
        _descend(path, y, stored=flow.manner is Manner.STORED)
    elif abs(path.points[0][1] - y) > 0.01:
        path.swing((layout.gaps[tail.box.column].out, y))
    if _from_below(flow, layout):
        return Wire(flow, path, _rise(flow, path, y, router))
    _arrive(path, router.ports[number], layout.gaps[_column(flow, layout) - 1].run)
    return Wire(flow, path, _label_place(flow, y, layout))


def _column(flow: Flow, layout: Layout) -> int:
    return layout.places[flow.head].box.column


def _leaves(flow: Flow, router: _Router) -> bool:
    """Whether the wire is drawn from where it leaves its stream: a pale line over a strong one would dash it."""
    along = router.reach.get((flow.tail, flow.feature), 0) >= _column(flow, router.layout)
    return flow.manner is Manner.TRAINING and not flow.rail and along


def _start(flow: Flow, router: _Router) -> Point:
    tail = router.layout.places[flow.tail]
    if tail.box.kind is Kind.HUB:
        return router.leaving[flow.tail, flow.feature]
    if flow.manner is Manner.STORED:
        return tail.x, tail.bottom
    if tail.box.kind is Kind.SLAB:
        return tail.right, _height(flow, router.layout)
    return tail.right, tail.y


def _descend(path: Path, y: float, *, stored: bool) -> None:
    """Down to the rail: stored levels leave the box from below, a stream branches off behind it."""
    x, start = path.points[0]
    if not stored:
        x += 2 * CORNER
        path.turn((x, start), (x, (start + y) / 2))
    path.turn((x, y), (x + 2 * CORNER, y))


def _arrive(path: Path, port: Point, crossing: float) -> None:
    x, y = path.points[-1]
    end = (port[0] - ARROW, port[1])
    if abs(y - port[1]) < 0.01:
        path.line(end)
    else:
        if crossing > x:
            path.line((crossing, y))
        path.swing(end)
    path.tip = port


def _rise(flow: Flow, path: Path, y: float, router: _Router) -> Point | None:
    """Along the rail and up into the box from below; gives the place beside the end for a label."""
    head = router.layout.places[flow.head]
    ends = router.rail_ends[flow.head]
    x = head.x - RAIL_END * ends.setdefault(flow.feature, len(ends))
    path.turn((x, y), (x, head.bottom + ARROW))
    path.tip = (x, head.bottom)
    return (x + 4 + width(flow.label, SMALL_SIZE) / 2, head.bottom + 7.5) if flow.label else None


def _vertical(flow: Flow, layout: Layout) -> Path:
    """Between boxes that stand above each other."""
    tail, head = layout.places[flow.tail], layout.places[flow.head]
    up = head.y < tail.y
    path = Path([(tail.x, tail.top if up else tail.bottom)])
    path.tip = (tail.x, head.bottom if up else head.top)
    path.line((tail.x, path.tip[1] + (ARROW if up else -ARROW)))
    return path


def _label_place(flow: Flow, y: float, layout: Layout) -> Point | None:
    if not flow.label:
        return None
    gap = layout.gaps[layout.places[flow.tail].box.column]
    return (gap.out + gap.run) / 2, y - 6.5
