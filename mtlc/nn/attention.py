"""Plain cross-attention between tasks: the dense baseline that the other links have to beat."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def cells(stream: Tensor) -> Tensor:
    """B×C×h×w as B×hw×C."""
    return stream.flatten(2).transpose(1, 2)


def split(x: Tensor, heads: int) -> Tensor:
    """B×n×C as B×heads×n×(C/heads)."""
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


class Attention(nn.Module):
    """Each cell of the target looks at every cell of all sources, and adds what it saw (Vaswani 2017, eq. 1).

    Target and sources are B×dim×h×w; so is the result. Layer norm comes first, on each of them. That all
    sources share one softmax is ours.
    """

    def __init__(self, *, dim: int, sources: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(1 + sources))
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        asks, *seen = (norm(cells(x)) for norm, x in zip(self.norms, (target, *sources), strict=True))
        seen = torch.cat(seen, 1)
        query, key, value = (
            split(map_(x), self.heads)
            for map_, x in ((self.query, asks), (self.key, seen), (self.value, seen))
        )
        found = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return target + self.out(found).transpose(1, 2).reshape(target.shape)
