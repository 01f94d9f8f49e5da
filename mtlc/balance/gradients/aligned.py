"""Aligned-MTL: gradients turned and stretched until they are orthogonal and equally long, then averaged."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mtlc.balance.gradients.method import Array, GradientMethod, root, rows


class Aligned(GradientMethod):
    """The mean of B g with B = √λ V Λ^(-1/2) Vᵀ, G = V Λ Vᵀ: the aligned Gram matrix is λ times the identity.

    Senushkin et al., CVPR 2023 (arXiv 2305.19000), alg. 1. λ is the smallest eigenvalue above rounding (`min`, the
    paper's), their median, or their mean (`rmse`, as the authors' code calls it).
    """

    def __init__(self, tasks: tuple[str, ...], level: Literal["min", "median", "rmse"]) -> None:
        super().__init__(tasks)
        self.level = level

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        mean = np.full(len(gram), 1 / len(gram))
        parts = rows(gram)
        _, roots, vectors = np.linalg.svd(
            root(parts.cosines) * parts.lengths
        )  # of G = RᵀR: no digit is squared away
        real = roots > len(gram) * np.finfo(float).eps * roots[0]
        if not real.any():
            return mean
        roots, vectors = roots[real], vectors[real].T
        values = roots**2
        levels = {"min": values.min(), "median": np.median(values), "rmse": values.mean()}
        return np.asarray(vectors @ (np.sqrt(levels[self.level]) / roots * (vectors.T @ mean)))
