"""UPGrad: each gradient projected so that it opposes none, then averaged."""

from __future__ import annotations

import numpy as np

from mtlc.balance.gradients.cone import projected
from mtlc.balance.gradients.method import Array, GradientMethod


class UpGrad(GradientMethod):
    """The mean of the projections of each gradient on {d : d·g_i ≥ 0 for all i}.

    Quinton and Rey, arXiv 2406.16232, eq. 4. Opposes no task, is the mean where nothing conflicts, and is linear in the
    length of each gradient. Solved exactly, without a ridge.
    """

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        return np.asarray(np.mean([projected(gram, each) for each in np.eye(len(gram))], axis=0))
