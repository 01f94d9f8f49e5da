"""What stands between streams of unlike shapes: the way to another stride and width, and the way back."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def rescale(stream: Tensor, stride: int, to_stride: int) -> Tensor:
    """B×C×h×w of one stride, bilinearly at another; exact in integers, as padded images divide by both."""
    height, width = stream.shape[2] * stride // to_stride, stream.shape[3] * stride // to_stride
    return F.interpolate(stream, size=(height, width), mode="bilinear")


class Fit(nn.Module):
    """Bilinear from `stride` to `to_stride`, then 1×1 from `channels` to `dim`, each where they differ."""

    def __init__(self, *, channels: int, dim: int, stride: int, to_stride: int) -> None:
        super().__init__()
        self.strides = stride, to_stride
        self.project = nn.Identity() if channels == dim else nn.Conv2d(channels, dim, 1, bias=False)

    def forward(self, stream: Tensor) -> Tensor:
        if self.strides[0] != self.strides[1]:
            stream = rescale(stream, *self.strides)
        return self.project(stream)


class GiveBack(nn.Module):
    """A part's change to a stream that it read through a `Fit`: stream + back(written − read).

    `stream` is B×channels×h×w at `stride`; `written` and `read` are B×dim×h'×w' at stride `at`. `back` is a
    `Fit` without bias, so that a part that changes nothing changes nothing here either.
    """

    def __init__(self, *, channels: int, dim: int, stride: int, at: int) -> None:
        super().__init__()
        self.back = Fit(channels=dim, dim=channels, stride=at, to_stride=stride)

    def forward(self, stream: Tensor, written: Tensor, read: Tensor) -> Tensor:
        return stream + self.back(written - read)
