"""The shared workspace: all tasks' cells talk through few slots, and each slot reads only its best cells."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import cells, split
from .etf import Etf


class Kem(nn.Module):
    """Knowledge extraction (Zhang et al. 2024, arXiv 2410.03778): `streams` maps B×dim×h×w in, as many out.

    With F the n cells of all streams together and R the `slots` of the learned workspace:

    1. retrieve   R̂ = topk-softmax((R Wq)(F Wk)ᵀ / √d) · F Wv, each slot keeps its `select` best cells;
    2. write      F̂ = softmax((F Wq')(R̂ Wk')ᵀ / √d) · R̂ Wv', dense over the slots;
    3. broadcast  F + `residual` · F̂.

    The paper's: these three steps, six matrices, one workspace for all tasks, a frame in front (see `Etf`).
    Ours, as the paper is silent: `heads` (each selects for itself, d is then the width of a head), layer norm
    in front (`norm`), R drawn with orthogonal rows as long as a layer-normed cell. `mask` is "before" (other
    cells are dropped, then softmax: rows sum to 1, and a cell that no slot selects changes no other cell) or
    "after" (softmax over all cells, then the others become 0: rows sum to less). `select` counts cells, or is
    a share of all (rounded up). Time and memory grow with slots × n; nothing is n × n. There is no state
    between calls.
    """

    def __init__(
        self,
        *,
        dim: int,
        streams: int,
        slots: int,
        select: int | float,
        heads: int,
        etf: int | None,
        residual: float,
        mask: str,
        norm: bool,
    ) -> None:
        super().__init__()
        self.streams, self.select, self.heads, self.residual, self.mask = (
            streams,
            select,
            heads,
            residual,
            mask,
        )
        self.norm = nn.LayerNorm(dim) if norm else nn.Identity()
        self.etf = nn.Identity() if etf is None else Etf(dim, etf)
        self.workspace = nn.Parameter(nn.init.orthogonal_(torch.empty(slots, dim), gain=dim**0.5))
        self.read_query, self.read_key, self.read_value = _maps(dim)
        self.write_query, self.write_key, self.write_value = _maps(dim)

    def forward(self, *streams: Tensor) -> tuple[Tensor, ...]:
        read = self.etf(self.norm(torch.cat([cells(x) for x in streams], 1)))
        changes = self.write(read, self.retrieve(read)).chunk(self.streams, 1)
        return tuple(
            x + self.residual * changes[i].transpose(1, 2).reshape(x.shape) for i, x in enumerate(streams)
        )

    def retrieve(self, read: Tensor) -> Tensor:
        """The updated workspace, B×slots×dim, from the cells B×n×dim."""
        value = split(self.read_value(read), self.heads)
        found = self.attention(read).type_as(value) @ value
        return found.transpose(1, 2).flatten(2)

    def attention(self, read: Tensor) -> Tensor:
        """How much each slot takes of each cell, B×heads×slots×n, with min(select, n) entries a row."""
        query = split(self.read_query(self.workspace)[None], self.heads)
        scores = exact_scores(query, split(self.read_key(read), self.heads))
        best = scores.topk(count(self.select, read.shape[1]), sorted=False).indices
        chosen = torch.zeros_like(scores).scatter(-1, best, 1.0)
        if self.mask == "after":
            return scores.softmax(-1) * chosen
        return scores.masked_fill(chosen == 0, -math.inf).softmax(-1)

    def write(self, read: Tensor, workspace: Tensor) -> Tensor:
        """What each cell takes from the updated workspace, B×n×dim."""
        query = split(self.write_query(read), self.heads)
        key, value = (split(f(workspace), self.heads) for f in (self.write_key, self.write_value))
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)


def _maps(dim: int) -> list[nn.Linear]:
    return [nn.Linear(dim, dim, bias=False) for _ in range(3)]


@torch.fx.wrap
def count(select: int | float, cells: int) -> int:
    """How many of `cells` a slot reads: a count is at most all of them, a share is rounded up."""
    wanted = select if isinstance(select, int) else math.ceil(round(select * cells, 6))
    return max(1, min(wanted, cells))


@torch.fx.wrap
def exact_scores(query: Tensor, key: Tensor) -> Tensor:
    """query · keyᵀ / √d in at least float32, under autocast too: half precision makes ties, which select badly."""
    device, exact = query.device.type, torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(device if torch.amp.is_autocast_available(device) else "cpu", enabled=False):
        return query.to(exact) @ key.to(exact).transpose(-1, -2) / query.shape[-1] ** 0.5
