"""The convolutions that the modules share: one with He's first weights, and convolution, batch norm, ReLU."""

from __future__ import annotations

from torch import nn


def conv(channels: int, dim: int, kernel: int = 1, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A convolution that keeps the size (divided by `stride`), with the first weights of He et al. (2015).

    torch's own first weights are 2.4 times smaller; heads then take many more steps to tell rare classes apart.
    """
    made = nn.Conv2d(channels, dim, kernel, stride=stride, padding=kernel // 2, bias=bias)
    nn.init.kaiming_normal_(made.weight, nonlinearity="relu")
    if bias:
        nn.init.zeros_(made.bias)
    return made


class ConvNorm(nn.Sequential):
    """A `kernel`×`kernel` convolution that keeps the size (divided by `stride`), batch norm, ReLU."""

    def __init__(self, channels: int, dim: int, *, kernel: int, stride: int = 1) -> None:
        super().__init__(
            conv(channels, dim, kernel, stride=stride, bias=False),
            nn.BatchNorm2d(dim),
            nn.ReLU(inplace=True),
        )
