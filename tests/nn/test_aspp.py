"""The decoder of DeepLab v3."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtlc.nn.aspp import Aspp, ImagePooling

INPUTS = ((8, 4), (16, 8), (32, 16))


def levels(batch: int = 2) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(batch, c, 64 // s, 96 // s) for c, s in INPUTS]


def decoder(stride: int = 16, depth: int = 1, dilations: tuple[int, ...] = (6, 12, 18)) -> Aspp:
    torch.manual_seed(0)
    return Aspp(inputs=INPUTS, dim=6, dilations=dilations, depth=depth, stride=stride).eval()


@pytest.mark.parametrize("stride", [4, 16])
@torch.no_grad()
def test_it_is_every_branch_side_by_side_then_1x1_then_3x3(stride: int) -> None:
    part, read = decoder(stride), levels()
    x = read[[s for _, s in INPUTS].index(stride)]
    pooled = part.pool.norm(part.pool.conv(x.mean((2, 3), keepdim=True))).relu().expand(-1, -1, *x.shape[2:])
    stream, inner = part(read)
    project = part.project(torch.cat([*(branch(x) for branch in part.branches), pooled], 1))
    torch.testing.assert_close(inner, [project])
    torch.testing.assert_close(stream, part.blocks(project))
    assert stream.shape == (2, 6, *x.shape[2:])


@pytest.mark.parametrize("dilations", [(), (1,), (6, 12, 18)])
def test_there_is_a_3x3_for_each_dilation(dilations: tuple[int, ...]) -> None:
    convs = [branch[0] for branch in decoder(dilations=dilations).branches]
    assert [(conv.kernel_size, conv.dilation) for conv in convs] == [
        ((1, 1), (1, 1)),
        *(((3, 3), (rate, rate)) for rate in dilations),
    ]


def test_without_3x3_blocks_the_stream_is_the_inner_level() -> None:
    stream, inner = decoder(depth=0)(levels())
    assert torch.equal(stream, inner[0])


def test_spreading_the_mean_before_the_norm_changes_nothing() -> None:
    torch.manual_seed(0)
    part, x = ImagePooling(32, 6).train(), torch.randn(4, 32, 4, 6)
    behind = nn.BatchNorm2d(6).train()(part.conv(x.mean((2, 3), keepdim=True))).relu()
    torch.testing.assert_close(part(x), behind.expand(-1, -1, 4, 6))


def test_it_trains_on_a_batch_of_one_image() -> None:
    stream, _ = decoder().train()(levels(batch=1))
    assert stream.isfinite().all()
