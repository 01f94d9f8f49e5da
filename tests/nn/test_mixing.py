"""Cross-stitch and NDDR: what their papers' formulas promise."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.nn.cross_stitch import CrossStitch
from mtlc.nn.nddr import Nddr


def maps(count: int, channels: int = 4) -> list[Tensor]:
    return [torch.randn(2, channels, 6, 5) for _ in range(count)]


def stitch(count: int = 3, own: float = 0.9, other: float = 0.1, per: str = "channel") -> CrossStitch:
    return CrossStitch(dim=4, streams=count, own=own, other=other, per=per, level=None)


def nddr(count: int = 3, own: float = 0.9, other: float = 0.1) -> Nddr:
    return Nddr(dim=4, streams=count, own=own, other=other, level=None)


@pytest.mark.parametrize("per", ["channel", "map"])
def test_a_cross_stitch_of_the_identity_changes_no_bit(per: str) -> None:
    streams = maps(3)
    for before, after in zip(streams, stitch(own=1, other=0, per=per)(*streams), strict=True):
        assert torch.equal(before, after)


def test_a_cross_stitch_is_the_weighted_sum_of_its_equation() -> None:
    streams, unit = maps(3), stitch()
    for row in unit.weight:
        torch.nn.init.normal_(row)
    for i, found in enumerate(unit(*streams)):
        expected = sum(unit.weight[i][j][:, None, None] * streams[j] for j in range(3))
        torch.testing.assert_close(found, expected)


def test_equal_rows_give_every_task_the_same() -> None:
    first, *others = stitch(own=0.3, other=0.3)(*maps(3))
    assert all(torch.equal(first, each) for each in others)


def test_rows_that_sum_to_one_keep_what_all_tasks_share() -> None:
    same = torch.randn(2, 4, 6, 5)
    for found in stitch(count=2)(same, same):
        torch.testing.assert_close(found, same)


def test_per_map_has_one_weight_for_all_channels() -> None:
    assert [row.shape for row in stitch(per="map").weight] == [(3, 1)] * 3
    torch.testing.assert_close(stitch(per="map")(*(x := maps(3)))[1], stitch()(*x)[1])


def test_an_nddr_layer_begins_as_a_cross_stitch_with_norm_and_relu() -> None:
    streams = maps(3)
    mixed = stitch()(*streams)
    for found, each in zip(nddr()(*streams), mixed, strict=True):
        torch.testing.assert_close(found, F.batch_norm(each, None, None, training=True).relu())


def test_permuted_tasks_with_permuted_blocks_give_permuted_results() -> None:
    streams, order, layer, other = maps(3), [2, 0, 1], nddr(), nddr()
    for i, reduce in enumerate(layer.reduce):
        torch.nn.init.normal_(reduce[0].weight)
        blocks = reduce[0].weight.detach().split(4, 1)
        other.reduce[order.index(i)][0].weight.data.copy_(torch.cat([blocks[j] for j in order], 1))
    found, expected = other(*(streams[j] for j in order)), layer(*streams)
    for i, j in enumerate(order):
        torch.testing.assert_close(found[i], expected[j])


def test_without_weights_for_others_no_gradient_crosses() -> None:
    streams = [each.requires_grad_() for each in maps(3)]
    (nddr(own=1, other=0)(*streams)[0] * torch.randn(2, 4, 6, 5)).sum().backward()
    assert streams[0].grad.abs().sum() > 0
    assert not streams[1].grad.any() and not streams[2].grad.any()


@pytest.mark.parametrize("make", [CrossStitch, Nddr])
def test_at_a_level_only_that_one_changes(make: type) -> None:
    keys = {"per": "channel"} if make is CrossStitch else {}
    unit = make(dim=4, streams=2, own=0.9, other=0.1, level=1, **keys)
    lists = [[torch.randn(2, 8, 8, 8), *maps(1)] for _ in range(2)]
    for before, after in zip(lists, unit(*lists), strict=True):
        assert after[0] is before[0] and not torch.equal(after[1], before[1])
