"""IMTL-G: a direction on which every task's unit gradient has the same projection."""

from __future__ import annotations

import numpy as np

from mtlc.balance.gradients.method import Array, GradientMethod, inverse_of_ones, rows


class ImtlG(GradientMethod):
    """Weights α with Σα = 1 and equal d·g_i/‖g_i‖: α in proportion to G⁺√diag(G). Some may be below 0.

    Liu et al., ICLR 2021 (impartial multi-task learning), eq. 6. A gradient of 0 has weight 0. The equal projections
    may be below 0, where short gradients oppose long ones: the direction then climbs for every task, as the formula
    says. Where Σα = 1 asks for infinite weights, as two opposed gradients do, they are 0.
    """

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        parts = rows(gram)
        weights = parts.inverse * inverse_of_ones(parts.cosines)
        whole = float(weights.sum())
        if abs(whole) <= 1e-12 * float(np.abs(weights).sum()):
            return np.zeros(len(gram))
        return np.asarray(weights / whole)
