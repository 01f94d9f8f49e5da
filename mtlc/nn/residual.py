"""The residual block of He et al. 2016, for whatever needs more than one convolution."""

from __future__ import annotations

from torch import Tensor, nn

from .conv import ConvNorm


class Residual(nn.Module):
    """ReLU(x + norm(3×3(ReLU(norm(3×3(x)))))): B×channels×h×w to B×dim×h×w.

    Where the widths differ, x goes through 1×1 and norm first.
    """

    def __init__(self, channels: int, dim: int) -> None:
        super().__init__()
        self.body = nn.Sequential(ConvNorm(channels, dim, kernel=3), *_linear(dim, dim, kernel=3))
        self.skip = nn.Identity() if channels == dim else nn.Sequential(*_linear(channels, dim, kernel=1))

    def forward(self, x: Tensor) -> Tensor:
        return (self.skip(x) + self.body(x)).relu()


def _linear(channels: int, dim: int, *, kernel: int) -> tuple[nn.Module, nn.Module]:
    """Convolution and norm without the ReLU."""
    return nn.Conv2d(channels, dim, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(dim)
