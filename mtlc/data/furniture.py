"""What each class of thing is built of; every builder draws its own sizes, parts and materials."""

from collections.abc import Callable
from math import pi
from random import Random

from mtlc.data.materials import DOTS, PLAIN, Material, fabric, finish, paint, scenery, timber
from mtlc.data.solids import BALL, BOX, CONE, Piece, Solid

Builder = Callable[[Random], Piece]


def _box(x: float, y: float, z: float, w: float, d: float, h: float, material: Material) -> Solid:
    """A box of w × d × h metres whose foot's middle is at (x, y, z)."""
    return Solid(BOX, (x, y, z + h / 2), (w / 2, d / 2, h / 2), material)


def _cone(x: float, y: float, z: float, foot: float, top: float, h: float, material: Material) -> Solid:
    """An upright frustum of radii `foot` and `top`."""
    widest = max(foot, top)
    ends = (foot / widest, top / widest)
    return Solid(CONE, (x, y, z + h / 2), (widest, widest, h / 2), material, ends=ends)


def _ball(x: float, y: float, z: float, r: float, material: Material) -> Solid:
    return Solid(BALL, (x, y, z + r), (r, r, r), material)


def _legs(rng: Random, w: float, d: float, h: float, material: Material) -> list[Solid]:
    """Four legs inside a w × d rectangle, square or round."""
    thick = rng.uniform(0.02, 0.045)
    x, y = w / 2 - thick, d / 2 - thick
    corners = [(-x, -y), (x, -y), (-x, y), (x, y)]
    if rng.random() < 0.5:
        return [_box(a, b, 0, 2 * thick, 2 * thick, h, material) for a, b in corners]
    foot = thick * rng.uniform(0.5, 1.0)
    return [_cone(a, b, 0, foot, thick, h, material) for a, b in corners]


# --- furniture


def table(rng: Random) -> Piece:
    low = rng.random() < 0.3
    h = rng.uniform(0.38, 0.5) if low else rng.uniform(0.68, 0.8)
    board, stand, thick = finish(rng), finish(rng), rng.uniform(0.03, 0.07)
    if rng.random() < 0.3:
        r = rng.uniform(0.4, 0.65)
        foot = _cone(0, 0, 0, r * 0.6, r * 0.5, 0.04, stand)
        pole = _cone(0, 0, 0.04, 0.06, 0.06, h - thick - 0.04, stand)
        return Piece("table", (_cone(0, 0, h - thick, r, r, thick, board), pole, foot), (2 * r, 2 * r, h), h)
    w, d = rng.uniform(0.9, 1.7), rng.uniform(0.6, 0.95)
    legs = _legs(rng, w * 0.94, d * 0.94, h - thick, stand)
    return Piece("table", (_box(0, 0, h - thick, w, d, thick, board), *legs), (w, d, h), h)


def chair(rng: Random) -> Piece:
    w, d, seat = rng.uniform(0.4, 0.52), rng.uniform(0.4, 0.5), rng.uniform(0.42, 0.5)
    h = seat + rng.uniform(0.38, 0.6)
    frame, cloth = finish(rng), finish(rng)
    parts = [_box(0, 0, seat - 0.06, w, d, 0.06, cloth), *_legs(rng, w, d, seat - 0.06, frame)]
    back = d / 2 - 0.02
    if rng.random() < 0.5:
        parts.append(_box(0, back, seat, w, 0.04, h - seat, cloth))
    else:
        posts = [_box(x, back, seat, 0.04, 0.04, h - seat, frame) for x in (0.02 - w / 2, w / 2 - 0.02)]
        slats = [_box(0, back, z, w - 0.08, 0.025, 0.09, frame) for z in (seat + 0.12, h - 0.12)]
        parts += posts + slats
    if rng.random() < 0.25:
        parts += [_box(x, 0, seat + 0.16, 0.05, d * 0.9, 0.04, frame) for x in (-w / 2, w / 2)]
    return Piece("chair", tuple(parts), (w, d, h))


def sofa(rng: Random) -> Piece:
    w, d, h = rng.uniform(0.95, 2.2), rng.uniform(0.8, 0.95), rng.uniform(0.7, 0.92)
    arm, seat, arms = rng.uniform(0.12, 0.22), rng.uniform(0.36, 0.44), rng.uniform(0.52, 0.62)
    cloth = fabric(rng)
    cushion = cloth if rng.random() < 0.5 else fabric(rng)
    parts = [_box(0, 0, 0.08, w - 2 * arm, d, seat - 0.2, cloth)]
    parts += [_box(x, 0, 0.04, arm, d, arms, cloth) for x in ((arm - w) / 2, (w - arm) / 2)]
    parts.append(_box(0, d / 2 - 0.12, seat - 0.12, w - 2 * arm, 0.24, h - seat + 0.12, cloth))
    count = max(1, round((w - 2 * arm) / 0.7))
    each = (w - 2 * arm) / count
    for n in range(count):
        x = (n + 0.5) * each + arm - w / 2
        parts.append(_box(x, -0.13, seat - 0.12, each - 0.02, d - 0.28, 0.15, cushion))
    if rng.random() < 0.5:
        pillow = _box(arm - w / 2 + 0.24, 0.1, seat + 0.03, 0.4, 0.14, 0.34, fabric(rng))
        parts.append(pillow)
    return Piece("sofa", tuple(parts), (w, d, h))


def bed(rng: Random) -> Piece:
    w, d, base = rng.uniform(0.9, 1.7), rng.uniform(1.95, 2.1), rng.uniform(0.22, 0.34)
    top, h = base + rng.uniform(0.16, 0.26), rng.uniform(0.75, 1.15)
    frame, sheet, cover = finish(rng), fabric(rng), fabric(rng, plain=0.3)
    parts = [
        _box(0, 0, 0, w, d, base, frame),
        _box(0, -0.01, base, w - 0.08, d - 0.08, top - base, sheet),
        _box(0, d / 2 + 0.03, 0, w + 0.06, 0.06, h, frame),
        _box(0, -0.18 * d, base + 0.02, w - 0.04, 0.62 * d, top - base + 0.03, cover),
    ]
    for x in (-w / 4, w / 4) if w > 1.25 else (0.0,):
        half = (min(0.32, w / 4 - 0.03) if w > 1.25 else 0.32, 0.2, 0.08)
        parts.append(Solid(BALL, (x, d / 2 - 0.3, top + 0.05), half, sheet))
    return Piece("bed", tuple(parts), (w + 0.06, d + 0.12, h))


def cabinet(rng: Random) -> Piece:
    return _shelf(rng) if rng.random() < 0.4 else _cupboard(rng)


def _cupboard(rng: Random) -> Piece:
    """A closed body with doors or drawers on its front, each with a knob."""
    tall = rng.random() < 0.35
    w, d = rng.uniform(0.7, 1.5), rng.uniform(0.38, 0.6)
    h = rng.uniform(1.5, 2.05) if tall else rng.uniform(0.6, 1.05)
    body = finish(rng)
    front = body if rng.random() < 0.5 else finish(rng)
    knob = fabric(rng, plain=1.0)
    columns, rows = rng.choice((1, 2, 2, 3)), 1 if tall else rng.choice((1, 2, 3))
    parts = [_box(0, 0, 0, w, d, h, body)]
    cell_w, cell_h = w / columns, (h - 0.08) / rows
    for n in range(columns * rows):
        x, z = (n % columns + 0.5) * cell_w - w / 2, 0.08 + n // columns * cell_h
        parts.append(_box(x, -d / 2, z, cell_w - 0.03, 0.03, cell_h - 0.03, front))
        parts.append(_ball(x + cell_w * 0.3, -d / 2 - 0.03, z + cell_h * 0.5, 0.025, knob))
    return Piece("cabinet", tuple(parts), (w, d + 0.06, h), 0.0 if tall else h)


def _shelf(rng: Random) -> Piece:
    """Open boards between two sides, with books as coloured blocks."""
    w, d, h = rng.uniform(0.6, 1.2), rng.uniform(0.26, 0.4), rng.uniform(0.9, 2.0)
    wood, boards = finish(rng), round(h / 0.38)
    parts = [_box(x, 0, 0, 0.03, d, h, wood) for x in (0.015 - w / 2, w / 2 - 0.015)]
    parts.append(_box(0, d / 2 - 0.01, 0, w - 0.06, 0.02, h, finish(rng)))
    gap = (h - 0.03) / boards
    parts += [_box(0, 0, n * gap, w - 0.06, d - 0.02, 0.03, wood) for n in range(boards + 1)]
    for n in range(boards):
        wide = rng.uniform(0.15, 0.8) * (w - 0.08)
        x = rng.uniform(-1, 1) * (w - 0.08 - wide) / 2
        books = Material(paint(rng), paint(rng), 1, rng.uniform(0.05, 0.12))
        parts.append(_box(x, 0.02, n * gap + 0.03, wide, d - 0.1, gap * rng.uniform(0.5, 0.8), books))
    return Piece("cabinet", tuple(parts), (w, d, h), h if h < 1.2 else 0.0)


def plant(rng: Random) -> Piece:
    r, pot = rng.uniform(0.13, 0.22), rng.uniform(0.2, 0.4)
    h = pot + rng.uniform(0.5, 1.1)
    parts = [_cone(0, 0, 0, r * 0.7, r, pot, finish(rng)), _cone(0, 0, pot, 0.02, 0.02, h - pot - 0.2, timber(rng))]
    leaf = fabric(rng, plain=0.6)
    spread = rng.uniform(0.2, 0.34)
    for n in range(rng.randrange(6, 10)):
        up = rng.uniform(pot + 0.15, h - 0.1)
        turn = n * 2.4 + rng.uniform(-0.3, 0.3)
        parts.append(_leaf(up, turn, spread * rng.uniform(0.7, 1.1), rng.uniform(0.2, 1.0), leaf))
    return Piece("plant", tuple(parts), (2.4 * spread, 2.4 * spread, h))


def _leaf(up: float, turn: float, long: float, tilt: float, material: Material) -> Solid:
    """A flat ellipsoid that starts at the stem and points along its own y axis, raised by `tilt`."""
    from math import cos, sin

    reach = long * 0.85 * cos(tilt)
    centre = (-sin(turn) * reach, cos(turn) * reach, up + long * 0.85 * sin(tilt) * 0.6)
    return Solid(BALL, centre, (long * 0.45, long, 0.05), material, turn, tilt)


# --- lamps; the light itself is the scene's


def floor_lamp(rng: Random) -> Piece:
    h, r = rng.uniform(1.35, 1.75), rng.uniform(0.16, 0.26)
    stand = finish(rng)
    parts = (
        shade(rng, h - 0.32, r, 0.32),
        _cone(0, 0, 0.03, 0.018, 0.018, h - 0.35, stand),
        _cone(0, 0, 0, 0.16, 0.14, 0.03, stand),
    )
    return Piece("lamp", parts, (2 * r, 2 * r, h))


def table_lamp(rng: Random) -> Piece:
    h, r = rng.uniform(0.4, 0.6), rng.uniform(0.12, 0.19)
    foot = _cone(0, 0, 0, rng.uniform(0.06, 0.1), rng.uniform(0.02, 0.06), h - 0.2, finish(rng))
    return Piece("lamp", (shade(rng, h - 0.24, r, 0.24), foot), (2 * r, 2 * r, h))


def pendant(rng: Random) -> Piece:
    """Hangs from z = 0 downwards."""
    drop, r = rng.uniform(0.35, 0.7), rng.uniform(0.16, 0.32)
    return Piece("lamp", (shade(rng, -drop, r, 0.24), _cone(0, 0, 0.24 - drop, 0.012, 0.012, drop - 0.24, finish(rng))), (2 * r, 2 * r, drop))


def shade(rng: Random, z: float, r: float, h: float) -> Solid:
    """A drum, a cone or a globe; not yet lit."""
    cloth = fabric(rng, light=(0.5, 0.95), plain=0.7)
    if rng.random() < 0.25:
        return Solid(BALL, (0, 0, z + h / 2), (r * 0.8, r * 0.8, h / 2), cloth)
    return _cone(0, 0, z, r, r * rng.choice((0.45, 0.7, 1.0)), h, cloth)


# --- on walls and floors, and small things


def window(rng: Random) -> Piece:
    """Its foot is the window's sill; the pane is the second solid."""
    w, h = rng.uniform(0.8, 1.8), rng.uniform(0.9, 1.4)
    frame = timber(rng) if rng.random() < 0.4 else fabric(rng, (0.6, 1.0), plain=1.0)
    parts = [_box(0, 0, 0, w, 0.05, h, frame), _box(0, -0.025, 0.07, w - 0.14, 0.01, h - 0.14, scenery(rng))]
    for n in range(1, rng.choice((1, 2, 2, 3))):
        parts.append(_box(w * (n / 2 if n == 1 else 0.25) - w / 2, -0.03, 0.05, 0.05, 0.03, h - 0.1, frame))
    if rng.random() < 0.5:
        parts.append(_box(0, -0.03, h * rng.uniform(0.45, 0.7), w - 0.1, 0.03, 0.05, frame))
    parts.append(_box(0, -0.06, -0.04, w + 0.12, 0.16, 0.04, frame))
    return Piece("window", tuple(parts), (w + 0.12, 0.06, h))


def door(rng: Random) -> Piece:
    w, h = rng.uniform(0.78, 0.98), rng.uniform(1.95, 2.1)
    frame, leaf = finish(rng), timber(rng) if rng.random() < 0.4 else fabric(rng, plain=0.8)
    parts = [_box(0, 0, 0, w, 0.05, h, frame), _box(0, -0.03, 0, w - 0.14, 0.03, h - 0.07, leaf)]
    parts.append(_ball(w / 2 - 0.15, -0.07, h * 0.48, 0.03, fabric(rng, plain=1.0)))
    if rng.random() < 0.5:
        panel = leaf if rng.random() < 0.6 else finish(rng)
        parts += [_box(0, -0.05, z, w * 0.55, 0.02, h * 0.3, panel) for z in (h * 0.1, h * 0.55)]
    return Piece("door", tuple(parts), (w, 0.06, h))


def picture(rng: Random) -> Piece:
    w, h = rng.uniform(0.4, 1.1), rng.uniform(0.35, 0.8)
    border = rng.uniform(0.03, 0.07)
    canvas = scenery(rng) if rng.random() < 0.4 else fabric(rng, plain=0.1)
    parts = (
        _box(0, 0, 0, w, 0.04, h, finish(rng)),
        _box(0, -0.02, border, w - 2 * border, 0.01, h - 2 * border, canvas),
    )
    return Piece("picture", parts, (w, 0.05, h))


def rug(rng: Random) -> Piece:
    cloth = fabric(rng, plain=0.2)
    if rng.random() < 0.3:
        r = rng.uniform(0.6, 1.1)
        return Piece("rug", (_cone(0, 0, 0, r, r, 0.012, cloth),), (2 * r, 2 * r, 0.012))
    w, d = rng.uniform(1.4, 2.6), rng.uniform(1.0, 1.9)
    edge = fabric(rng, plain=1.0)
    parts = (_box(0, 0, 0, w, d, 0.01, edge), _box(0, 0, 0, w - 0.16, d - 0.16, 0.014, cloth))
    return Piece("rug", parts, (w, d, 0.014))


def crate(rng: Random) -> Piece:
    """A box that stands on the floor."""
    return _carton(rng, rng.uniform(0.28, 0.5))


def toy(rng: Random) -> Piece:
    """A ball on the floor."""
    r = rng.uniform(0.12, 0.24)
    return Piece("object", (_ball(0, 0, 0, r, fabric(rng, plain=0.3)),), (2 * r, 2 * r, 2 * r))


def trinket(rng: Random) -> Piece:
    """Something small for the top of a table or a cabinet: a box, a ball, a vase or a stack of books."""
    return rng.choice((_small_box, _small_ball, _vase, _books))(rng)


def _carton(rng: Random, w: float) -> Piece:
    d, h, side = w * rng.uniform(0.7, 1.2), w * rng.uniform(0.5, 1.3), finish(rng)
    parts = (_box(0, 0, 0, w, d, h, side), _box(0, 0, h, w * 1.04, d * 1.04, 0.03, finish(rng)))
    return Piece("object", parts, (w, d, h + 0.03))


def _small_box(rng: Random) -> Piece:
    return _carton(rng, rng.uniform(0.14, 0.26))


def _small_ball(rng: Random) -> Piece:
    r = rng.uniform(0.07, 0.13)
    ball = Material(paint(rng), paint(rng), rng.choice((PLAIN, DOTS)), 0.07)
    return Piece("object", (_ball(0, 0, 0, r, ball),), (2 * r, 2 * r, 2 * r))


def _vase(rng: Random) -> Piece:
    r, h, clay = rng.uniform(0.06, 0.11), rng.uniform(0.2, 0.4), fabric(rng)
    lower, neck = _cone(0, 0, 0, r * 0.6, r, h * 0.55, clay), _cone(0, 0, h * 0.55, r, r * 0.4, h * 0.45, clay)
    return Piece("object", (lower, neck), (2 * r, 2 * r, h))


def _books(rng: Random) -> Piece:
    parts, z = [], 0.0
    for _ in range(rng.randrange(2, 5)):
        thick = rng.uniform(0.025, 0.06)
        book = _box(0, 0, z, rng.uniform(0.2, 0.3), rng.uniform(0.15, 0.21), thick, fabric(rng, plain=0.8))
        parts.append(Solid(BOX, book.centre, book.half, book.material, turn=rng.uniform(-0.3, 0.3)))
        z += thick
    return Piece("object", tuple(parts), (0.3, 0.3, z))


QUARTERS = (0.0, pi / 2, pi, -pi / 2)
