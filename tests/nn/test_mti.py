"""MTI-Net: distillation at several scales, and what coarser scales hand on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlc.nn.mti import Maps, Propagation, SqueezeExcite, Stream

DIM, STRIDES = 8, (4, 8, 16)


def reads(tasks: int = 3, height: int = 64, width: int = 96) -> list[Any]:
    torch.manual_seed(1)
    streams = [torch.randn(2, DIM, height // 4, width // 4) for _ in range(tasks)]
    levels = [[torch.randn(2, DIM, height // s, width // s) for s in STRIDES] for _ in range(tasks)]
    return [*streams, *levels]


class Mti(nn.Module):
    """The steps of a line together, as the compiler draws them: the streams, then the maps by task."""

    def __init__(self, tasks: int, stride: int) -> None:
        super().__init__()
        levels = [[(DIM, s) for s in STRIDES]] * tasks
        scales = 1 + sum(s > stride for s in STRIDES)
        self.maps = Maps(dim=DIM, stride=stride, levels=levels, depth=2, narrow=2, reduction=4)
        self.streams = nn.ModuleList(Stream(dim=DIM, scales=scales, sources=tasks - 1) for _ in range(tasks))

    def forward(self, *given: Any) -> list[Any]:
        found = self.maps(*given)
        found = found if len(self.streams) > 1 else [found]
        parts = enumerate(self.streams)
        return [*(part(found[t], *found[:t], *found[t + 1 :]) for t, part in parts), *found]


def mti(tasks: int = 3, stride: int = 4) -> Mti:
    torch.manual_seed(0)
    return Mti(tasks, stride)


def moved(part: nn.Module) -> nn.Module:
    """In evaluation mode, with statistics that are not those of the first day."""
    torch.manual_seed(2)
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return part.eval()


def larger(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode="bilinear")


def by_hand(part: Mti, given: list[Any], tasks: int) -> tuple[list[Tensor], list[list[Tensor]]]:
    """The card's formulas, scale by scale from the coarsest: the streams, and F by task and scale."""
    scales = [[given[t], *given[tasks + t][1:]] for t in range(tasks)]
    found: list[list[Tensor]] = [[] for _ in range(tasks)]
    handed: list[Tensor] = []
    for s in (2, 1, 0):
        for t in range(tasks):
            x = scales[t][s]
            x = torch.cat([x, larger(handed[t], x)], 1) if handed else x
            found[t].insert(0, part.maps.refine[s][t](x))
        now = [own[0] for own in found]
        if s == 0:
            break
        fpm = part.maps.propagate[s - 1]
        layout = torch.stack(now, 2).flatten(1, 2)
        scores = fpm.score(layout)
        total = sum(scores[:, i::tasks].exp() for i in range(tasks))
        weighted = torch.zeros_like(layout)
        for t in range(tasks):
            weighted[:, t::tasks] = scores[:, t::tasks].exp() / total * now[t]
        handed = [fpm.excite[t](fpm.mix(weighted)) + now[t] for t in range(tasks)]
    streams = []
    for t in range(tasks):
        distilled = []
        for s in range(3):
            pad, out = part.streams[t].distil[s], found[t][s]
            for i, a in enumerate(a for a in range(tasks) if a != t):
                out = out + torch.sigmoid(pad.gates[i](found[a][s])) * pad.contents[i](found[a][s])
            distilled.append(larger(out, given[0]) if s else out)
        conv, norm, _ = part.streams[t].fuse
        streams.append(torch.relu(norm(conv(torch.cat(distilled, 1)))))
    return streams, found


@pytest.mark.parametrize("tasks", [1, 2, 3])
@torch.no_grad()
def test_it_equals_the_formulas(tasks: int) -> None:
    part, given = moved(mti(tasks)), reads(tasks)
    out = part(*given)
    streams, found = by_hand(part, given, tasks)
    torch.testing.assert_close(list(out[:tasks]), streams)
    torch.testing.assert_close(list(out[tasks:]), found)


@pytest.mark.parametrize("size", [(64, 96), (32, 16)])
def test_there_is_a_map_to_predict_from_for_each_scale_of_each_task(size: tuple[int, int]) -> None:
    out = mti()(*reads(3, *size))
    shapes = [[tuple(x.shape) for x in maps] for maps in out[3:]]
    assert shapes == [[(2, DIM, size[0] // s, size[1] // s) for s in STRIDES]] * 3
    assert [tuple(x.shape) for x in out[:3]] == [(2, DIM, size[0] // 4, size[1] // 4)] * 3


def grads(y: Tensor, xs: list[Tensor]) -> list[bool]:
    found = torch.autograd.grad(y.square().sum(), xs, allow_unused=True, retain_graph=True)
    return [g is not None and bool(g.abs().sum() > 0) for g in found]


def test_the_coarsest_scale_is_told_nothing_and_a_finer_one_what_all_tasks_found() -> None:
    given = reads()
    coarsest = [levels[2].requires_grad_() for levels in given[3:]]
    found = mti()(*given)[3:]
    assert grads(found[0][2], coarsest) == [True, False, False]
    assert grads(found[0][1], coarsest) == grads(found[0][0], coarsest) == [True] * 3


def test_nothing_goes_from_a_fine_scale_to_a_coarser_one() -> None:
    given = reads()
    fine = [given[0].requires_grad_(), given[3][1].requires_grad_()]
    found = mti()(*given)[3]
    assert [grads(each, fine) for each in found] == [[True, True], [False, True], [False, False]]


def test_with_one_scale_nothing_is_propagated() -> None:
    part, given = mti(stride=16), reads()
    streams = [F.avg_pool2d(x, 4) for x in given[:3]]
    out = part(*streams, *given[3:])
    assert not len(part.maps.propagate)
    assert [len(maps) for maps in out[3:]] == [1, 1, 1]


# propagation


def propagation(tasks: int = 3) -> Propagation:
    torch.manual_seed(0)
    return Propagation(dim=DIM, tasks=tasks, narrow=2, reduction=4)


def found(tasks: int = 3) -> list[Tensor]:
    return reads(tasks)[:tasks]


def test_the_masks_of_the_tasks_sum_to_one_in_each_group_of_channels() -> None:
    mask = propagation().mask(torch.stack(found(), 2).flatten(1, 2))
    assert mask.shape == (2, DIM, 3, 16, 24)
    torch.testing.assert_close(mask.sum(2), torch.ones(2, DIM, 16, 24))


@torch.no_grad()
def test_a_mask_that_is_one_for_a_task_leaves_its_features_only() -> None:
    part, maps = propagation().eval(), found()
    part.score[-1].weight.zero_()
    part.score[-1].bias.copy_(torch.tensor([0.0, 100.0, 0.0]).repeat(DIM))
    nothing = torch.zeros_like(maps[0])
    alone = part.mix(torch.stack([nothing, maps[1], nothing], 2).flatten(1, 2))
    torch.testing.assert_close(part(*maps)[0], part.excite[0](alone) + maps[0])


@torch.no_grad()
def test_a_shut_gate_hands_on_what_the_task_found_itself() -> None:
    part, maps = propagation(), found()
    for excite in part.excite:
        excite.gate[-1].weight.zero_()
        excite.gate[-1].bias.fill_(-1e4)
    assert all(torch.equal(p, x) for p, x in zip(part(*maps), maps, strict=True))


def test_squeeze_and_excite_weighs_channels_by_their_mean() -> None:
    torch.manual_seed(0)
    part, (x,) = SqueezeExcite(DIM, 4), found(1)
    gate = torch.sigmoid(part.gate[2](torch.relu(part.gate[0](x.flatten(2).mean(2)))))
    torch.testing.assert_close(part(x), x * gate[:, :, None, None])
    assert part.gate[0].out_features == 2
