"""The encoder of our own: small enough to train on a laptop, four levels at strides 4, 8, 16 and 32."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .conv import ConvNorm
from .image import checked
from .pad import pad


class Tiny(nn.Module):
    """RGB in [0, 1], B×3×H×W, to four levels of `width` times 1, 2, 4, 8 channels, finest first.

    The image is centred, then padded with zeros to a multiple of `multiple` pixels. 0.43 M parameters at
    width 24. With `stages` it computes only these (from 1); without the first it reads the levels of those
    before, and passes them on. With `taps` it also gives what the block of each stage reads.
    """

    def __init__(self, *, width: int, stages: Sequence[int] | None, taps: bool, multiple: int) -> None:
        super().__init__()
        stages = stages or (1, 2, 3, 4)
        self.multiple, self.taps, self.first = multiple, taps, stages[0] == 1
        if self.first:
            self.stem = ConvNorm(3, width, kernel=3, stride=2)
        widths = [width, *(width * 2**i for i in range(4))]
        self.stages = nn.ModuleList(_stage(widths[i - 1], widths[i]) for i in stages)

    def forward(self, x: Tensor | list[Tensor]) -> list[Tensor] | tuple[list[Tensor], list[Tensor]]:
        levels, taps = [] if self.first else list(x), []
        x = self.stem(pad((checked(x) - 0.5) / 0.25, self.multiple)) if self.first else levels[-1]
        for smaller, block in self.stages:
            taps.append(smaller(x))
            x = block(taps[-1])
            levels.append(x)
        return (levels, taps) if self.taps else levels


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
