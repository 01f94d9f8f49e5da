"""The projection on the dual cone: the nearest direction that no task's gradient opposes."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from mtlc.balance.gradients.method import Array, NoSolution, root, rows


def projected(gram: Array, weights: Array) -> Array:
    """The weights of the projection of Σ wᵢgᵢ on {d : gᵢ·d ≥ 0 for all i}; `weights` w are K numbers ≥ 0.

    The projection is Σ vᵢgᵢ with v of least ‖Σ vᵢgᵢ‖ among all v ≥ w (Quinton and Rey, arXiv 2406.16232, eq. 5):
    non-negative least squares in v - w, exact after finitely many steps.
    """
    parts = rows(gram)
    real = parts.lengths > 0  # a gradient of 0 is opposed by nothing
    if not real.any():
        return weights
    half = root(parts.cosines[np.ix_(real, real)])
    projection = weights.copy()
    try:
        more, _ = nnls(half, -half @ (parts.lengths * weights)[real], maxiter=100 * len(weights))
    except RuntimeError as error:
        raise NoSolution("the projection on the dual cone did not converge") from error
    projection[real] += more / parts.lengths[real]
    return projection
