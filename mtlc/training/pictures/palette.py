"""The colours: one for each class, a ramp from near to far, and one for what is absent."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mtlc.training.pictures.oklab import from_rgb, to_rgb

Table = NDArray[np.uint8]

ABSENT = (48, 48, 52)

# Mostly of Okabe and Ito (2008), reordered. The first is pale: it is often the background, or walls. Any two
# of the ten, and ABSENT, stay apart for readers with protanopia or deuteranopia.
FIRST = [
    (205, 212, 222),
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
    (68, 51, 170),
    (133, 92, 60),
]
NEAR_TO_FAR = [(253, 242, 178), (251, 196, 96), (236, 126, 88), (190, 74, 128), (112, 62, 152), (44, 52, 112)]
# Further class colours show on paper and beside ABSENT, and do not glare.
LIGHTEST, DARKEST, STRONGEST = 0.93, 0.38, 0.19


@lru_cache
def class_colours(classes: int) -> Table:
    """classes×3: the first ten by hand; each further one is as far as possible from all before it."""
    chosen = [*FIRST, ABSENT]
    lattice = _lattice()
    lab = from_rgb(lattice)
    nearest = _distances(lab, from_rgb(np.array(chosen, np.float64))).min(1)
    for _ in range(classes - len(FIRST)):
        best = int(nearest.argmax())
        chosen.append(tuple(lattice[best]))
        nearest = np.minimum(nearest, _distances(lab, lab[best : best + 1])[:, 0])
    chosen.remove(ABSENT)
    return np.array(chosen[:classes], np.uint8)


@lru_cache
def depth_colours() -> Table:
    """256×3 from near (pale yellow) to far (dark blue), of evenly falling lightness."""
    lab = from_rgb(np.array(NEAR_TO_FAR, np.float64))
    lightness = np.linspace(lab[0, 0], lab[-1, 0], 256)
    falling = lab[::-1]  # np.interp wants rising positions
    return to_rgb(np.stack([np.interp(lightness, falling[:, 0], falling[:, i]) for i in range(3)], axis=1))


@lru_cache
def grey_colours() -> Table:
    """256×3 from black to white."""
    return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def _lattice() -> NDArray[np.float64]:
    """Every colour that a class may have."""
    steps = np.arange(0, 256, 15)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3).astype(np.float64)
    lab = from_rgb(colours)
    lightness, strength = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    return colours[(lightness > DARKEST) & (lightness < LIGHTEST) & (strength < STRONGEST)]


def _distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    apart: NDArray[np.float64] = np.linalg.norm(one[:, None] - other[None], axis=-1)
    return apart
