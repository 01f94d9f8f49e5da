"""Trace-back: refinements through a decoder's own levels, and their predictions in training."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mtlc.nn.coherence import Coherence
from mtlc.nn.decoders import ConvUp
from mtlc.nn.heads import DenseHead
from mtlc.nn.tiny import Tiny
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


class Pair(nn.Module):
    """Two tasks over one encoder, each decoded, fused with the other if `fuse`, traced back, predicted."""

    def __init__(self, fuse: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        inputs = [(8, 4), (16, 8), (32, 16), (64, 32)]
        self.fuse = fuse
        self.encoder = Tiny(width=8, stages=None, taps=False, multiple=32)
        self.decoders = nn.ModuleList(
            ConvUp(inputs=inputs, dim=8, depth=1, levels=(4, 8, 16), norm="batch") for _ in range(2)
        )
        self.links = nn.ModuleList(
            Coherence(dim=8, sources=(8,), reduction=4, residual=False) for _ in range(2)
        )
        self.refine = nn.ModuleList(nn.ModuleList(refinements()) for _ in range(2))
        self.heads = nn.ModuleList(DenseHead(dim=8, outputs=3, stride=4) for _ in range(2))

    def forward(self, image: Tensor) -> list[Tensor]:
        levels = self.encoder(image)
        decoded = [decoder(levels) for decoder in self.decoders]
        streams = [stream for stream, _ in decoded]
        if self.fuse:
            streams = [link(x, y) for link, x, y in zip(self.links, streams, streams[::-1], strict=True)]
        return [self.predict(t, streams[t], decoded[t][1], image) for t in range(2)]

    def predict(self, task: int, stream: Tensor, inner: list[Tensor], image: Tensor) -> Tensor:
        deep, middle, last = self.refine[task]
        stream = last(middle(deep(stream, inner)[1], inner)[1], inner)
        return self.heads[task](stream, image)


@pytest.mark.parametrize("fuse", [True, False])
def test_a_task_hears_of_the_others_decoder_through_coherence_alone(fuse: bool) -> None:
    pair = Pair(fuse)
    out = pair(torch.rand(2, 3, 64, 96))
    weights = [decoder.sums.lateral[0].weight for decoder in pair.decoders]
    own, other = torch.autograd.grad(out[0].square().sum(), weights, allow_unused=True)
    assert own.abs().sum() > 0
    assert (other is not None and bool(other.abs().sum() > 0)) == fuse


@pytest.mark.parametrize("size", [(64, 96), (61, 83), (33, 128)])
def test_predictions_are_as_large_as_the_image_at_any_size(size: tuple[int, int]) -> None:
    assert [tuple(x.shape) for x in Pair(True)(torch.rand(2, 3, *size))] == [(2, 3, *size)] * 2
