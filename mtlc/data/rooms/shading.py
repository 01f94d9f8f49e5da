"""From hits to colours: lights with falloff and shadows, patterns, and the camera's answer to light."""

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms.materials import Floats, Ints, albedo
from mtlc.data.rooms.raycast import Hits, dot, take
from mtlc.data.rooms.scene import Camera, Light, Scene
from mtlc.data.rooms.shadows import shadowed
from mtlc.data.rooms.solids import BOX, Surfaces, Vector


def radiance(scene: Scene, hits: Hits, fine: tuple[int, int], pixel: float) -> Floats:
    """Linear RGB (3, N) that leaves each point of a `fine` grid; `pixel` is a pixel's width at one metre."""
    keys, of = _shared(hits, fine)
    table = scene.surfaces.materials
    u, v = _coordinates(scene.surfaces, hits)
    colour = albedo(table, hits.row, u, v, hits.unit[2], np.float32(pixel) * hits.depth)
    light = _light(scene, take(hits, keys))[:, of]
    return colour * (light + table.glow[hits.row])


def _light(scene: Scene, hits: Hits) -> Floats:
    """What reaches each point, (3, N)."""
    light = scene.ambient[:, None] * _openness(hits, scene.room)
    for lamp in scene.lights:
        light += lamp.colour[:, None] * _reach(scene.surfaces, lamp, hits)
    return light


def _shared(hits: Hits, fine: tuple[int, int]) -> tuple[Ints, Ints]:
    """Which rays have their light computed, and for each ray which of those serves it.

    Those through pixel centres are; a ray on a pixel's border takes the light of a centre beside it on the
    same face, and is computed itself where there is none.
    """
    key = (hits.row * 8 + hits.face).reshape(fine)
    i, j = np.arange(fine[0]), np.arange(fine[1])
    serves: Ints = np.arange(key.size).reshape(fine)
    near = [((n | 1).clip(1, n.size - 2), ((n - 1) | 1).clip(1, n.size - 2)) for n in (i, j)]
    for rows in near[0]:
        for columns in near[1]:
            cell = rows[:, None] * fine[1] + columns
            np.copyto(serves, cell, where=key == key.ravel()[cell])
    serves = serves.ravel()
    computed = np.flatnonzero(serves == np.arange(key.size))
    place = np.empty(key.size, np.intp)
    place[computed] = np.arange(computed.size)
    return computed, place[serves]


def _coordinates(surfaces: Surfaces, hits: Hits) -> tuple[Floats, Floats]:
    """Metres along the surface: the two axes of a box's face; around and up on anything round."""
    x, y, z = hits.unit * surfaces.half[:, hits.row]
    axis = np.where(surfaces.shape[hits.row] == BOX, hits.face // 2, 3)
    around = x + y
    u = np.where(axis == 0, y, np.where(axis == 3, around, x))
    return u, np.where(axis == 2, y, z)


def _openness(hits: Hits, room: Vector) -> Floats:
    """Ambient light gets lost in the room's corners, and comes more from above than from below."""
    free = np.float32(0.8) + np.float32(0.2) * hits.normal[2]
    for k in range(3):
        near = np.minimum(hits.point[k], np.float32(room[k]) - hits.point[k])
        free *= 1 - np.float32(0.35) * np.exp(near * np.float32(-3.5))
    return free


def _reach(surfaces: Surfaces, lamp: Light, hits: Hits) -> Floats:
    """The share of a lamp's light that each point receives, by angle, distance and shadow."""
    way = lamp.place[:, None] - hits.point
    square = dot(way, way)
    share = dot(way, hits.normal) / (np.sqrt(square) * (square + np.float32(0.4)))
    share *= surfaces.instance[hits.row] != lamp.owner
    lit = np.flatnonzero(share > np.float32(0.01))
    result = np.zeros_like(share)
    result[lit] = share[lit]
    dark = shadowed(surfaces, lamp.place, hits.point[:, lit], lamp.owner)
    result[lit[dark]] = 0
    return result


def develop(linear: Floats, camera: Camera, rng: np.random.Generator) -> Floats:
    """An image (H, W, 3) in [0, 1] from radiance on the half-pixel grid (3, 2H+1, 2W+1).

    Exposure to the mean, white balance, vignette, film curve, a tent filter over each pixel, noise.
    """
    brightness = float(linear.mean(dtype=np.float64)) + 1e-3
    gain = np.float32(camera.exposure / (brightness + 0.08))
    exposed = linear * (gain * np.array(camera.balance, np.float32))[:, None, None]
    exposed *= _vignette(linear.shape[1], linear.shape[2], camera.vignette)
    film = (1 - np.exp(-exposed)) ** np.float32(1 / 2.2)
    image = _tent(_tent(film).swapaxes(1, 2)).transpose(2, 1, 0)
    image = image + np.float32(camera.noise) * rng.standard_normal(image.shape, np.float32)
    return np.ascontiguousarray(np.clip(image, 0, 1), np.float32)


def _vignette(h: int, w: int, strength: float) -> Floats:
    y, x = np.linspace(-1, 1, h, dtype=np.float32), np.linspace(-1, 1, w, dtype=np.float32)
    return 1 - np.float32(strength / 2) * (x[None, :] ** 2 + y[:, None] ** 2)


def _tent(grid: NDArray[np.float32]) -> Floats:
    """Halve axis 1 of (3, 2n+1, m): each pixel is its centre sample and half of the two on its borders."""
    return np.float32(0.25) * (grid[:, :-1:2] + grid[:, 2::2]) + np.float32(0.5) * grid[:, 1::2]
