"""Multi-task attention: masks below one, no task in another's masks, one encoder for all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.nn.mtan import Mtan

LEVELS, INSIDE = ((8, 4), (16, 8)), (6, 16)


def mtan(tasks: int = 2) -> Mtan:
    torch.manual_seed(0)
    return Mtan(levels=LEVELS, inside=INSIDE, tasks=tasks, reduction=4)


def features() -> tuple[list[Tensor], list[Tensor]]:
    shapes = [(8, 6, 16), (4, 3, 8)]
    levels = [torch.randn(2, c, h * 2, w) for (c, _), (h, _, w) in zip(LEVELS, shapes, strict=True)]
    inside = [torch.randn(2, c, *level.shape[2:]) for c, level in zip(INSIDE, levels, strict=True)]
    return levels, inside


def test_no_task_sees_more_than_the_encoder_gives() -> None:
    levels, inside = features()
    for task in mtan()(levels, inside):
        for masked, level in zip(task, levels, strict=True):
            assert (masked.abs() <= level.abs()).all() and (masked * level >= 0).all()


def test_a_mask_of_ones_gives_every_task_the_encoders_levels() -> None:
    module, (levels, inside) = mtan(), features()
    for masks in module.masks:
        for mask in masks:
            mask[2].bias.data.fill_(100)
    for task in module(levels, inside):
        torch.testing.assert_close(task, levels)


def test_the_formula_of_the_paper_stage_by_stage() -> None:
    module, (levels, inside) = mtan().eval(), features()
    found = module(levels, inside)[1]
    a = None
    for i, (u, tap) in enumerate(zip(levels, inside, strict=True)):
        w1, w2 = module.masks[1][i][0], module.masks[1][i][1:3]
        between = module.between[i - 1].conv
        seen = tap if a is None else torch.cat([tap, F.max_pool2d(between(a), 2)], 1)
        a = w2(w1(seen)).sigmoid() * u
        torch.testing.assert_close(found[i], a)


def test_no_gradient_reaches_another_tasks_masks() -> None:
    module = mtan(3)
    sum(level.square().sum() for level in module(*features())[0]).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.masks[0][-1][1].parameters())
    assert all(p.grad is None for masks in module.masks[1:] for p in masks.parameters())
    assert all(p.grad is not None for p in module.between.parameters())


def test_masks_narrow_by_the_reduction() -> None:
    assert [mask[0][0].out_channels for mask in mtan().masks[0]] == [2, 4]


def test_levels_of_earlier_stages_pass_as_they_are() -> None:
    levels, inside = features()
    early = torch.randn(2, 4, 24, 32)
    for task in mtan()([early, *levels], inside):
        assert task[0] is early and len(task) == 3
