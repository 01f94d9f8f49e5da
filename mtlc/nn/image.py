"""What an encoder asks of its image, so that another tensor is refused where it comes in and not deep inside."""

from __future__ import annotations

import torch
from torch import Tensor


def checked(image: Tensor) -> Tensor:
    """The image itself. Raises `ValueError` unless it is B×3×H×W of floating-point numbers.

    It asks for kind and shape alone, which cost nothing: a tracer is let through, a compiler settles it once.
    """
    if isinstance(image, Tensor):
        if image.dim() != 4 or image.shape[1] != 3:
            shape = " x ".join(map(str, image.shape))
            hint = "; one image alone is image[None]" if image.dim() == 3 else ""
            raise ValueError(f"images are B x 3 x H x W, not {shape}{hint}")
        if not torch.is_floating_point(image):
            raise ValueError(f"images hold numbers from 0 to 1, not {image.dtype}; write image / 255")
    return image
