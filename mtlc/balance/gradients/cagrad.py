"""CAGrad: near the mean gradient, the direction that helps the worst-off task most."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from scipy.optimize import brentq, nnls

from mtlc.balance.gradients.method import Array, GradientMethod, NoSolution, Rows, root, rows


class CaGrad(GradientMethod):
    """The d with the largest min_i g_i·d over ‖d - g0‖ ≤ c‖g0‖, g0 the mean gradient.

    Liu et al., NeurIPS 2021 (arXiv 2110.14048), eq. 3; as in alg. 1 it is g0 + c‖g0‖ g_w/‖g_w‖ for some w of the
    simplex. `rescale` divides d by 1 + c² (`square`, the authors' default) or 1 + c (`linear`). Where several d are as
    good, for gradients of which a weighted sum is 0, it is the one nearest to g0.
    """

    def __init__(self, tasks: tuple[str, ...], c: float, rescale: Literal["square", "linear"] | None) -> None:
        super().__init__(tasks)
        self.c = c
        self.divisor = {"square": 1 + c**2, "linear": 1 + c, None: 1.0}[rescale]

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        mean = np.full(len(gram), 1 / len(gram))
        reach = self.c * sqrt(max(float(mean @ gram @ mean), 0.0))
        return (
            mean / self.divisor
            if reach == 0
            else (mean + _farthest(gram @ mean, reach, rows(gram))) / self.divisor
        )


def _farthest(gains: Array, reach: float, parts: Rows) -> Array:
    """The weights of d - g0; `gains` are g_i·g0.

    The steps that give every task a gain of s are a polyhedron, which shrinks as s grows: the best s is where its
    nearest point is `reach` away.
    """
    real = parts.lengths > 0
    lengths, half = parts.lengths[real], root(parts.cosines[np.ix_(real, real)])

    def wanted(gain: float) -> Array:
        return np.asarray((gain - gains[real]) / (lengths * reach))

    low = float(gains.min())
    high = float(np.append(gains[real] + lengths * reach, gains[~real]).min())
    high += 1e-9 * (high - low) * real.all()  # beyond what can be had, where the bound is no gradient of 0
    best = high
    if _nearest(half, wanted(high))[1] < 0.5:
        fine = 1e-15 * reach * float(lengths.min())
        best = brentq(lambda gain: _nearest(half, wanted(gain))[1] - 0.5, low, high, xtol=fine, maxiter=500)
        best -= 4 * fine + 1e-15 * abs(
            best
        )  # on this side there is a step, also where the nearest point jumps
    found = np.zeros(len(gains))
    found[real] = reach / lengths * _nearest(half, wanted(max(best, low)))[0]
    return found


def _nearest(half: Array, wanted: Array) -> tuple[Array, float]:
    """The x of the shortest s = Σ xᵢuᵢ with s·uᵢ ≥ wantedᵢ, and 1/(1 + ‖s‖²), which is 0 where there is none.

    Least distance programming: Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23.
    """
    target = np.append(np.zeros(len(half)), 1.0)
    try:
        found, _ = nnls(np.vstack([half, wanted]), target, maxiter=100 * len(half))
    except RuntimeError as error:
        raise NoSolution("the direction that helps the worst-off task most was not found") from error
    near = 1 - float(wanted @ found)
    return found / max(near, 0.1), near
