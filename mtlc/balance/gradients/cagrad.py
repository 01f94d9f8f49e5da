"""CAGrad: near the mean gradient, the direction that helps the worst-off task most."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from mtlc.balance.gradients.method import Array, GradientMethod
from mtlc.balance.gradients.min_norm import min_norm


class CaGrad(GradientMethod):
    """d = g0 + c‖g0‖ g_w/‖g_w‖, with g0 the mean gradient and w on the simplex where g_w·g0 + c‖g0‖‖g_w‖ is least.

    Liu et al., NeurIPS 2021 (arXiv 2110.14048), eq. 3 and alg. 1. Equal to max_d min_i g_i·d over ‖d - g0‖ ≤ c‖g0‖.
    `rescale` divides d by 1 + c² (`square`, the authors' default) or 1 + c (`linear`). Where 0 is in the hull of the
    gradients and c ≥ 1 the best direction is 0, and so are the weights.
    """

    def __init__(self, tasks: tuple[str, ...], c: float, rescale: Literal["square", "linear"] | None) -> None:
        super().__init__(tasks)
        self.c = c
        self.divisor = {"square": 1 + c**2, "linear": 1 + c, None: 1.0}[rescale]

    def __call__(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        mean = np.full(len(gram), 1 / len(gram))
        reach = self.c * sqrt(max(float(mean @ gram @ mean), 0.0))
        if reach == 0:
            return mean / self.divisor
        worst = _worst(gram, reach)
        length = sqrt(max(float(worst @ gram @ worst), 0.0))
        if length <= 1e-9 * sqrt(float(np.diag(gram).max())):
            return np.zeros(len(gram)) if self.c >= 1 else mean / self.divisor
        return (mean + reach / length * worst) / self.divisor


def _worst(gram: Array, reach: float) -> Array:
    """The w on the simplex where g_w·g0 + reach ‖g_w‖ is least.

    As reach ‖g_w‖ = min over t > 0 of (‖g_w‖²/t + reach² t)/2, at fixed t it is the w for which ‖g_w + t g0‖ is
    least: the shortest vector in the hull of the gradients, each moved by t g0. The best t is where reach t = ‖g_w‖,
    and to its left reach t is less, since the whole is convex in t.
    """

    def moved(t: float) -> Array:
        shift = np.eye(len(gram)) + t / len(gram)
        return min_norm(shift @ gram @ shift.T)

    def beyond(t: float) -> float:
        w = moved(t)
        return reach * t - sqrt(max(float(w @ gram @ w), 0.0))

    most = sqrt(float(np.diag(gram).max())) / reach
    least = 1e-9 * most
    if beyond(least) >= 0:
        return moved(0.0)
    return moved(brentq(beyond, least, most * (1 + 1e-9), xtol=1e-15 * most, rtol=1e-14))
