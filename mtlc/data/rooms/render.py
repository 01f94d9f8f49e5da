"""The data set `rooms`: procedural indoor scenes whose image and labels all come from one geometry.

The world is in metres, z up. The camera frame is x right, y down, z forward. Pixel (i, j), row and column,
has its centre at (j + 0.5, i + 0.5). Rays are cast on the half-pixel grid, borders of pixels included:
labels are what the ray through a pixel's centre meets, the image is a weighted mean of the pixel's nine rays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms.materials import Floats
from mtlc.data.rooms.raycast import Hits, View, cast, dot
from mtlc.data.rooms.scene import Path, sample
from mtlc.data.rooms.shading import develop, radiance
from mtlc.data.rooms.solids import Surfaces
from mtlc.parts.rooms_classes import CLASSES, THINGS

CREASE = np.float32(np.cos(np.radians(25.0)))  # surfaces that meet at more than 25° form an edge
STEP = 0.01  # metres that surfaces of one thing must lie apart to form an edge
LEAST = 0.004  # share of the image that a salient thing covers at least
FIRST_THING = CLASSES.index(THINGS[0])  # this class and all after it are things


@dataclass(frozen=True)
class Frame:
    """One rendered frame; H × W is the size asked for.

    image: float32 (H, W, 3), RGB in [0, 1].
    semseg: int64 (H, W), index into CLASSES; every pixel has a class.
    depth: float32 (H, W), metres along the optical axis (z, not the length of the ray).
    normals: float32 (H, W, 3), unit vectors in the camera frame, facing the camera (their dot product with
        the pixel's ray is negative).
    edges: float32 (H, W), 1 where a border of surfaces passes through the pixel's square: between two
        things, two classes, faces of one thing that meet at more than 25°, or faces of one thing more than
        1 cm apart. A pattern or a shadow is no edge.
    saliency: float32 (H, W), 1 on the visible part of one thing (table, chair, …, object: not the room, its
        openings, pictures or rugs): the one with the greatest sum over its pixels of exp(-3 r²), r the
        distance from the image's centre as a share of the half diagonal; all 0 if it covers less than 0.4 %.
    pose: float64 (4, 4), camera to world.
    intrinsics: float64 (3, 3), K in pixels.
    """

    image: Floats
    semseg: NDArray[np.int64]
    depth: Floats
    normals: Floats
    edges: Floats
    saliency: Floats
    pose: NDArray[np.float64]
    intrinsics: NDArray[np.float64]


def render(seed: int, scene: int, frame: int, height: int, width: int) -> Frame:
    """Frame `frame` of scene `scene` of the data set `seed`; equal arguments give equal bits in any order.

    `frame` is the position on the scene's camera path, any whole number; neighbours differ by a few
    centimetres and about a degree.
    """
    world = sample(seed, scene)
    pose, intrinsics = _pose(world.path, frame), _intrinsics(world.path, height, width)
    hits = cast(world.surfaces, _view(pose, intrinsics, height, width))
    fine = (2 * height + 1, 2 * width + 1)
    colour = radiance(world, hits, fine, 1 / intrinsics[0, 0])
    centre = np.arange(fine[0] * fine[1]).reshape(fine)[1::2, 1::2]
    row = hits.row[centre]
    normal, axes = hits.normal[:, centre], pose[:3, :3].T.astype(np.float32)
    rng = np.random.Generator(np.random.PCG64(_entropy(seed, scene, frame)))
    return Frame(
        image=develop(colour.reshape(3, *fine), world.camera, rng),
        semseg=world.surfaces.label[row].astype(np.int64),
        depth=hits.depth[centre],
        normals=np.stack([dot(normal, axis) for axis in axes], axis=2),
        edges=_edges(world.surfaces, hits, fine),
        saliency=_saliency(world.surfaces, row),
        pose=pose,
        intrinsics=intrinsics,
    )


def _entropy(*numbers: int) -> list[int]:
    """Whole numbers of either sign as what NumPy takes as a seed."""
    return [2 * abs(n) + (n < 0) for n in numbers]


# --- the camera


def _pose(path: Path, frame: int) -> NDArray[np.float64]:
    eye, forward = path.eye.at(frame), path.target.at(frame) - path.eye.at(frame)
    forward = forward / np.linalg.norm(forward)
    level = np.array([forward[1], -forward[0], 0.0]) / np.hypot(forward[0], forward[1])
    down = np.cross(forward, level)
    c, s = np.cos(path.roll), np.sin(path.roll)
    pose = np.eye(4)
    pose[:3] = np.stack([c * level + s * down, c * down - s * level, forward, eye], axis=1)
    return pose


def _intrinsics(path: Path, height: int, width: int) -> NDArray[np.float64]:
    focal = path.focal * max(height, width)
    return np.array([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])


def _view(pose: NDArray[np.float64], k: NDArray[np.float64], height: int, width: int) -> View:
    """Rays through the corners, the middles of the sides and the centres of all pixels."""
    right, down, forward, eye = pose[:3].astype(np.float32).T
    u = (np.arange(2 * width + 1) / 2 - k[0, 2]) / k[0, 0]
    v = (np.arange(2 * height + 1) / 2 - k[1, 2]) / k[1, 1]
    return View(eye, right, down, forward, u.astype(np.float32), v.astype(np.float32))


# --- labels that need more than one ray


def _edges(surfaces: Surfaces, hits: Hits, fine: tuple[int, int]) -> Floats:
    """Mark the pixels whose nine rays meet surfaces with a border between neighbours."""
    key = (hits.row * 8 + hits.face).reshape(fine)
    index = np.arange(key.size).reshape(fine)
    across = np.zeros((fine[0], fine[1] - 1), np.bool_)
    along = np.zeros((fine[0] - 1, fine[1]), np.bool_)
    for border, a, b in (
        (across, (slice(None), slice(-1)), (slice(None), slice(1, None))),
        (along, (slice(-1), slice(None)), (slice(1, None), slice(None))),
    ):
        where = np.flatnonzero(key[a] != key[b])
        border.ravel()[where] = _is_border(surfaces, hits, index[a].ravel()[where], index[b].ravel()[where])
    across = across[:, 0::2] | across[:, 1::2]
    along = along[0::2] | along[1::2]
    inside = across[:-1:2] | across[1::2] | across[2::2] | along[:, :-1:2] | along[:, 1::2] | along[:, 2::2]
    return inside.astype(np.float32)


def _is_border(surfaces: Surfaces, hits: Hits, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the surfaces of two neighbouring rays are parted by an edge."""
    things = surfaces.instance[hits.row[a]] != surfaces.instance[hits.row[b]]
    classes = surfaces.label[hits.row[a]] != surfaces.label[hits.row[b]]
    first, second = hits.normal[:, a], hits.normal[:, b]
    gap = hits.point[:, b] - hits.point[:, a]
    bend = dot(first, second) < CREASE
    apart = np.maximum(np.abs(dot(gap, first)), np.abs(dot(gap, second))) > STEP
    return np.asarray(things | classes | bend | apart, np.bool_)


def _saliency(surfaces: Surfaces, row: NDArray[np.intp]) -> Floats:
    height, width = row.shape
    y, x = (np.arange(height) + 0.5 - height / 2)[:, None], (np.arange(width) + 0.5 - width / 2)[None, :]
    weight = np.exp(-3 * (x**2 + y**2) / ((height**2 + width**2) / 4))
    thing = np.where(surfaces.label[row] >= FIRST_THING, surfaces.instance[row], 0)
    score = np.bincount(thing.ravel(), weight.ravel())
    score[0] = 0
    salient = (thing == score.argmax()) & (score.max() > 0)
    return np.asarray(salient & (salient.mean() >= LEAST), np.float32)
