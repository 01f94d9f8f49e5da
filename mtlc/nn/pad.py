"""Padding of images to a multiple of the coarsest stride, and the cut that takes it off again."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def pad(image: Tensor, multiple: int) -> Tensor:
    """Zeros at the bottom and the right of B×C×H×W, so that H and W are multiples of `multiple`.

    Only arithmetic on the shape, without branches: it traces symbolically and exports at any size.
    """
    height, width = image.shape[2], image.shape[3]
    return F.pad(image, (0, -width % multiple, 0, -height % multiple))


def cut(padded: Tensor, image: Tensor) -> Tensor:
    """The top left part of B×C×H'×W' that has the height and width of `image`."""
    return padded[:, :, : image.shape[2], : image.shape[3]]
