"""The encoder of our own."""

import torch
from torch import nn

from mtlc.nn.tiny import Tiny


def test_at_its_default_width_it_has_less_than_half_a_million_parameters() -> None:
    assert sum(p.numel() for p in Tiny(width=24, stages=None, taps=False, multiple=32).parameters()) < 500_000


def test_its_levels_double_in_width_and_stride_at_any_image_size() -> None:
    for height, width in ((64, 96), (65, 33)):
        levels = Tiny(width=8, stages=None, taps=False, multiple=32)(torch.rand(2, 3, height, width))
        h, w = (-(-x // 32) * 32 for x in (height, width))
        assert [tuple(x.shape) for x in levels] == [
            (2, 8 * 2**i, h // (4 * 2**i), w // (4 * 2**i)) for i in range(4)
        ]


def test_padding_is_worth_as_much_as_mid_grey() -> None:
    encoder = Tiny(width=8, stages=None, taps=False, multiple=32).eval()
    image = torch.rand(1, 3, 40, 40)
    grey = nn.functional.pad(image, (0, 24, 0, 24), value=0.5)
    torch.testing.assert_close(encoder(image), encoder(grey))
