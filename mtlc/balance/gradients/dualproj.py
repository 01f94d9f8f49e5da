"""DualProj: the mean gradient, projected so that it opposes no task's."""

from __future__ import annotations

import numpy as np

from mtlc.balance.gradients.cone import projected
from mtlc.balance.gradients.method import Array, GradientMethod


class DualProj(GradientMethod):
    """The projection of the mean gradient on {d : d·g_i ≥ 0 for all i}.

    Lopez-Paz and Ranzato, NeurIPS 2017 (arXiv 1706.08840, gradient episodic memory), eq. 8, for tasks that are trained
    together. Solved exactly, without a ridge.
    """

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        return projected(gram, np.full(len(gram), 1 / len(gram)))
