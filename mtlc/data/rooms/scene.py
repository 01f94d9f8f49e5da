"""A whole room, drawn from a seed: what stands where, the lights, and the path of the camera."""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, sin
from random import Random

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms import fittings
from mtlc.data.rooms.layout import Layout, furnish
from mtlc.data.rooms.materials import Colour, Floats, Material, fabric, timber
from mtlc.data.rooms.solids import Surfaces, Vector, surfaces


@dataclass(frozen=True)
class Light:
    """A point of light at `place`; `owner` is the instance that carries it, 0 for none."""

    place: Floats  # (3,)
    colour: Floats  # (3,) linear RGB times strength
    owner: int


@dataclass(frozen=True)
class Swing:
    """A smooth wander about a place: one sinusoid an axis, with periods of 60 to 140 frames."""

    middle: Vector
    reach: Vector
    period: Vector
    phase: Vector

    def at(self, frame: int) -> NDArray[np.float64]:
        turn = frame / np.array(self.period) + np.array(self.phase)
        return np.array(self.middle) + np.array(self.reach) * np.sin(2 * np.pi * turn)


@dataclass(frozen=True)
class Path:
    """Where the camera stands, what it looks at, and its roll; `focal` a share of the image's longer side."""

    eye: Swing
    target: Swing
    roll: float
    focal: float


@dataclass(frozen=True)
class Camera:
    """How the scene's camera answers to light."""

    exposure: float
    balance: Colour
    vignette: float
    noise: float


@dataclass(frozen=True)
class Scene:
    surfaces: Surfaces
    room: Vector
    lights: tuple[Light, ...]
    ambient: Floats  # (3,)
    path: Path
    camera: Camera


@lru_cache(maxsize=16)
def sample(seed: int, number: int) -> Scene:
    """Scene `number` of the endless list of scenes that belongs to `seed`."""
    rng = Random(f"rooms {seed} {number}")
    room = (rng.uniform(3.2, 5.0), rng.uniform(3.6, 5.6), rng.uniform(2.4, 2.8))
    eye = _eye(rng, room)
    layout = Layout(rng, room, eye.middle[:2])
    furnish(layout)
    lights = _lights(rng, layout)
    return Scene(
        surfaces=surfaces(layout.pieces, room, _shell(rng)),
        room=room,
        lights=lights,
        ambient=np.array([rng.uniform(0.12, 0.3) * c for c in _white(rng)], np.float32),
        path=Path(eye, _target(rng, room, layout), rng.uniform(-0.04, 0.04), rng.uniform(0.6, 0.82)),
        camera=Camera(rng.uniform(0.75, 1.5), _white(rng), rng.uniform(0.0, 0.25), rng.uniform(0.008, 0.03)),
    )


def _shell(rng: Random) -> tuple[Material, Material, Material]:
    """Wall, floor, ceiling."""
    wall = fabric(rng, (0.35, 0.98), plain=0.6, vivid=0.5)
    floor = timber(rng) if rng.random() < 0.45 else fabric(rng, plain=0.35)
    ceiling = fabric(rng, (0.5, 1.0), plain=0.85)
    return wall, replace(floor, period=floor.period * rng.uniform(1.0, 2.0)), ceiling


# --- light


def _white(rng: Random, spread: float = 0.12) -> Colour:
    """From candle to cloudy sky: a tint around white."""
    warm, green = rng.uniform(-spread, spread), rng.uniform(-spread, spread) / 4
    return (1 + warm, 1 + green, 1 - warm)


def _lights(rng: Random, layout: Layout) -> tuple[Light, ...]:
    """The ceiling light with or without a pendant, daylight from the windows, and the lamps that are on."""
    room, day = layout.room, rng.random() < 0.65
    main = rng.uniform(0.3, 1.0) if day else rng.uniform(1.5, 3.0)
    x, y, z = rng.uniform(0.3, 0.7) * room[0], rng.uniform(0.35, 0.7) * room[1], room[2]
    lights = []
    if rng.random() < 0.6:
        hung = fittings.pendant(rng)
        layout.add(hung, x, y, z, 0.0)
        z -= hung.size[2] + 0.05
        _light_up(layout, len(layout.pieces) - 1, 0, 3.0)
    lights.append(_light(rng, (x, y, z - 0.08), main, len(layout.pieces) if z < room[2] else 0))
    for index, piece in enumerate(layout.pieces):
        if piece.kind == "window":
            lights.append(_daylight(rng, layout, index, day))
        elif piece.kind == "lamp" and piece.top == 0 and index + 1 != lights[0].owner and rng.random() < 0.6:
            _light_up(layout, index, 0, 4.0)
            lights.append(_light(rng, piece.solids[0].centre, rng.uniform(0.25, 0.6), index + 1))
    return tuple(sorted(lights, key=lambda light: -float(light.colour.sum()))[:3])


def _daylight(rng: Random, layout: Layout, index: int, day: bool) -> Light:
    """Light from just inside a window's pane."""
    strength = rng.uniform(1.5, 3.5) if day else 0.03
    _light_up(layout, index, 0, strength)
    pane = layout.pieces[index].solids[0]
    x, y, z = pane.centre
    place = (x + 0.35 * sin(pane.turn), y - 0.35 * cos(pane.turn), z)
    return _light(rng, place, strength, index + 1)


def _light(rng: Random, place: Vector, strength: float, owner: int) -> Light:
    colour = [strength * c for c in _white(rng, 0.2)]
    return Light(np.array(place, np.float32), np.array(colour, np.float32), owner)


def _light_up(layout: Layout, index: int, part: int, glow: float) -> None:
    """Make one solid of a piece shine."""
    piece = layout.pieces[index]
    solids = list(piece.solids)
    solids[part] = replace(solids[part], material=replace(solids[part].material, glow=glow))
    layout.pieces[index] = replace(piece, solids=tuple(solids))


# --- the camera


def _eye(rng: Random, room: Vector) -> Swing:
    middle = (rng.uniform(0.22, 0.78) * room[0], rng.uniform(0.55, 0.85), rng.uniform(1.15, 1.75))
    return _swing(rng, middle, (rng.uniform(0.15, 0.35), rng.uniform(0.1, 0.3), rng.uniform(0.03, 0.12)))


def _target(rng: Random, room: Vector, layout: Layout) -> Swing:
    """A place near the middle of what stands in the room, so that the view is not of a bare wall."""
    spots = [p.solids[0].centre for p in layout.pieces if p.kind not in ("rug", "window", "door", "picture")]
    some = rng.sample(spots, min(3, len(spots))) or [(room[0] / 2, room[1], 0.5)]
    x, y = (sum(spot[k] for spot in some) / len(some) for k in range(2))
    middle = (x, max(y, 0.55 * room[1]), rng.uniform(0.55, 1.05))
    return _swing(rng, middle, (rng.uniform(0.1, 0.5), rng.uniform(0.0, 0.2), rng.uniform(0.05, 0.2)))


def _swing(rng: Random, middle: Vector, reach: Vector) -> Swing:
    a, b, c = (rng.uniform(60, 140) for _ in range(3))
    p, q, r = (rng.random() for _ in range(3))
    return Swing(middle, reach, (a, b, c), (p, q, r))
