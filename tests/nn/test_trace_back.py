"""Trace-back: refinements through a decoder's own levels, and their predictions in training."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mtlc.nn.trace_back import Auxiliary, Refine

STRIDES = (4, 8, 16)


def refinements() -> list[Refine]:
    torch.manual_seed(0)
    return [Refine(dim=8, back=8, level=i, last=i == 0, reduction=4) for i in (2, 1, 0)]


def levels(height: int = 64, width: int = 96) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(2, 8, height // s, width // s) for s in STRIDES]


def test_an_inner_refinement_equals_the_formula() -> None:
    part, inner = refinements()[1].eval(), levels()
    pred = torch.randn(2, 8, 4, 6)
    back = part.gate_back(inner[1])
    resized = F.interpolate(part.gate_pred(pred), size=(8, 12), mode="bilinear")
    fused = torch.cat([resized, back], 1)
    conv, norm, relu = part.fuse
    torch.testing.assert_close(part(pred, inner), (fused, relu(norm(conv(fused)))))
    assert isinstance(relu, torch.nn.ReLU) and conv.kernel_size == (1, 1)


def test_the_chain_goes_from_the_deepest_level_to_the_stride_of_the_finest() -> None:
    for size in ((64, 96), (32, 160)):
        inner = levels(*size)
        stream = torch.randn(2, 8, *(x // 4 for x in size))
        fused = []
        for part in refinements():
            if part.last:
                stream = part(stream, inner)
            else:
                wide, stream = part(stream, inner)
                fused.append(tuple(wide.shape))
        assert fused == [(2, 16, size[0] // s, size[1] // s) for s in (16, 8)]
        assert stream.shape == (2, 8, size[0] // 4, size[1] // 4)


def test_each_refinement_reads_its_own_level_only() -> None:
    inner = [x.requires_grad_() for x in levels()]
    for part in refinements():
        out = part(torch.randn(2, 8, 16, 24), inner)
        out = out if part.last else out[1]
        grads = torch.autograd.grad(out.square().sum(), inner, allow_unused=True)
        assert [g is not None for g in grads] == [i == part.level for i in range(3)]


def test_only_the_last_refinement_is_without_a_map_to_supervise() -> None:
    kinds = [type(part(torch.randn(2, 8, 16, 24), levels())) for part in refinements()]
    assert kinds == [tuple, tuple, Tensor]


def test_the_auxiliary_prediction_is_as_large_as_the_image() -> None:
    head = Auxiliary(dim=8, fused=16, outputs=3, stride=16)
    assert head(torch.randn(2, 16, 4, 6), torch.rand(2, 3, 61, 95)).shape == (2, 3, 61, 95)
