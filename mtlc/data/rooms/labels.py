"""What `rooms` says of a whole image; labels only, no pixel depends on it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mtlc.data.rooms.render import FIRST_THING, Frame


def largest(frame: Frame) -> Tensor | None:
    """The kind of thing (an index into THINGS, int64) that covers most pixels; None with nothing in view.

    All things of one kind count together.
    """
    pixels = np.bincount(frame.semseg.ravel())[FIRST_THING:]
    return torch.tensor(int(pixels.argmax())) if pixels.any() else None


def camera(frame: Frame) -> Tensor:
    """float32 2: metres above the floor, and the angle in radians from the horizon down to the optical axis."""
    height, up = frame.pose[2, 3], frame.pose[2, 2]
    return torch.tensor([height, np.arcsin(-up)], dtype=torch.float32)
