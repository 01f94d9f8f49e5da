"""The encoder of our own: small enough to train on a laptop, four levels at strides 4, 8, 16 and 32."""

from __future__ import annotations

from torch import Tensor, nn

from .conv import ConvNorm
from .pad import pad


class Tiny(nn.Module):
    """RGB in [0, 1], B×3×H×W, to four levels of `width` times 1, 2, 4, 8 channels, finest first.

    The image is centred, then padded with zeros to a multiple of `multiple` pixels. 0.43 M parameters at
    width 24.
    """

    def __init__(self, *, width: int, multiple: int) -> None:
        super().__init__()
        self.multiple = multiple
        self.stem = ConvNorm(3, width, kernel=3, stride=2)
        widths = [width * 2**i for i in range(4)]
        self.stages = nn.ModuleList(_stage(a, b) for a, b in zip([width, *widths], widths, strict=False))

    def forward(self, image: Tensor) -> list[Tensor]:
        levels = [self.stem(pad((image - 0.5) / 0.25, self.multiple))]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        return levels[1:]


def _stage(channels: int, width: int) -> nn.Module:
    return nn.Sequential(ConvNorm(channels, width, kernel=3, stride=2), Block(width))


class Block(nn.Module):
    """A residual block: 3×3 per channel to look around, 1×1 to twice the width and back to think."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
            nn.BatchNorm2d(width),
            nn.Conv2d(width, 2 * width, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(2 * width, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)
