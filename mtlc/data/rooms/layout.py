"""Where things stand in a room: what of the floor and of each wall is taken, and how a room is furnished."""

from math import cos, hypot, pi, sin
from random import Random

from mtlc.data.rooms import fittings, furniture
from mtlc.data.rooms.solids import Piece, Vector, put

_LEFT, _RIGHT, _FAR = range(3)
_TURNS = (pi / 2, -pi / 2, 0.0)  # a piece's front looks away from its wall
_WALLS = (_LEFT, _RIGHT, _FAR, _FAR)  # the camera stands at the fourth wall and sees the far one best
Rectangle = tuple[float, float, float, float]  # low corner, high corner


class Layout:
    """The pieces placed so far, and what of the floor and of each wall is taken."""

    def __init__(self, rng: Random, room: Vector, eye: tuple[float, float]) -> None:
        x, y = eye
        self.rng, self.room = rng, room
        self.pieces: list[Piece] = []
        self.tops: list[tuple[Piece, float, float, float]] = []
        self.floor: list[Rectangle] = [(x - 0.75, 0.0, x + 0.75, y + 1.05)]
        self.walls: list[list[Rectangle]] = [[], [], []]

    def add(self, piece: Piece, x: float, y: float, z: float, turn: float) -> None:
        self.pieces.append(put(piece, (x, y, z), turn))
        if piece.top:
            self.tops.append((piece, x, y, turn))

    def stand(self, piece: Piece, x: float, y: float, turn: float, gap: float = 0.06) -> bool:
        """Put a piece on the floor, if there is room for it."""
        c, s = abs(cos(turn)), abs(sin(turn))
        w, d = piece.size[0] * c + piece.size[1] * s, piece.size[0] * s + piece.size[1] * c
        area = (x - w / 2, y - d / 2, x + w / 2, y + d / 2)
        free = not any(_overlap(area, other, gap) for other in self.floor)
        within = area[0] >= 0 and area[1] >= 0 and area[2] <= self.room[0] and area[3] <= self.room[1]
        if not (free and within):
            return False
        self.floor.append(area)
        self.add(piece, x, y, 0.0, turn)
        return True

    def against(self, piece: Piece) -> bool:
        """Put a piece with its back to a wall, out of the way of doors and windows."""
        for _ in range(14):
            wall = self.rng.choice(_WALLS)
            low = self.interval(piece, wall, self.rng.random())
            if low is None:
                continue
            span = (low, 0.0, low + piece.size[0], piece.size[2])
            if any(_overlap(span, other, 0.02) for other in self.walls[wall]):
                continue
            x, y = self.spot(wall, low + piece.size[0] / 2, piece.size[1] / 2 + 0.02)
            if self.stand(piece, x, y, _TURNS[wall]):
                self.walls[wall].append(span)
                return True
        return False

    def hang(self, piece: Piece, z: float) -> bool:
        """Fix a flat piece to a wall with its foot at height z."""
        for _ in range(10):
            wall = self.rng.choice(_WALLS)
            low = self.interval(piece, wall, self.rng.uniform(0.06, 0.94))
            if low is None:
                continue
            span = (low, z, low + piece.size[0], z + piece.size[2])
            if any(_overlap(span, other, 0.06) for other in self.walls[wall]):
                continue
            self.walls[wall].append(span)
            x, y = self.spot(wall, low + piece.size[0] / 2, 0.025)
            self.add(piece, x, y, z, _TURNS[wall])
            return True
        return False

    def interval(self, piece: Piece, wall: int, along: float) -> float | None:
        """Where the piece begins along a wall, or None if the wall is too short."""
        spare = self.room[1 if wall in (_LEFT, _RIGHT) else 0] - piece.size[0]
        return spare * along if spare > 0 else None

    def spot(self, wall: int, along: float, out: float) -> tuple[float, float]:
        x, y = self.room[:2]
        return ((out, along), (x - out, along), (along, y - out))[wall]


def _overlap(a: Rectangle, b: Rectangle, gap: float) -> bool:
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def furnish(layout: Layout) -> None:
    """Draw what is in the room; what finds no place is left out."""
    rng = layout.rng
    _openings(layout)
    for build, chance in _shuffled(rng, _LARGE):
        if rng.random() < chance:
            layout.against(build(rng))
    if rng.random() < 0.75:
        _dining(layout)
    for build, chance in _shuffled(rng, _LOOSE):
        if rng.random() < chance:
            _anywhere(layout, build(rng))
    _decorate(layout)


def _openings(layout: Layout) -> None:
    rng = layout.rng
    if rng.random() < 0.6 and layout.hang(fittings.door(rng), 0.0):
        _keep_clear(layout)
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        layout.hang(fittings.window(rng), rng.uniform(0.8, 1.0))


def _decorate(layout: Layout) -> None:
    rng = layout.rng
    for _ in range(rng.randrange(1, 4)):
        layout.hang(fittings.picture(rng), rng.uniform(1.15, 1.6))
    for _ in range(rng.randrange(1, 5)):
        _on_top(layout, fittings.trinket(rng) if rng.random() < 0.65 else fittings.table_lamp(rng))
    if rng.random() < 0.6:
        _unroll(layout, fittings.rug(rng))


_LARGE = (
    (furniture.bed, 0.6),
    (furniture.sofa, 0.7),
    (furniture.sofa, 0.2),
    (furniture.cabinet, 0.85),
    (furniture.cabinet, 0.45),
)
_LOOSE = (
    (furniture.chair, 0.5),
    (furniture.chair, 0.35),
    (furniture.table, 0.3),
    (fittings.plant, 0.65),
    (fittings.plant, 0.3),
    (fittings.floor_lamp, 0.5),
    (fittings.crate, 0.45),
    (fittings.toy, 0.5),
)


def _shuffled(
    rng: Random, wishes: tuple[tuple[furniture.Builder, float], ...]
) -> list[tuple[furniture.Builder, float]]:
    return sorted(wishes, key=lambda _: rng.random())


def _keep_clear(layout: Layout) -> None:
    """Nothing stands in front of the door that was hung last."""
    solids = layout.pieces[-1].solids
    x, y = solids[0].centre[:2]
    layout.floor.append((x - 0.5, y - 0.5, x + 0.5, y + 0.5))


def _dining(layout: Layout) -> None:
    """A table in the open with chairs around it."""
    rng, room = layout.rng, layout.room
    board = furniture.table(rng)
    turn = rng.choice((0.0, pi / 2))
    for _ in range(10):
        x, y = rng.uniform(0.2, 0.8) * room[0], rng.uniform(0.45, 0.8) * room[1]
        if layout.stand(board, x, y, turn):
            _seats(layout, board, x, y, turn)
            return


def _seats(layout: Layout, board: Piece, x: float, y: float, turn: float) -> None:
    rng, state = layout.rng, layout.rng.getstate()
    for side in rng.sample(range(4), rng.randrange(1, 4)):
        rng.setstate(state)  # the same chair again
        seat = furniture.chair(rng)
        reach = (board.size[1] if side % 2 == 0 else board.size[0]) / 2 + seat.size[1] / 2 + 0.1
        angle = turn + side * pi / 2
        layout.stand(seat, x + sin(angle) * reach, y - cos(angle) * reach, angle + pi, gap=0.0)


def _anywhere(layout: Layout, piece: Piece) -> None:
    rng, room = layout.rng, layout.room
    for _ in range(10):
        x, y = rng.uniform(0.06, 0.94) * room[0], rng.uniform(0.3, 0.96) * room[1]
        if layout.stand(piece, x, y, rng.uniform(-pi, pi)):
            return


def _on_top(layout: Layout, piece: Piece) -> None:
    """Put a small thing on a table or a cabinet; one thing may hide another, none may stand in another."""
    rng = layout.rng
    if not layout.tops:
        return
    below, x, y, turn = layout.tops.pop(rng.randrange(len(layout.tops)))
    w, d = 0.35 * below.size[0] * rng.uniform(-1, 1), 0.2 * below.size[1] * rng.uniform(-1, 1)
    if hypot(*piece.size[:2]) > 1.2 * min(below.size[:2]):
        return
    c, s = cos(turn), sin(turn)
    layout.add(piece, x + c * w - s * d, y + s * w + c * d, below.top, rng.uniform(-pi, pi))


def _unroll(layout: Layout, piece: Piece) -> None:
    """A rug lies under whatever stands there."""
    rng, room = layout.rng, layout.room
    w, d = piece.size[:2]
    if w < room[0] and d < room[1] - 0.8:
        x, y = rng.uniform(w / 2, room[0] - w / 2), rng.uniform(d / 2 + 0.8, room[1] - d / 2)
        layout.add(piece, x, y, 0.0, 0.0)
