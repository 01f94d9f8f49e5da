"""Equiangular tight frames: K unit vectors whose angles are all the same and as wide as they can be."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SEED = 0


def frame(dim: int, vectors: int) -> Tensor:
    """The simplex frame M = √(K/(K−1)) · U · (I − 11ᵀ/K), dim×K with K = `vectors` ≤ dim.

    MᵀM has 1 on its diagonal and −1/(K−1) elsewhere. U is the orthonormal factor of a random matrix that is
    the same in every process.
    """
    generator = torch.Generator("cpu").manual_seed(SEED)
    start = torch.randn(dim, vectors, generator=generator, dtype=torch.float64, device="cpu")
    basis = torch.linalg.qr(start).Q
    spread = (basis - basis.mean(1, keepdim=True)) * (vectors / (vectors - 1)) ** 0.5
    return spread.float().to(torch.get_default_device())


class Etf(nn.Module):
    """Cells B×n×dim into the space of a fixed frame of K = `vectors`; the frame is a buffer, never trained.

    With K < dim: a = normalise(F) · M, F' = √dim · a · Mᵀ, which leaves K − 1 dimensions of the cells. With K
    = dim: F' = F · M. The paper says that cells are projected into such a space and not how: both forms are
    ours, as is √dim, the length of a layer-normed cell, with which either form hands on cells of one scale.
    """

    def __init__(self, dim: int, vectors: int) -> None:
        super().__init__()
        self.dim, self.vectors = dim, vectors
        self.register_buffer("frame", frame(dim, vectors))

    def forward(self, cells: Tensor) -> Tensor:
        if self.vectors == self.dim:
            return cells @ self.frame
        return self.dim**0.5 * F.normalize(cells, dim=-1) @ self.frame @ self.frame.T
