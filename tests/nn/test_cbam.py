"""The gate over channels and places."""

import torch

from mtlc.nn.cbam import Cbam


def test_it_equals_the_formula() -> None:
    part, x = Cbam(8, 4), torch.randn(2, 8, 5, 6)
    wide, first, narrow = part.channel[0], part.channel[1], part.channel[2]
    pooled = [x.flatten(2).mean(2), x.flatten(2).max(2).values]
    channel = torch.sigmoid(sum(narrow(first(wide(p))) for p in pooled))
    y = x * channel[..., None, None]
    places = part.place(torch.stack([y.max(1).values, y.mean(1)], 1))
    torch.testing.assert_close(part(x), y * torch.sigmoid(places))


def test_it_only_ever_shrinks() -> None:
    x = torch.randn(2, 8, 5, 6)
    assert (Cbam(8, 16)(x).abs() <= x.abs()).all()
