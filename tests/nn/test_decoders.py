"""Decoders."""

import pytest
import torch
import torch.nn.functional as F

from mtlc.nn.decoders import ConvUp, Linear

INPUTS = ((4, 2), (8, 4), (16, 8), (32, 16))


def levels() -> list[torch.Tensor]:
    return [torch.randn(2, c, 64 // s, 96 // s) for c, s in INPUTS]


@pytest.mark.parametrize("strides", [(4, 8, 16), (4,), (8, 16), (2, 16)])
def test_inner_levels_are_one_per_stride_read_and_the_stream_is_as_fine_as_the_finest(
    strides: tuple[int, ...],
) -> None:
    for decoder in (
        ConvUp(inputs=INPUTS, dim=6, depth=2, levels=strides, norm="batch"),
        Linear(inputs=INPUTS, dim=6, levels=strides),
    ):
        stream, inner = decoder(levels())
        assert [tuple(x.shape) for x in inner] == [(2, 6, 64 // s, 96 // s) for s in strides]
        assert stream.shape == inner[0].shape


def test_each_inner_level_is_its_own_1x1_plus_all_coarser_ones() -> None:
    decoder = ConvUp(inputs=INPUTS, dim=6, depth=1, levels=(4, 8, 16), norm="batch")
    read = levels()
    _, inner = decoder(read)
    a, b, c = (conv(x) for conv, x in zip(decoder.sums.lateral, read[1:], strict=True))
    b = b + F.interpolate(c, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(inner, [a + F.interpolate(b, scale_factor=2, mode="bilinear"), b, c])


def test_the_inner_levels_are_what_they_were_before_the_blocks() -> None:
    decoder = ConvUp(inputs=INPUTS, dim=6, depth=1, levels=(4, 8), norm="batch")
    read = levels()
    stream, inner = decoder(read)
    torch.testing.assert_close(inner, decoder.sums(read))
    torch.testing.assert_close(stream, decoder.blocks(inner[0]))
    assert not torch.equal(stream, inner[0])


def test_linear_streams_the_finest_sum() -> None:
    stream, inner = Linear(inputs=INPUTS, dim=6, levels=(4, 8))(levels())
    assert torch.equal(stream, inner[0])
