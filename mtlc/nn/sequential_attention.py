"""Sequential cross attention (Kim et al. 2022): first across tasks at a scale, then across a task's scales."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import cells, split
from .conv import ConvNorm
from .scales import Scales, resize


class SequentialAttention(nn.Module):
    """All tasks' maps at all scales; each task's finest map, after both kinds of attention, is its stream.

    Scale 0 is a task's stream, the others its decoder's levels of strides above `stride` (see `Scales`).

    1. Across tasks, at each scale: F_t ← F_t + fuse([MHA(F_t, F_s)] for s ≠ t), all tasks at once.
    2. Across scales, in each task, from coarse to fine: F^k ← F^k + fuse([MHA(F^k, F^j enlarged)] for the
       coarser j), which were changed before.

    With one task there is no first step, with one scale no second. Reads the streams, B×dim×h×w, then the
    lists of levels; gives the new streams (with one task, the stream alone).
    """

    def __init__(
        self, *, dim: int, stride: int, levels: Sequence[Sequence[tuple[int, int]]], heads: int
    ) -> None:
        super().__init__()
        self.scales = Scales(dim=dim, stride=stride, levels=levels)
        tasks, scales = range(len(levels)), range(len(self.scales))
        self.across_tasks = nn.ModuleList(
            nn.ModuleList(Gather(dim=dim, sources=len(tasks) - 1, heads=heads) for _ in tasks)
            for _ in (scales if len(tasks) > 1 else ())
        )
        self.across_scales = nn.ModuleList(
            nn.ModuleList(Gather(dim=dim, sources=coarser, heads=heads) for coarser in scales[1:])
            for _ in (tasks if len(scales) > 1 else ())
        )

    def forward(self, *reads: Tensor | list[Tensor]) -> Tensor | tuple[Tensor, ...]:
        maps = self.scales(*reads)
        for scale, gathers in enumerate(self.across_tasks):
            for own, changed in zip(maps, self._mixed([own[scale] for own in maps], gathers), strict=True):
                own[scale] = changed
        for own, gathers in zip(maps, self.across_scales, strict=False):
            self._climb(own, gathers)
        return maps[0][0] if len(maps) == 1 else tuple(own[0] for own in maps)

    def _mixed(self, maps: list[Tensor], gathers: nn.ModuleList) -> list[Tensor]:
        """One scale's maps after each of them has looked at those of the other tasks."""
        return [gather(maps[t], *maps[:t], *maps[t + 1 :]) for t, gather in enumerate(gathers)]

    def _climb(self, maps: list[Tensor], gathers: nn.ModuleList) -> None:
        """From the second coarsest map to the finest, each is replaced by what it becomes."""
        for coarser, gather in enumerate(gathers, 1):
            scale = len(maps) - 1 - coarser
            own = maps[scale]
            maps[scale] = gather(own, *(resize(x, own) for x in maps[scale + 1 :]))


class Gather(nn.Module):
    """target + fuse([MHA(target, source) for each source]), fuse = ReLU(norm(1×1)); all are B×dim×h×w."""

    def __init__(self, *, dim: int, sources: int, heads: int) -> None:
        super().__init__()
        self.looks = nn.ModuleList(MultiHead(dim=dim, heads=heads) for _ in range(sources))
        self.fuse = ConvNorm(sources * dim, dim, kernel=1)

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        seen = [look(target, source) for look, source in zip(self.looks, sources, strict=True)]
        return target + self.fuse(torch.cat(seen, 1))


class MultiHead(nn.Module):
    """Multi-head attention (Vaswani et al. 2017): each cell of the target looks at every cell of the source."""

    def __init__(self, *, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        asks, seen = cells(target), cells(source)
        query, key, value = (
            split(x, self.heads) for x in (self.query(asks), self.key(seen), self.value(seen))
        )
        found = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        return self.out(found).transpose(1, 2).reshape(target.shape)
