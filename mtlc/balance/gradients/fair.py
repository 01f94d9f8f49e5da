"""The weights at which α-fairness between the tasks is greatest."""

from __future__ import annotations

import numpy as np

from mtlc.balance.gradients.method import Array, NoSolution

ENOUGH = 1e-10  # relative residual of the equations
MOST = 200  # Newton's steps


def fair(gram: Array, alpha: float, tasks: tuple[str, ...]) -> Array:
    """The x > 0 with Gx = x^(-1/α), entry by entry; exists where no sum of gradients with weights ≥ 0 vanishes.

    This is where the gradient of the convex ½xᵀGx - Σφ(x), φ' = x^(-1/α), is 0. Newton's method in units of what would
    solve a diagonal G, y = x/x₀, shortening steps until they stay positive and descend.
    """
    diagonal = np.diag(gram)
    if (diagonal <= 0).any():
        raise NoSolution(f"the gradient of `{tasks[int(np.argmin(diagonal))]}` is 0")
    first = diagonal ** (-alpha / (1 + alpha))
    scaled = first[:, None] * gram * first
    levels = np.diag(scaled).copy()
    power = 1 / alpha
    y = np.full(len(gram), 1.0)
    for _ in range(MOST):
        wanted = levels * y**-power
        slope = scaled @ y - wanted
        if (np.abs(slope) <= ENOUGH * wanted).all():
            return np.asarray(first * y)
        curve = scaled + np.diag(power * levels * y ** (-power - 1))
        y = _stepped(y, -np.linalg.solve(curve, slope), scaled, levels, power)
    raise NoSolution("the gradients cancel: no weights above 0 let every task gain")


def _stepped(y: Array, step: Array, scaled: Array, levels: Array, power: float) -> Array:
    """Newton's step, halved until it stays positive and the slope along it is no longer uphill beyond measure."""
    down = step < 0
    size = min(1.0, 0.95 * float(np.min(-y[down] / step[down]))) if down.any() else 1.0
    start = _value(y, scaled, levels, power)
    descent = float((scaled @ y - levels * y**-power) @ step)
    while size > 1e-12:
        ahead = y + size * step
        if _value(ahead, scaled, levels, power) <= start + 1e-4 * size * descent + 1e-13 * abs(start):
            return np.asarray(ahead)
        size /= 2
    raise NoSolution("no step towards fair weights was found")


def _value(y: Array, scaled: Array, levels: Array, power: float) -> float:
    gain = np.log(y) if power == 1 else (y ** (1 - power) - 1) / (1 - power)
    return float(0.5 * y @ scaled @ y - levels @ gain)
