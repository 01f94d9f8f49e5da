"""MTI-Net (Vandenhende et al. 2020): PAD-Net at several scales, coarser scales hand on what they found."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .conv import ConvNorm
from .pad_net import PadNet
from .residual import Residual
from .scales import Scales, resize


class Maps(nn.Module):
    """What all tasks find at all scales, F, from the coarsest to the finest.

    Scale 0 is a task's stream, the others its decoder's levels of strides above `stride` (see `Scales`). At
    scale s, for task t:

    1. F_t^s = refine([x_t^s ; P_t^{s+1} enlarged]), `depth` residual blocks; the coarsest scale reads x alone;
    2. P^s = `Propagation` of the F^s of all tasks (nobody reads that of scale 0, so it has none).

    Reads the streams, B×dim×h×w, then the lists of levels; gives for each task the list of its F^s, finest
    first, from which training predicts and `Stream` goes on.
    """

    def __init__(
        self,
        *,
        dim: int,
        stride: int,
        levels: Sequence[Sequence[tuple[int, int]]],
        depth: int,
        narrow: int,
        reduction: int,
    ) -> None:
        super().__init__()
        self.scales = Scales(dim=dim, stride=stride, levels=levels)
        tasks, coarsest = len(levels), len(self.scales) - 1
        self.refine = nn.ModuleList(
            nn.ModuleList(_refine(dim, depth, propagated=s < coarsest) for _ in range(tasks))
            for s in range(coarsest + 1)
        )
        self.propagate = nn.ModuleList(
            Propagation(dim=dim, tasks=tasks, narrow=narrow, reduction=reduction) for _ in range(coarsest)
        )

    def forward(self, *reads: Tensor | list[Tensor]) -> list[list[Tensor]] | list[Tensor]:
        by_scale = _turned(self.scales(*reads))
        found: list[list[Tensor]] = []
        for scale, refine in reversed(list(enumerate(self.refine))):
            inputs = by_scale[scale]
            if found:
                handed = self.propagate[scale](*found[0])
                inputs = [torch.cat([x, resize(p, x)], 1) for x, p in zip(inputs, handed, strict=True)]
            found.insert(0, [part(x) for part, x in zip(refine, inputs, strict=True)])
        by_task = _turned(found)
        return by_task if len(by_task) > 1 else by_task[0]  # a step that writes one feature gives it as it is


class Stream(nn.Module):
    """A task's stream from what it found at all `scales` and what `sources` other tasks found there.

    D^s = `PadNet` of its own F^s, given the others'; the stream is ReLU(norm(1×1)) of the D^s of all scales,
    each enlarged to the finest and put side by side. Reads the task's list, finest first, then the others'.
    """

    def __init__(self, *, dim: int, scales: int, sources: int) -> None:
        super().__init__()
        self.distil = nn.ModuleList(PadNet(dim=dim, sources=sources) for _ in range(scales))
        self.fuse = ConvNorm(dim * scales, dim, kernel=1)

    def forward(self, *found: list[Tensor]) -> Tensor:
        finest, *coarser = (
            part(*maps) for part, maps in zip(self.distil, zip(*found, strict=True), strict=True)
        )
        return self.fuse(torch.cat([finest, *(resize(x, finest) for x in coarser)], 1))


class Propagation(nn.Module):
    """The feature propagation module: what all tasks found at a scale, mixed and handed to each of them.

    Reads one B×dim×h×w per task and writes as many: with m the softmax over tasks, for each of the `dim`
    groups of channels, of f([F_1; …]), P_t = SE_t(g(m ⊙ [F_1; …])) + F_t. A group holds one channel of each
    task. f is two residual blocks, `narrow` times narrower than its input, and 1×1; g is one residual block to
    `dim`; SE_t is a `SqueezeExcite` of task t.
    """

    def __init__(self, *, dim: int, tasks: int, narrow: int, reduction: int) -> None:
        super().__init__()
        self.tasks = tasks
        wide = dim * tasks
        inner = max(1, wide // narrow)
        self.score = nn.Sequential(Residual(wide, inner), Residual(inner, inner), nn.Conv2d(inner, wide, 1))
        self.mix = Residual(wide, dim)
        self.excite = nn.ModuleList(SqueezeExcite(dim, reduction) for _ in range(tasks))

    def forward(self, *found: Tensor) -> list[Tensor]:
        whole = torch.stack(found, 2).flatten(1, 2)
        shared = self.mix(self.mask(whole).flatten(1, 2) * whole)
        return [excite(shared) + x for excite, x in zip(self.excite, found, strict=True)]

    def mask(self, whole: Tensor) -> Tensor:
        """B×dim×tasks×h×w, which sums to 1 over the tasks."""
        return self.score(whole).unflatten(1, (-1, self.tasks)).softmax(2)


class SqueezeExcite(nn.Module):
    """x times a gate per channel: σ(W₂ ReLU(W₁ mean(x))), narrowed by `reduction` (Hu et al. 2018)."""

    def __init__(self, dim: int, reduction: int) -> None:
        super().__init__()
        hidden = max(1, dim // reduction)
        self.gate = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x.mean((2, 3))).sigmoid()[:, :, None, None]


def _refine(dim: int, depth: int, *, propagated: bool) -> nn.Module:
    first = 2 * dim if propagated else dim
    return nn.Sequential(Residual(first, dim), *(Residual(dim, dim) for _ in range(depth - 1)))


def _turned(maps: list[list[Tensor]]) -> list[list[Tensor]]:
    """Rows become columns: by task then scale from by scale then task, and the other way round."""
    return [list(each) for each in zip(*maps, strict=True)]
