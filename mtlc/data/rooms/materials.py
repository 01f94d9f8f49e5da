"""Paints and patterns of the rooms: how a surface's colour is drawn, and what it is at a point."""

import colorsys
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # of float32
Ints = NDArray[Any]  # of intp
Colour = tuple[float, float, float]

PLAIN, STRIPES, CHECKS, CLOUDS, WOOD, TILES, DOTS, VIEW = range(8)
_CELLS = 64  # the noise repeats after this many cells
_NOISE = np.random.Generator(np.random.PCG64(20)).random((_CELLS, _CELLS), np.float32).ravel()


@dataclass(frozen=True, slots=True)
class Material:
    """Two linear RGB colours mixed by a pattern of `period` metres that is turned by `angle`.

    `glow` is light of its own, in the unit of the light that falls on it.
    """

    first: Colour
    second: Colour
    pattern: int = PLAIN
    period: float = 0.2
    angle: float = 0.0
    glow: float = 0.0


@dataclass(frozen=True)
class Palette:
    """Materials as arrays, one row each."""

    first: Floats  # (3, R)
    second: Floats  # (3, R)
    pattern: Ints
    period: Floats
    turn: Floats  # (2, R): cosine and sine of the pattern's angle
    glow: Floats


def palette(materials: list[Material]) -> Palette:
    def column(name: str) -> NDArray[Any]:
        return np.array([getattr(m, name) for m in materials], np.float32)

    angle = column("angle")
    return Palette(
        first=np.ascontiguousarray(column("first").T),
        second=np.ascontiguousarray(column("second").T),
        pattern=column("pattern").astype(np.intp),
        period=column("period"),
        turn=np.stack([np.cos(angle), np.sin(angle)]),
        glow=column("glow"),
    )


# --- drawing materials; no class has paints of its own, so colour alone does not tell what a thing is


def paint(rng: Random, light: tuple[float, float] = (0.12, 0.95), vivid: float = 0.75) -> Colour:
    """Any hue; a third of all paints are nearly grey.

    `light` is the range of the brightest channel, `vivid` the greatest saturation.
    """
    grey = rng.random() < 0.35
    saturation = rng.uniform(0.0, 0.12) if grey else rng.uniform(0.15, vivid)
    return _linear(rng.random(), saturation, rng.uniform(*light))


def timber(rng: Random) -> Material:
    """Wood-like: warm hues, grain along one axis."""
    hue, saturation, value = rng.uniform(0.04, 0.11), rng.uniform(0.25, 0.65), rng.uniform(0.3, 0.85)
    dark = _linear(hue, min(1.0, saturation + 0.1), value * rng.uniform(0.6, 0.85))
    return Material(_linear(hue, saturation, value), dark, WOOD, rng.uniform(0.06, 0.16), _quarter(rng))


def fabric(
    rng: Random, light: tuple[float, float] = (0.12, 0.95), plain: float = 0.45, vivid: float = 0.75
) -> Material:
    """Any paint and any pattern; `plain` is the share without pattern."""
    first = paint(rng, light, vivid)
    if rng.random() < plain:
        return Material(first, first, PLAIN)
    second = paint(rng, light, vivid) if rng.random() < 0.6 else _shade(first, rng.uniform(0.45, 0.8))
    pattern = rng.choice((STRIPES, STRIPES, CHECKS, CLOUDS, CLOUDS, TILES, DOTS))
    angle = rng.choice((_quarter(rng), rng.uniform(0.0, 3.1)))
    return Material(first, second, pattern, rng.uniform(0.06, 0.35), angle)


def finish(rng: Random) -> Material:
    """What furniture is made of: wood, paint or cloth."""
    return timber(rng) if rng.random() < 0.35 else fabric(rng)


def scenery(rng: Random, glow: float = 0.0) -> Material:
    """A landscape with a horizon: what windows and some pictures show."""
    sky = _linear(rng.uniform(0.5, 0.65), rng.uniform(0.05, 0.5), rng.uniform(0.6, 1.0))
    land = _linear(rng.uniform(0.1, 0.45), rng.uniform(0.1, 0.6), rng.uniform(0.2, 0.7))
    return Material(sky, land, VIEW, rng.uniform(0.3, 0.8), 0.0, glow)


def _quarter(rng: Random) -> float:
    return rng.choice((0.0, float(np.pi / 2)))


def _shade(colour: Colour, by: float) -> Colour:
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def _linear(hue: float, saturation: float, value: float) -> Colour:
    r, g, b = colorsys.hsv_to_rgb(hue, saturation, value)
    return (r**2.2, g**2.2, b**2.2)


# --- what the colour is at a point


def albedo(table: Palette, rows: Ints, u: Floats, v: Floats, height: Floats, pixel: Floats) -> Floats:
    """Linear RGB (3, N) of N points on surfaces `rows`.

    `u`, `v` are metres along the surface, `height` is -1 at the foot of the solid and 1 at its top,
    `pixel` is the width in metres that one pixel covers there: patterns finer than that fade to their mean.
    """
    period = table.period[rows]
    u, v = u / period, v / period
    cosine, sine = table.turn[0, rows], table.turn[1, rows]
    u, v = cosine * u + sine * v, cosine * v - sine * u
    grain = _noise(u * np.float32(2.1), v * np.float32(2.1))
    share = _mixture(table.pattern[rows], u, v, height, grain)
    contrast = np.clip(np.float32(0.5) * period / pixel - np.float32(0.5), 0, 1)
    share = (share - np.float32(0.5)) * contrast + np.float32(0.5)
    first, second = table.first[:, rows], table.second[:, rows]
    tint = np.float32(0.86) + np.float32(0.28) * ((grain - np.float32(0.5)) * contrast + np.float32(0.5))
    return np.asarray((first + (second - first) * share) * tint, np.float32)


def _mixture(pattern: Ints, u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    """The share of the second colour at each point, in [0, 1]."""
    share = np.full(u.shape, 0.5, np.float32)
    for number, rule in _RULES.items():
        where = np.flatnonzero(pattern == number)
        if where.size:
            share[where] = rule(u[where], v[where], height[where], grain[where])
    return share


def _stripes(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    return np.asarray(u - np.floor(u) < 0.5, np.float32)


def _checks(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    return np.asarray(np.mod(np.floor(u) + np.floor(v), 2), np.float32)


def _clouds(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    coarse = _noise(u * np.float32(0.7) + np.float32(17), v * np.float32(0.7))
    return np.clip(np.float32(1.6) * (coarse + np.float32(0.5) * grain) - np.float32(0.7), 0, 1)


def _wood(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    bend = _noise(u * np.float32(0.9), v * np.float32(0.12))
    fibre = _noise(u * np.float32(6.0), v * np.float32(0.3))
    rings = np.sin(np.float32(6.2832) * (np.float32(0.6) * u + np.float32(1.8) * bend))
    return np.asarray(np.float32(0.3) + np.float32(0.25) * rings + np.float32(0.4) * fibre, np.float32)


def _tiles(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    return np.asarray((u - np.floor(u) < 0.07) | (v - np.floor(v) < 0.07), np.float32)


def _dots(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    across, along = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    return np.asarray(across**2 + along**2 < 0.08, np.float32)


def _view(u: Floats, v: Floats, height: Floats, grain: Floats) -> Floats:
    hills = np.float32(0.9) * _noise(u, np.zeros_like(u)) - np.float32(0.6)
    land = np.asarray(height < hills, np.float32)
    return land * (np.float32(0.7) + np.float32(0.3) * grain) + (1 - land) * np.float32(0.25) * grain


_RULES = {
    STRIPES: _stripes,
    CHECKS: _checks,
    CLOUDS: _clouds,
    WOOD: _wood,
    TILES: _tiles,
    DOTS: _dots,
    VIEW: _view,
}


def _noise(u: Floats, v: Floats) -> Floats:
    """Value noise in [0, 1] with cells of side 1: smoothed random values at the corners of a lattice."""
    left, low = np.floor(u), np.floor(v)
    a, b = u - left, v - low
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    i, j = left.astype(np.int32) & (_CELLS - 1), low.astype(np.int32) & (_CELLS - 1)
    i_next, j_row, j_next = (i + 1) & (_CELLS - 1), j * _CELLS, ((j + 1) & (_CELLS - 1)) * _CELLS
    bottom = _NOISE[j_row + i] * (1 - a) + _NOISE[j_row + i_next] * a
    top = _NOISE[j_next + i] * (1 - a) + _NOISE[j_next + i_next] * a
    return np.asarray(bottom * (1 - b) + top * b, np.float32)
