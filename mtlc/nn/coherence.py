"""Coherence fusion (MT-CP, arXiv 2412.03179): the other tasks say where to look, the task itself what is copied."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .attention import cells
from .cbam import Cbam
from .fused import attend
from .recompute import recompute


class Coherence(nn.Module):
    """The target B×dim×h×w, re-read along the affinities of `sources`, which have these widths and the target's h×w.

    With X the target and X_j the sources:

    - each source gates itself, A_j = X_j ⊙ σ(conv1×1(X_j)), and all are mixed, G = ReLU(conv1×1([A_1; A_2; …]));
    - Θ = ReLU(BN(CBAM₁(G))), Φ = ReLU(BN(CBAM₂(G))), S = BN(CBAM(X));
    - affinity P = softmax over rows of ΘᵀΦ, not scaled; O = P · Sᵀ; the result is BN(CBAM(O)).

    The paper has two sources and 2 · dim channels in G; dim · (number of sources) is our reading for any number.
    `residual` adds the target, as in the paper's figure; its code does not. P is never held: memory grows with h·w.
    """

    def __init__(self, *, dim: int, sources: Sequence[int], reduction: int, residual: bool) -> None:
        super().__init__()
        width = dim * len(sources)
        self.residual = residual
        self.gates = nn.ModuleList(nn.Conv2d(c, c, 1) for c in sources)
        self.mix = nn.Conv2d(sum(sources), width, 1)
        self.query, self.key = _gated(width, reduction), _gated(width, reduction)
        self.value, self.out = _gated(dim, reduction), _gated(dim, reduction)

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        query, key, value = recompute(self, self.maps, target, *sources)
        found = attend(query, key, value).transpose(1, 2).reshape(target.shape)
        return target + self.out(found) if self.residual else self.out(found)

    def maps(self, target: Tensor, *sources: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Θᵀ, Φᵀ and Sᵀ: B×hw×width, the same, and B×hw×dim."""
        gated = [x * gate(x).sigmoid() for x, gate in zip(sources, self.gates, strict=True)]
        mixed = self.mix(torch.cat(gated, 1)).relu()
        # The copy to cells comes before the ReLU, so that what the ReLU and the attention keep is one tensor.
        query, key = (cells(f(mixed)).contiguous().relu() for f in (self.query, self.key))
        return query, key, cells(self.value(target))


def _gated(width: int, reduction: int) -> nn.Module:
    return nn.Sequential(Cbam(width, reduction), nn.BatchNorm2d(width))
