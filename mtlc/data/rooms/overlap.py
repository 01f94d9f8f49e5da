"""Where the pixels of one frame lie in another of the same scene: depth and poses at work."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtlc.data.rooms.render import Frame


@dataclass(frozen=True)
class Overlap:
    """What one frame's pixels are in another frame of the same scene; all (H, W) of the first.

    row, column: the pixel of the second frame in which each point lies, clipped to the image.
    distance: metres from the point to the tangent plane of the second frame's surface there.
    visible: the point is in the second image and not behind another surface.
    """

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    distance: NDArray[np.float64]
    visible: NDArray[np.bool_]


def points(frame: Frame) -> NDArray[np.float64]:
    """The world point (H, W, 3) that each pixel's centre shows, from depth, intrinsics and pose."""
    camera = _rays(frame) * frame.depth[..., None]
    return np.asarray(camera @ frame.pose[:3, :3].T + frame.pose[:3, 3], np.float64)


def _rays(frame: Frame) -> NDArray[np.float64]:
    """(H, W, 3): the ray of each pixel in the camera frame, with z = 1."""
    height, width = frame.depth.shape
    j, i = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.asarray(
        np.stack([j, i, np.ones_like(i)], axis=2) @ np.linalg.inv(frame.intrinsics).T, np.float64
    )


def overlap(first: Frame, second: Frame, tolerance: float = 0.03) -> Overlap:
    """Warp the first frame's pixels into the second by depth, intrinsics and poses.

    A point more than `tolerance` metres behind the second frame's surface counts as hidden.
    """
    camera = (points(first) - second.pose[:3, 3]) @ second.pose[:3, :3]
    ahead = camera[..., 2] > 1e-6
    pixel = camera @ second.intrinsics.T / np.where(ahead, camera[..., 2], 1.0)[..., None]
    height, width = second.depth.shape
    column, row = np.floor(pixel[..., 0]).astype(np.intp), np.floor(pixel[..., 1]).astype(np.intp)
    within = ahead & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    column, row = np.clip(column, 0, width - 1), np.clip(row, 0, height - 1)
    surface = (_rays(second) * second.depth[..., None])[row, column]
    distance = np.abs(((camera - surface) * second.normals[row, column]).sum(axis=2))
    behind = camera[..., 2] - surface[..., 2] > tolerance
    return Overlap(row, column, distance, within & ~behind)
