"""The solids that rooms are built of, and the arrays that ray casting reads."""

from dataclasses import dataclass, replace
from math import cos, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms.materials import Floats, Ints, Material, Palette, palette
from mtlc.parts.rooms_classes import CLASSES

BOX, CONE, BALL = range(3)
_FLAT = ("window", "door", "picture", "rug")  # lie on walls or floor and throw no shadow worth its time
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Solid:
    """One convex solid in metres, z up: a box, an upright frustum or an ellipsoid, filling `centre` ± `half`.

    It is tilted about its x axis, then turned about z (radians). `ends` are the frustum's radii at foot
    and top as shares of `half`; the larger is 1.
    """

    shape: int
    centre: Vector
    half: Vector
    material: Material
    turn: float = 0.0
    tilt: float = 0.0
    ends: tuple[float, float] = (1.0, 1.0)


def box(x: float, y: float, z: float, w: float, d: float, h: float, material: Material) -> Solid:
    """A box of w × d × h metres whose foot's middle is at (x, y, z)."""
    return Solid(BOX, (x, y, z + h / 2), (w / 2, d / 2, h / 2), material)


def cone(x: float, y: float, z: float, foot: float, top: float, h: float, material: Material) -> Solid:
    """An upright frustum of radii `foot` and `top`."""
    widest = max(foot, top)
    ends = (foot / widest, top / widest)
    return Solid(CONE, (x, y, z + h / 2), (widest, widest, h / 2), material, ends=ends)


def ball(x: float, y: float, z: float, r: float, material: Material) -> Solid:
    return Solid(BALL, (x, y, z + r), (r, r, r), material)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing of a class, standing at the origin with its front towards -y.

    `size` is its width, depth and height; `top` the height at which things may stand on it, 0 for none.
    """

    kind: str
    solids: tuple[Solid, ...]
    size: Vector
    top: float = 0.0


def put(piece: Piece, at: Vector, turn: float) -> Piece:
    """The same piece turned about z and moved to `at`; `size` and `top` stay those of the unmoved piece."""
    c, s = cos(turn), sin(turn)

    def moved(a: Solid) -> Solid:
        x, y, z = a.centre
        centre = (c * x - s * y + at[0], s * x + c * y + at[1], z + at[2])
        return Solid(a.shape, centre, a.half, a.material, a.turn + turn, a.tilt, a.ends)

    return replace(piece, solids=tuple(moved(a) for a in piece.solids))


@dataclass(frozen=True)
class Bound:
    """The axis-aligned box around one instance, and the rows of its solids, sorted by shape."""

    instance: int
    low: Floats  # (3,)
    high: Floats  # (3,)
    shapes: tuple[tuple[int, Ints], ...]


@dataclass(frozen=True)
class Surfaces:
    """All that a ray can hit, one row each: first the solids, then the room's faces x-, x+, y-, y+, z-, z+.

    `to_unit` maps an offset from `centre` to the frame in which the solid fills the cube [-1, 1]³.
    Instance 0 is the room itself.
    """

    shape: Ints
    centre: Floats  # (3, R)
    to_unit: Floats  # (3, 3, R)
    half: Floats  # (3, R)
    ends: Floats  # (2, R)
    label: Ints
    instance: Ints
    materials: Palette
    bounds: tuple[Bound, ...]  # of the things that throw shadows

    @property
    def solids(self) -> int:
        return len(self.shape) - 6


def surfaces(pieces: list[Piece], room: Vector, faces: tuple[Material, Material, Material]) -> Surfaces:
    """Pack pieces and a room of `room` metres (x, y, z from the origin); `faces` are wall, floor, ceiling."""
    wall, floor, ceiling = faces
    shell_half: Vector = (room[0] / 2, room[1] / 2, room[2] / 2)
    shell = [Solid(BOX, shell_half, shell_half, m) for m in (wall, wall, wall, wall, floor, ceiling)]
    solids = [s for p in pieces for s in p.solids] + shell
    counts = [len(p.solids) for p in pieces]
    names = [p.kind for p, n in zip(pieces, counts, strict=True) for _ in range(n)]
    names += ["wall"] * 4 + ["floor", "ceiling"]
    centre, half = _rows(solids, "centre"), _rows(solids, "half")
    turns = _rotations(_rows(solids, "turn"), _rows(solids, "tilt"))
    shape = _rows(solids, "shape").astype(np.intp)
    return Surfaces(
        shape=shape,
        centre=_packed(centre.T),
        to_unit=_packed((turns / half[:, None, :]).transpose(2, 1, 0)),
        half=_packed(half.T),
        ends=_packed(_rows(solids, "ends").T),
        label=np.array([CLASSES.index(n) for n in names], np.intp),
        instance=np.concatenate([np.repeat(np.arange(1, len(pieces) + 1), counts), np.zeros(6, np.intp)]),
        materials=palette([s.material for s in solids]),
        bounds=_bounds(pieces, shape, centre, np.abs(turns) @ half[:, :, None]),
    )


def _rows(solids: list[Solid], name: str) -> NDArray[Any]:
    return np.array([getattr(s, name) for s in solids], np.float64)


def _packed(values: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(values, np.float32)


def _rotations(turn: NDArray[Any], tilt: NDArray[Any]) -> NDArray[Any]:
    """(R, 3, 3): local to world, first about x by `tilt`, then about z by `turn`."""
    c, s, p, q = np.cos(turn), np.sin(turn), np.cos(tilt), np.sin(tilt)
    nought = np.zeros_like(c)
    rows = [[c, -s * p, s * q], [s, c * p, -c * q], [nought, q, p]]
    return np.array(rows).transpose(2, 0, 1)


def _bounds(pieces: list[Piece], shape: Ints, centre: NDArray[Any], reach: NDArray[Any]) -> tuple[Bound, ...]:
    low, high = _packed(centre - reach[:, :, 0]), _packed(centre + reach[:, :, 0])
    ends = np.cumsum([len(p.solids) for p in pieces])
    bounds = []
    for instance, rows in enumerate(np.split(np.arange(ends[-1]), ends[:-1]), start=1):
        if pieces[instance - 1].kind not in _FLAT:
            shapes = tuple((int(k), rows[shape[rows] == k]) for k in np.unique(shape[rows]))
            bounds.append(Bound(instance, low[rows].min(axis=0), high[rows].max(axis=0), shapes))
    return tuple(bounds)
