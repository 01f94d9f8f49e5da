"""The weights at which α-fairness between the tasks is greatest."""

from __future__ import annotations

import numpy as np

from mtlc.balance.gradients.method import Array, NoSolution, Rows, cancels, rows
from mtlc.balance.gradients.min_norm import min_norm

ENOUGH = 1e-10  # relative residual of the equations
NOISE = 1e-4  # of a task's gain: where rounding may be more of it, nothing is known of its sign
STEPS = 12  # Newton's, at one place on the way
NONE = "the gradients cancel: no weights above 0 let every task gain"
PLACES = 100  # on the way; a few suffice unless the gradients nearly cancel


def fair(gram: Array, alpha: float, tasks: tuple[str, ...]) -> Array:
    """The x > 0 with Gx = x^(-1/α), entry by entry; exists where no sum of gradients with weights ≥ 0 vanishes.

    With v = x times the lengths l, and C the cosines, this is Cv = l^(1/α - 1) v^(-1/α). At C = I and α = 1 its
    solution is v = 1. From there to the given C, and then to the given α, it is followed by Newton's method in log v,
    with steps that are halved where that does not arrive.
    """
    parts = rows(gram)
    if (parts.lengths == 0).any():
        raise NoSolution(f"the gradient of `{tasks[int(np.argmin(parts.lengths))]}` is 0")
    if cancels(parts.cosines, min_norm(parts.cosines)):
        raise NoSolution(NONE)
    logs, way, step = np.zeros(len(gram)), 0.0, 1.0
    for _ in range(PLACES):
        ahead = min(1.0, way + step)
        found = _solved(logs, ahead, parts, alpha)
        if found is None:
            step /= 2
            continue
        if ahead == 1:
            return np.asarray(np.exp(found) / parts.lengths)
        logs, way, step = found, ahead, 2 * step
    raise NoSolution(NONE)


def _solved(logs: Array, way: float, parts: Rows, alpha: float) -> Array | None:
    """log v at this place of the way, by Newton's method from `logs`; None where it does not arrive."""
    cosines = np.eye(len(logs)) + min(1.0, 2 * way) * (parts.cosines - np.eye(len(logs)))
    power = 1 + max(0.0, 2 * way - 1) * (1 / alpha - 1)
    wanted = (power - 1) * np.log(parts.lengths)
    for _ in range(STEPS):
        v = np.exp(logs)
        gain = cosines @ v
        noise = len(v) * np.finfo(float).eps * (np.abs(cosines) @ v)
        if not (noise < NOISE * gain).all():
            return None
        residual = np.log(gain) + power * logs - wanted
        if (np.abs(residual) <= np.maximum(ENOUGH, 4 * noise / gain)).all():
            return logs
        logs = logs - np.linalg.solve(cosines * v / gain[:, None] + power * np.eye(len(v)), residual)
    return None
