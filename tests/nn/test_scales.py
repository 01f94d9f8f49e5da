"""Which maps a part that works at several scales gets."""

from __future__ import annotations

import torch
from torch import nn

from mtlc.nn.scales import Scales

LEVELS = (((8, 4), (8, 8), (8, 16)), ((12, 8), (12, 16)))


def read(stride: int) -> list:
    streams = [torch.randn(2, 8, 64 // stride, 32 // stride) for _ in LEVELS]
    return [*streams, *([torch.randn(2, c, 64 // s, 32 // s) for c, s in own] for own in LEVELS)]


def test_each_task_has_its_stream_and_the_levels_that_are_coarser() -> None:
    part, reads = Scales(dim=8, stride=4, levels=LEVELS), read(4)
    maps = part(*reads)
    assert len(part) == 3
    assert [[tuple(x.shape[2:]) for x in own] for own in maps] == [[(16, 8), (8, 4), (4, 2)]] * 2
    assert [own[0] for own in maps] == reads[:2]
    assert maps[0][1:] == reads[2][1:]


def test_levels_of_another_width_are_projected() -> None:
    part, reads = Scales(dim=8, stride=4, levels=LEVELS), read(4)
    assert torch.equal(part(*reads)[1][2], part.project[1][1](reads[3][1]))
    assert all(isinstance(each, nn.Identity) for each in part.project[0])


def test_at_the_coarsest_stride_there_is_one_scale() -> None:
    part, reads = Scales(dim=8, stride=16, levels=LEVELS), read(16)
    assert len(part) == 1
    assert part(*reads) == [reads[:1], reads[1:2]]
