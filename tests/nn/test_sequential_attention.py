"""Sequential cross attention: across tasks, then across scales."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlc.nn.sequential_attention import Gather, MultiHead, SequentialAttention

DIM, STRIDES, HEADS = 8, (4, 8, 16), 2


def reads(tasks: int = 3, height: int = 32, width: int = 48) -> list[Any]:
    torch.manual_seed(1)
    streams = [torch.randn(2, DIM, height // 4, width // 4) for _ in range(tasks)]
    levels = [[torch.randn(2, DIM, height // s, width // s) for s in STRIDES] for _ in range(tasks)]
    return [*streams, *levels]


def link(tasks: int = 3, strides: tuple[int, ...] = STRIDES) -> SequentialAttention:
    torch.manual_seed(0)
    levels = [[(DIM, s) for s in strides]] * tasks
    return SequentialAttention(dim=DIM, stride=4, levels=levels, heads=HEADS).eval()


def attend(part: MultiHead, target: Tensor, source: Tensor) -> Tensor:
    """Multi-head attention with every row written out."""
    asks, seen = (x.flatten(2).mT for x in (target, source))
    query, key, value = part.query(asks), part.key(seen), part.value(seen)
    size = DIM // HEADS
    found = []
    for h in range(HEADS):
        own = slice(size * h, size * (h + 1))
        rows = (query[..., own] @ key[..., own].mT / math.sqrt(size)).softmax(-1)
        found.append(rows @ value[..., own])
    return part.out(torch.cat(found, -1)).mT.reshape(target.shape)


def gathered(part: Gather, target: Tensor, sources: list[Tensor]) -> Tensor:
    seen = [attend(look, target, source) for look, source in zip(part.looks, sources, strict=True)]
    conv, norm, _ = part.fuse
    return target + torch.relu(norm(conv(torch.cat(seen, 1))))


def by_hand(part: SequentialAttention, given: list[Any], tasks: int) -> list[Tensor]:
    before = [[given[t], *given[tasks + t][1:]] for t in range(tasks)]
    maps = [list(own) for own in before]
    for t in range(tasks):
        for s in range(3):
            others = [before[a][s] for a in range(tasks) if a != t]
            maps[t][s] = gathered(part.across_tasks[s][t], before[t][s], others) if others else before[t][s]
    for t, own in enumerate(maps):
        size = {k: own[k].shape[2:] for k in (0, 1)}
        up = F.interpolate
        own[1] = gathered(part.across_scales[t][0], own[1], [up(own[2], size[1], mode="bilinear")])
        coarser = [up(own[j], size[0], mode="bilinear") for j in (1, 2)]
        own[0] = gathered(part.across_scales[t][1], own[0], coarser)
    return [own[0] for own in maps]


@pytest.mark.parametrize("tasks", [1, 2, 3])
@torch.no_grad()
def test_it_equals_the_formulas(tasks: int) -> None:
    part, given = link(tasks), reads(tasks)
    out = part(*given)
    expected = by_hand(part, given, tasks)
    torch.testing.assert_close([out] if tasks == 1 else list(out), expected)


@torch.no_grad()
def test_zero_in_every_fuse_changes_nothing() -> None:
    part, given = link(), reads()
    for module in part.modules():
        if isinstance(module, Gather):
            nn.init.zeros_(module.fuse[0].weight)
    assert all(torch.equal(x, y) for x, y in zip(part(*given), given[:3], strict=True))


@torch.no_grad()
def test_the_order_of_the_sources_does_not_matter_if_their_weights_move_along() -> None:
    torch.manual_seed(0)
    part = Gather(dim=DIM, sources=2, heads=HEADS).eval()
    target, a, b = reads()[:3]
    before = part(target, a, b)
    part.looks = part.looks[::-1]
    part.fuse[0].weight.copy_(part.fuse[0].weight.roll(DIM, 1))
    torch.testing.assert_close(part(target, b, a), before)


def test_what_is_the_same_in_every_cell_is_seen_as_it_is() -> None:
    """The rows of attention sum to 1."""
    torch.manual_seed(0)
    part = MultiHead(dim=DIM, heads=HEADS)
    target, source = reads()[0], torch.randn(2, DIM, 1, 1)
    seen = part.out(part.value(source.flatten(1)))[:, :, None, None]
    torch.testing.assert_close(part(target, source.expand(-1, -1, 3, 5)), seen.expand_as(target))


@pytest.mark.parametrize(("tasks", "scales"), [(2, 1), (3, 2), (4, 3), (1, 3), (1, 1)])
def test_there_is_an_attention_for_each_pair_of_tasks_and_each_pair_of_scales(
    tasks: int, scales: int
) -> None:
    looks = [m for m in link(tasks, STRIDES[:scales]).modules() if isinstance(m, MultiHead)]
    assert len(looks) == scales * tasks * (tasks - 1) + tasks * scales * (scales - 1) // 2


def test_one_task_at_one_scale_stays_as_it_is() -> None:
    part, given = link(1, STRIDES[:1]), reads(1)
    assert part(given[0], given[1][:1]) is given[0]
    assert not list(part.parameters())


def test_the_callers_levels_are_left_alone() -> None:
    given = reads()
    before = [list(levels) for levels in given[3:]]
    link()(*given)
    assert given[3:] == before
