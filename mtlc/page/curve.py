"""Many points as a curve that can be drawn: thinned to the room there is, and smoothed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
ROOM = 240  # points that a small chart can show
SMOOTH = 24  # a smoothed point is the mean of this share of the curve around it


def thinned(points: Sequence[Point], room: int = ROOM) -> list[Point]:
    """At most `room` points: means of neighbours, each at its last step."""
    size = -(-len(points) // room) or 1
    groups = (points[i : i + size] for i in range(0, len(points), size))
    return [(group[-1][0], sum(y for _, y in group) / len(group)) for group in groups]


def smoothed(points: Sequence[Point]) -> list[Point]:
    """Running means over neighbours on both sides; at the ends over as many as there are on either."""
    reach = len(points) // SMOOTH
    found = []
    for i, (x, _) in enumerate(points):
        side = min(reach, i, len(points) - 1 - i)
        around = [y for _, y in points[i - side : i + side + 1]]
        found.append((x, sum(around) / len(around)))
    return found


def corners(points: Sequence[Point]) -> list[Point]:
    """Only where the value changes, and the last: what remains draws the same stairs."""
    kept = [b for a, b in pairwise(points) if a[1] != b[1]]
    return [*points[:1], *kept, *([points[-1]] if len(points) > 1 and points[-1] not in kept else [])]


def held(points: Sequence[Point]) -> list[Point]:
    """Stairs as a line: each value until the next one."""
    found = list(points[:1])
    for (_, before), (x, y) in pairwise(points):
        found += [(x, before), (x, y)]
    return found


def together(one: Sequence[Point], other: Sequence[Point]) -> bool:
    """Whether two curves have the same value at a tenth of the places or more, so that one hides the other."""
    values = dict(one)
    same = sum(values.get(x) == y for x, y in other)
    return same > 0.1 * min(len(one), len(other))


def stairs(points: Sequence[Point]) -> bool:
    """Whether the values stay the same most of the time, so that a smoothed curve would lie."""
    same = sum(a[1] == b[1] for a, b in pairwise(points))
    return len(points) > 1 and same >= len(points) / 2
