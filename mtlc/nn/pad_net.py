"""PAD-Net (Xu et al. 2018): a task takes from the others' features what a gate lets through."""

from __future__ import annotations

from torch import Tensor, nn


class PadNet(nn.Module):
    """Distillation into one target: F' = F + Σ_a σ(W^g_a F_a) ⊙ (W^c_a F_a), 3×3 convolutions without bias.

    Each gate reads the source that it lets through, as in the code of Vandenhende et al.'s survey. Reads the
    target F, then the `sources` F_a, all B×dim×h×w; so is F'. Without sources F' is F.
    """

    def __init__(self, *, dim: int, sources: int) -> None:
        super().__init__()
        self.gates = nn.ModuleList(_conv(dim) for _ in range(sources))
        self.contents = nn.ModuleList(_conv(dim) for _ in range(sources))

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        for gate, content, source in zip(self.gates, self.contents, sources, strict=True):
            target = target + gate(source).sigmoid() * content(source)
        return target


def _conv(dim: int) -> nn.Conv2d:
    return nn.Conv2d(dim, dim, 3, padding=1, bias=False)
