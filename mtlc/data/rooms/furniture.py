"""Tables, chairs, sofas, beds and cabinets; every builder draws its own sizes, parts and materials."""

from collections.abc import Callable
from random import Random

from mtlc.data.rooms.materials import STRIPES, Material, fabric, finish, paint
from mtlc.data.rooms.solids import BALL, Piece, Solid, ball, box, cone

Builder = Callable[[Random], Piece]


def _legs(rng: Random, w: float, d: float, h: float, material: Material) -> list[Solid]:
    """Four legs inside a w × d rectangle, square or round."""
    thick = rng.uniform(0.02, 0.045)
    x, y = w / 2 - thick, d / 2 - thick
    corners = [(-x, -y), (x, -y), (-x, y), (x, y)]
    if rng.random() < 0.5:
        return [box(a, b, 0, 2 * thick, 2 * thick, h, material) for a, b in corners]
    foot = thick * rng.uniform(0.5, 1.0)
    return [cone(a, b, 0, foot, thick, h, material) for a, b in corners]


def table(rng: Random) -> Piece:
    low = rng.random() < 0.3
    h = rng.uniform(0.38, 0.5) if low else rng.uniform(0.68, 0.8)
    board, stand, thick = finish(rng), finish(rng), rng.uniform(0.03, 0.07)
    if rng.random() < 0.3:
        r = rng.uniform(0.4, 0.65)
        foot = cone(0, 0, 0, r * 0.6, r * 0.5, 0.04, stand)
        pole = cone(0, 0, 0.04, 0.06, 0.06, h - thick - 0.04, stand)
        return Piece("table", (cone(0, 0, h - thick, r, r, thick, board), pole, foot), (2 * r, 2 * r, h), h)
    w, d = rng.uniform(0.9, 1.7), rng.uniform(0.6, 0.95)
    legs = _legs(rng, w * 0.94, d * 0.94, h - thick, stand)
    return Piece("table", (box(0, 0, h - thick, w, d, thick, board), *legs), (w, d, h), h)


def chair(rng: Random) -> Piece:
    w, d, seat = rng.uniform(0.4, 0.52), rng.uniform(0.4, 0.5), rng.uniform(0.42, 0.5)
    h = seat + rng.uniform(0.38, 0.6)
    frame, cloth = finish(rng), finish(rng)
    parts = [box(0, 0, seat - 0.06, w, d, 0.06, cloth), *_legs(rng, w, d, seat - 0.06, frame)]
    back = d / 2 - 0.02
    if rng.random() < 0.5:
        parts.append(box(0, back, seat, w, 0.04, h - seat, cloth))
    else:
        posts = [box(x, back, seat, 0.04, 0.04, h - seat, frame) for x in (0.02 - w / 2, w / 2 - 0.02)]
        slats = [box(0, back, z, w - 0.08, 0.025, 0.09, frame) for z in (seat + 0.12, h - 0.12)]
        parts += posts + slats
    if rng.random() < 0.25:
        parts += [box(x, 0, seat + 0.16, 0.05, d * 0.9, 0.04, frame) for x in (-w / 2, w / 2)]
    return Piece("chair", tuple(parts), (w, d, h))


def sofa(rng: Random) -> Piece:
    w, d, h = rng.uniform(0.95, 2.2), rng.uniform(0.8, 0.95), rng.uniform(0.7, 0.92)
    arm, seat, arms = rng.uniform(0.12, 0.22), rng.uniform(0.36, 0.44), rng.uniform(0.52, 0.62)
    cloth = fabric(rng)
    cushion = cloth if rng.random() < 0.5 else fabric(rng)
    parts = [box(0, 0, 0.08, w - 2 * arm, d, seat - 0.2, cloth)]
    parts += [box(x, 0, 0.04, arm, d, arms, cloth) for x in ((arm - w) / 2, (w - arm) / 2)]
    parts.append(box(0, d / 2 - 0.12, seat - 0.12, w - 2 * arm, 0.24, h - seat + 0.12, cloth))
    count = max(1, round((w - 2 * arm) / 0.7))
    each = (w - 2 * arm) / count
    for n in range(count):
        x = (n + 0.5) * each + arm - w / 2
        parts.append(box(x, -0.13, seat - 0.12, each - 0.02, d - 0.28, 0.15, cushion))
    if rng.random() < 0.5:
        pillow = box(arm - w / 2 + 0.24, 0.1, seat + 0.03, 0.4, 0.14, 0.34, fabric(rng))
        parts.append(pillow)
    return Piece("sofa", tuple(parts), (w, d, h))


def bed(rng: Random) -> Piece:
    w, d, base = rng.uniform(0.9, 1.7), rng.uniform(1.95, 2.1), rng.uniform(0.22, 0.34)
    top, h = base + rng.uniform(0.16, 0.26), rng.uniform(0.75, 1.15)
    frame, sheet, cover = finish(rng), fabric(rng), fabric(rng, plain=0.3)
    parts = [
        box(0, 0, 0, w, d, base, frame),
        box(0, -0.01, base, w - 0.08, d - 0.08, top - base, sheet),
        box(0, d / 2 + 0.03, 0, w + 0.06, 0.06, h, frame),
        box(0, -0.18 * d, base + 0.02, w - 0.04, 0.62 * d, top - base + 0.03, cover),
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
    parts = [box(0, 0, 0, w, d, h, body)]
    cell_w, cell_h = w / columns, (h - 0.08) / rows
    for n in range(columns * rows):
        x, z = (n % columns + 0.5) * cell_w - w / 2, 0.08 + n // columns * cell_h
        parts.append(box(x, -d / 2, z, cell_w - 0.03, 0.05, cell_h - 0.03, front))
        parts.append(ball(x + cell_w * 0.3, -d / 2 - 0.04, z + cell_h * 0.5, 0.025, knob))
    return Piece("cabinet", tuple(parts), (w, d + 0.06, h), 0.0 if tall else h)


def _shelf(rng: Random) -> Piece:
    """Open boards between two sides, with books as coloured blocks."""
    w, d, h = rng.uniform(0.6, 1.2), rng.uniform(0.26, 0.4), rng.uniform(0.9, 2.0)
    wood, boards = finish(rng), round(h / 0.38)
    parts = [box(x, 0, 0, 0.03, d, h, wood) for x in (0.015 - w / 2, w / 2 - 0.015)]
    parts.append(box(0, d / 2 - 0.01, 0, w - 0.06, 0.02, h, finish(rng)))
    gap = (h - 0.03) / boards
    parts += [box(0, 0, n * gap, w - 0.06, d - 0.02, 0.03, wood) for n in range(boards + 1)]
    for n in range(boards):
        wide = rng.uniform(0.15, 0.8) * (w - 0.08)
        x = rng.uniform(-1, 1) * (w - 0.08 - wide) / 2
        books = Material(paint(rng), paint(rng), STRIPES, rng.uniform(0.05, 0.12))
        parts.append(box(x, 0.02, n * gap + 0.03, wide, d - 0.1, gap * rng.uniform(0.5, 0.8), books))
    return Piece("cabinet", tuple(parts), (w, d, h), h if h < 1.2 else 0.0)
