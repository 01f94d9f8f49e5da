"""ConFIG: a direction at the same angle to every task's gradient, as long as their projections on it."""

from __future__ import annotations

from math import sqrt

import numpy as np

from mtlc.balance.gradients.method import Array, GradientMethod, inverse_of_ones, rows


class Config(GradientMethod):
    """d = (Σ g_i·b) b with b the unit vector along U⁺1, U the unit gradients: equal cosines with all of them.

    Liu, Chu and Thuerey, ICLR 2025 (arXiv 2408.11104), eq. 3 and 4. U⁺1 = Uᵀ(UUᵀ)⁺1, so only G is read. A gradient of 0
    has weight 0; where no such b exists (opposed gradients) the weights are 0.
    """

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        parts = rows(gram)
        mixed = inverse_of_ones(parts.cosines)
        squared = float(mixed @ parts.cosines @ mixed)
        if sqrt(max(squared, 0.0)) <= 1e-9:
            return np.zeros(len(gram))
        along = float(parts.lengths @ parts.cosines @ mixed)
        return np.asarray(along / squared * parts.inverse * mixed)
