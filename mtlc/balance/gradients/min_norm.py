"""The shortest vector in the convex hull of the gradients."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from mtlc.balance.gradients.method import Array, NoSolution, root, rows


def min_norm(gram: Array) -> Array:
    """The weights α ≥ 0, Σα = 1, for which ‖Σ αᵢgᵢ‖ is least.

    α is in proportion to the x ≥ 0 that minimises ‖Σ xᵢgᵢ‖² + (Σx - 1)²: for any Σx the first term is least at
    that α. This is non-negative least squares, exact after finitely many steps. Where a gradient is 0 it alone has
    weight.
    """
    parts = rows(gram)
    zero = parts.lengths == 0
    if zero.any():
        return np.asarray(zero / zero.sum())
    shares = parts.lengths.min() / parts.lengths  # the sum, in units of the shortest gradient
    system = np.vstack([root(parts.cosines), shares])
    try:
        found, _ = nnls(system, np.append(np.zeros(len(gram)), 1.0), maxiter=100 * len(gram))
    except RuntimeError as error:
        raise NoSolution("the shortest vector in the hull of the gradients was not found") from error
    weights = shares * found
    return np.asarray(weights / weights.sum())
