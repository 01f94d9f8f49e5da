"""Normals of the surface that a depth map shows, from the camera's geometry.

Depth is smoothed by a median, each pixel is put where it lies in space, and the normal is the cross product
of the differences between its neighbours left and right and above and below. Nothing is known where one of
them was not measured, or lies so much nearer or farther that another surface begins between them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtlc.data.errors import DataError
from mtlc.manifest import Camera, Surface

Array = NDArray[np.float64]
Numbers = tuple[float, float, float, float]


def normals(depth: NDArray[np.floating], camera: Numbers, how: Surface) -> NDArray[np.float32]:
    """3×H×W unit vectors of a depth map (H×W, metres, 0 = not measured); the zero vector where unknown.

    `camera` is fx, fy, cx, cy in pixels of this map. x points right, y down, z into the scene; every normal
    points to the camera, so that a wall that faces it has (0, 0, -1). Neighbours are `how.step` pixels apart,
    the pixel in their middle.
    """
    smooth = median(depth.astype(np.float64), how.median)
    points = back_projected(smooth, camera)
    sides = [_moved(points, *shift) for shift in _shifts(how.step)]
    left, right, above, below = sides
    normal = np.cross(below - above, right - left, axis=0)
    normal *= -np.sign((normal * points).sum(0))
    length = np.linalg.norm(normal, axis=0)
    known = (smooth > 0) & (length > 0)
    for side in sides:
        known &= (side[2] > 0) & (np.abs(side[2] - smooth) <= how.jump * smooth)
    return np.where(known, normal / np.where(known, length, 1), 0).astype(np.float32)


def median(depth: Array, window: int) -> Array:
    """The median of what was measured in a window around each pixel; what was not measured stays 0."""
    if window == 1:
        return depth
    padded = np.pad(np.where(depth > 0, depth, np.inf), window // 2, constant_values=np.inf)
    views = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    ordered = np.sort(views.reshape(*depth.shape, -1), axis=-1)
    middle = np.maximum(np.isfinite(ordered).sum(-1) - 1, 0) // 2
    found = np.take_along_axis(ordered, middle[..., None], -1)[..., 0]
    return np.where(depth > 0, found, 0)


def back_projected(depth: Array, camera: Numbers) -> Array:
    """3×H×W: where in space each pixel of a depth map lies."""
    fx, fy, cx, cy = camera
    rows, columns = np.indices(depth.shape)
    return np.stack([(columns - cx) / fx * depth, (rows - cy) / fy * depth, depth])


def camera_for(camera: Camera, root: Path, id: str, size: tuple[int, int]) -> Numbers:
    """fx, fy, cx, cy for an image's maps of a height and width. Raises `DataError`."""
    numbers = camera.numbers or _from_file(root / (camera.file or "").replace("{id}", id))
    height, width = camera.size or size
    return scaled(numbers, size[1] / width, size[0] / height)


def scaled(numbers: Numbers, across: float, down: float) -> Numbers:
    """The camera of a map resized by these factors; pixel centres, not corners, are whole numbers."""
    fx, fy, cx, cy = numbers
    return fx * across, fy * down, (cx + 0.5) * across - 0.5, (cy + 0.5) * down - 0.5


def _shifts(step: int) -> tuple[tuple[int, int], ...]:
    """Where the neighbours lie (rows, columns): left, right, above, below."""
    near, far = step // 2, step - step // 2
    return (0, -near), (0, far), (-near, 0), (far, 0)


def _moved(points: Array, down: int, right: int) -> Array:
    """What lies so many pixels further down and right; nothing beyond the border."""
    height, width = points.shape[-2:]
    moved = np.zeros_like(points)
    rows, columns = _overlap(down, height), _overlap(right, width)
    moved[:, rows[0], columns[0]] = points[:, rows[1], columns[1]]
    return moved


def _overlap(shift: int, length: int) -> tuple[slice, slice]:
    return (
        slice(max(0, -shift), max(0, length - max(0, shift))),
        slice(max(0, shift), max(0, length + min(0, shift))),
    )


def _from_file(path: Path) -> Numbers:
    """The camera matrix in a text file: nine numbers, row by row."""
    hint = "it takes the 3 x 3 camera matrix as text: fx 0 cx, 0 fy cy, 0 0 1"
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"the camera is not there: looked for `{path}`", "correct `camera.file`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the camera cannot be read: `{path}` ({error})", hint) from None
    try:
        matrix = [float(each) for each in text.replace(",", " ").split()]
    except ValueError:
        matrix = []
    if len(matrix) != 9 or not np.isfinite(matrix).all() or matrix[0] <= 0 or matrix[4] <= 0:
        raise DataError(f"`{path}` holds no camera matrix", hint)
    fx, _, cx, _, fy, cy, *_ = matrix
    return fx, fy, cx, cy
