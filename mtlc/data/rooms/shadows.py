"""Which points a light does not reach, by rays that stop at the first thing in their way."""

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms.materials import Floats
from mtlc.data.rooms.raycast import INTO, apply, largest, smallest
from mtlc.data.rooms.solids import Bound, Surfaces

_SHORT = np.float32(0.998)  # a shadow ray ends just before the point, which would else shade itself


def shadowed(scene: Surfaces, light: Floats, points: Floats, owner: int) -> NDArray[np.bool_]:
    """Whether a solid stands between a light (3,) and each of the points (3, N).

    Instance `owner`, the lamp itself, casts no shadow.
    """
    dark = np.zeros(points.shape[1], np.bool_)
    way = points - light[:, None]
    with np.errstate(all="ignore"):
        inverse = 1 / way
        for bound in scene.bounds:
            if bound.instance != owner:
                _darken(scene, bound, light, way, inverse, dark)
    return dark


def _darken(
    scene: Surfaces, bound: Bound, light: Floats, way: Floats, inverse: Floats, dark: NDArray[np.bool_]
) -> None:
    """Add the shadow of one instance; only segments that cross its bounding box are tried on its solids."""
    one, other = (bound.low - light)[:, None] * inverse, (bound.high - light)[:, None] * inverse
    enter, leave = largest(np.minimum(one, other)), smallest(np.maximum(one, other))
    crossing = np.flatnonzero((enter <= leave) & (enter < 1) & (leave > 0) & ~dark)
    if not crossing.size:
        return
    way = way[:, crossing]
    blocked = np.zeros(crossing.size, np.bool_)
    for shape, rows in bound.shapes:
        to_unit = scene.to_unit[:, :, rows]
        o = apply(to_unit, light[:, None] - scene.centre[:, rows])
        d = apply(to_unit[..., None], way[:, None, :])
        enter = INTO[shape](o[..., None], d, scene.ends[:, rows, None])
        blocked |= (enter < _SHORT).any(axis=0)
    dark[crossing] = blocked
