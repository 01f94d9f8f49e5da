"""OKLab, a colour space where distance is close to how different two colours look (Ottosson, 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def from_rgb(rgb: Array) -> Array:
    """...×3 sRGB of 0 to 255 as lightness (0 to 1), green to red, blue to yellow."""
    share = np.asarray(rgb, dtype=np.float64) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    lab: Array = np.cbrt(light @ CONES.T) @ LAB.T
    return lab


def to_rgb(lab: Array) -> NDArray[np.uint8]:
    """The nearest sRGB of 0 to 255."""
    light = np.clip((lab @ np.linalg.inv(LAB).T) ** 3 @ np.linalg.inv(CONES).T, 0, 1)
    share = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(share * 255).astype(np.uint8)
