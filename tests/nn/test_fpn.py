"""The feature pyramid."""

import torch

from mtlc.nn.fpn import Fpn


def test_it_writes_one_level_of_one_width_for_each_stride_of_at_least_4() -> None:
    inputs = ((4, 2), (8, 4), (16, 8), (24, 32))
    levels = [torch.randn(2, c, 64 // s, 96 // s) for c, s in inputs]
    out = Fpn(inputs=inputs, dim=5)(levels)
    assert [tuple(x.shape) for x in out] == [(2, 5, 64 // s, 96 // s) for s in (4, 8, 32)]


def test_the_finest_level_hears_of_the_coarsest_and_not_the_other_way_round() -> None:
    fpn = Fpn(inputs=((8, 4), (8, 8)), dim=4)
    fine, coarse = torch.randn(1, 8, 8, 8, requires_grad=True), torch.randn(1, 8, 4, 4, requires_grad=True)
    finest, coarsest = fpn([fine, coarse])
    assert torch.autograd.grad(finest.sum(), coarse, retain_graph=True)[0].abs().sum() > 0
    assert torch.autograd.grad(coarsest.sum(), fine, allow_unused=True)[0] is None
