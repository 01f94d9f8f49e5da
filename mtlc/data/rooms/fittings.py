"""Plants, lamps, what hangs on walls or lies on floors, and small things; every builder draws its own."""

from math import cos, sin
from random import Random

from mtlc.data.rooms.materials import DOTS, PLAIN, Material, fabric, finish, paint, scenery, timber
from mtlc.data.rooms.solids import BALL, BOX, Piece, Solid, ball, box, cone


def plant(rng: Random) -> Piece:
    r, pot = rng.uniform(0.13, 0.22), rng.uniform(0.2, 0.4)
    h = pot + rng.uniform(0.5, 1.1)
    stem = cone(0, 0, pot, 0.02, 0.02, h - pot - 0.2, timber(rng))
    parts = [cone(0, 0, 0, r * 0.7, r, pot, finish(rng)), stem]
    leaf = fabric(rng, plain=0.6)
    spread = rng.uniform(0.2, 0.34)
    for n in range(rng.randrange(6, 10)):
        up = rng.uniform(pot + 0.15, h - 0.1)
        turn = n * 2.4 + rng.uniform(-0.3, 0.3)
        parts.append(_leaf(up, turn, spread * rng.uniform(0.7, 1.1), rng.uniform(0.2, 1.0), leaf))
    return Piece("plant", tuple(parts), (2.4 * spread, 2.4 * spread, h))


def _leaf(up: float, turn: float, long: float, tilt: float, material: Material) -> Solid:
    """A flat ellipsoid that starts at the stem and points along its own y axis, raised by `tilt`."""
    reach = long * 0.85 * cos(tilt)
    centre = (-sin(turn) * reach, cos(turn) * reach, up + long * 0.85 * sin(tilt) * 0.6)
    return Solid(BALL, centre, (long * 0.45, long, 0.05), material, turn, tilt)


# --- lamps; the light itself is the scene's


def floor_lamp(rng: Random) -> Piece:
    h, r = rng.uniform(1.35, 1.75), rng.uniform(0.16, 0.26)
    stand = finish(rng)
    parts = (
        _shade(rng, h - 0.32, r, 0.32),
        cone(0, 0, 0.03, 0.018, 0.018, h - 0.35, stand),
        cone(0, 0, 0, 0.16, 0.14, 0.03, stand),
    )
    return Piece("lamp", parts, (2 * r, 2 * r, h))


def table_lamp(rng: Random) -> Piece:
    h, r = rng.uniform(0.4, 0.6), rng.uniform(0.12, 0.19)
    foot = cone(0, 0, 0, rng.uniform(0.06, 0.1), rng.uniform(0.02, 0.06), h - 0.2, finish(rng))
    return Piece("lamp", (_shade(rng, h - 0.24, r, 0.24), foot), (2 * r, 2 * r, h))


def pendant(rng: Random) -> Piece:
    """Hangs from z = 0 downwards."""
    drop, r = rng.uniform(0.35, 0.7), rng.uniform(0.16, 0.32)
    cord = cone(0, 0, 0.24 - drop, 0.012, 0.012, drop - 0.24, finish(rng))
    return Piece("lamp", (_shade(rng, -drop, r, 0.24), cord), (2 * r, 2 * r, drop))


def _shade(rng: Random, z: float, r: float, h: float) -> Solid:
    """A drum, a cone or a globe; not yet lit."""
    cloth = fabric(rng, light=(0.5, 0.95), plain=0.7)
    if rng.random() < 0.25:
        return Solid(BALL, (0, 0, z + h / 2), (r * 0.8, r * 0.8, h / 2), cloth)
    return cone(0, 0, z, r, r * rng.choice((0.45, 0.7, 1.0)), h, cloth)


# --- on walls and floors, and small things


def window(rng: Random) -> Piece:
    """The pane, which is the first solid, in a frame of bars; the sill is below its foot."""
    w, h = rng.uniform(0.8, 1.8), rng.uniform(0.9, 1.4)
    frame = timber(rng) if rng.random() < 0.4 else fabric(rng, (0.6, 1.0), plain=1.0)
    parts = [box(0, 0, 0.02, w - 0.04, 0.05, h - 0.04, scenery(rng))]
    parts += [box(x, 0, 0, 0.08, 0.1, h, frame) for x in (0.04 - w / 2, w / 2 - 0.04)]
    parts += [box(0, 0, z, w - 0.16, 0.1, 0.08, frame) for z in (0, h - 0.08)]
    for n in range(1, rng.choice((1, 2, 2, 3))):
        parts.append(box(w * (n / 2 if n == 1 else 0.25) - w / 2, -0.03, 0.05, 0.05, 0.03, h - 0.1, frame))
    if rng.random() < 0.5:
        parts.append(box(0, -0.03, h * rng.uniform(0.45, 0.7), w - 0.1, 0.03, 0.05, frame))
    parts.append(box(0, -0.06, -0.04, w + 0.12, 0.16, 0.04, frame))
    return Piece("window", tuple(parts), (w + 0.12, 0.06, h))


def door(rng: Random) -> Piece:
    w, h = rng.uniform(0.78, 0.98), rng.uniform(1.95, 2.1)
    frame, leaf = finish(rng), timber(rng) if rng.random() < 0.4 else fabric(rng, plain=0.8)
    parts = [box(0, 0, 0, w, 0.05, h, frame), box(0, -0.03, 0, w - 0.14, 0.03, h - 0.07, leaf)]
    parts.append(ball(w / 2 - 0.15, -0.07, h * 0.48, 0.03, fabric(rng, plain=1.0)))
    if rng.random() < 0.5:
        panel = leaf if rng.random() < 0.6 else finish(rng)
        parts += [box(0, -0.05, z, w * 0.55, 0.02, h * 0.3, panel) for z in (h * 0.1, h * 0.55)]
    return Piece("door", tuple(parts), (w, 0.06, h))


def picture(rng: Random) -> Piece:
    w, h = rng.uniform(0.4, 1.1), rng.uniform(0.35, 0.8)
    border = rng.uniform(0.03, 0.07)
    canvas = scenery(rng) if rng.random() < 0.4 else fabric(rng, plain=0.1)
    parts = (
        box(0, 0, 0, w, 0.04, h, finish(rng)),
        box(0, -0.001, border, w - 2 * border, 0.04, h - 2 * border, canvas),
    )
    return Piece("picture", parts, (w, 0.05, h))


def rug(rng: Random) -> Piece:
    cloth = fabric(rng, plain=0.2)
    if rng.random() < 0.3:
        r = rng.uniform(0.6, 1.1)
        return Piece("rug", (cone(0, 0, 0, r, r, 0.006, cloth),), (2 * r, 2 * r, 0.006))
    w, d = rng.uniform(1.4, 2.6), rng.uniform(1.0, 1.9)
    return Piece("rug", (box(0, 0, 0, w, d, 0.006, cloth),), (w, d, 0.006))


def crate(rng: Random) -> Piece:
    """A box that stands on the floor."""
    return _carton(rng, rng.uniform(0.28, 0.5))


def toy(rng: Random) -> Piece:
    """A ball on the floor."""
    r = rng.uniform(0.12, 0.24)
    return Piece("object", (ball(0, 0, 0, r, fabric(rng, plain=0.3)),), (2 * r, 2 * r, 2 * r))


def trinket(rng: Random) -> Piece:
    """Something small for the top of a table or a cabinet: a box, a ball, a vase or a stack of books."""
    return rng.choice((_small_box, _small_ball, _vase, _books))(rng)


def _carton(rng: Random, w: float) -> Piece:
    d, h, side = w * rng.uniform(0.7, 1.2), w * rng.uniform(0.5, 1.3), finish(rng)
    parts = (box(0, 0, 0, w, d, h, side), box(0, 0, h, w * 1.04, d * 1.04, 0.03, finish(rng)))
    return Piece("object", parts, (w, d, h + 0.03))


def _small_box(rng: Random) -> Piece:
    return _carton(rng, rng.uniform(0.14, 0.26))


def _small_ball(rng: Random) -> Piece:
    r = rng.uniform(0.07, 0.13)
    skin = Material(paint(rng), paint(rng), rng.choice((PLAIN, DOTS)), 0.07)
    return Piece("object", (ball(0, 0, 0, r, skin),), (2 * r, 2 * r, 2 * r))


def _vase(rng: Random) -> Piece:
    r, h, clay = rng.uniform(0.06, 0.11), rng.uniform(0.2, 0.4), fabric(rng)
    belly, neck = cone(0, 0, 0, r * 0.6, r, h * 0.55, clay), cone(0, 0, h * 0.55, r, r * 0.4, h * 0.45, clay)
    return Piece("object", (belly, neck), (2 * r, 2 * r, h))


def _books(rng: Random) -> Piece:
    parts, z = [], 0.0
    for _ in range(rng.randrange(2, 5)):
        thick = rng.uniform(0.025, 0.06)
        book = box(0, 0, z, rng.uniform(0.2, 0.3), rng.uniform(0.15, 0.21), thick, fabric(rng, plain=0.8))
        parts.append(Solid(BOX, book.centre, book.half, book.material, turn=rng.uniform(-0.3, 0.3)))
        z += thick
    return Piece("object", tuple(parts), (0.3, 0.3, z))
