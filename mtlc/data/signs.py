"""Which way stored normals point, read off the depth of the same images: files seldom say it.

On a plane n·P = c that faces the camera n·P < 0 along every ray, and log depth grows to the right exactly where
n points to the right: d log Z / du = -n_x / (f n·r) with the ray r. So without knowing the camera, the x of normals has
the sign of depth's growth to the right, their y that of its growth downwards, and their z is below 0.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mtlc.data.files import Array

_STEP = 2  # pixels on either side
_SAME_SURFACE = 0.1  # largest difference of log depth


def flipped_axes(pairs: Iterable[tuple[Array, Array]]) -> tuple[int, ...]:
    """The axes (0, 1, 2) of normals whose sign is to change, so that x points right, y down and z into the scene.

    `pairs` are normals (H×W×3, zero = unknown) and the depth (H×W, 0 = not measured) of some images; an axis
    of which they show nothing stays.
    """
    votes = sum((_votes(normal, depth) for normal, depth in pairs), np.zeros(3))
    return tuple(axis for axis in range(3) if votes[axis] < 0)


def _votes(normal: Array, depth: Array) -> Array:
    """For each axis, how much speaks for the sign as it is (above 0) or against it."""
    normal = np.nan_to_num(normal.astype(np.float64), posinf=0, neginf=0)
    growth = (_growth(depth.T).T, _growth(depth))
    return np.array([*((normal[..., axis] * growth[axis]).sum() for axis in (0, 1)), -normal[..., 2].sum()])


def _growth(depth: Array) -> Array:
    """How much log depth grows downwards, 0 where that is not known or another surface begins."""
    with np.errstate(all="ignore"):
        log = np.where(depth > 0, np.log(depth.astype(np.float64)), np.nan)
    growth = np.zeros(depth.shape)
    growth[_STEP:-_STEP] = log[2 * _STEP :] - log[: -2 * _STEP]
    return np.where(np.abs(growth) < _SAME_SURFACE, growth, 0)
