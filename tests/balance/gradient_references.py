"""Each method's direction by another way than the library's: on the gradients themselves, by enumeration of faces,
orders and active constraints, or by a general solver of SciPy. Slow, and for few tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from itertools import combinations, permutations
from math import sqrt

import numpy as np
from gradient_matrices import Array
from scipy.optimize import least_squares, minimize, root

Reference = Callable[[Array], list[Array]]
"""From the gradients, K×P, to all directions that are right; none where there is no solution."""


def faces(count: int) -> Iterator[list[int]]:
    """Every non-empty set of rows."""
    for size in range(1, count + 1):
        yield from map(list, combinations(range(count), size))


def unit(matrix: Array) -> Array:
    return np.asarray(matrix / np.linalg.norm(matrix, axis=-1, keepdims=True))


def pcgrad() -> Reference:
    """The sums for every choice of an order for each task, as algorithm 1 says, on the gradients. Up to 4 tasks."""

    def without_conflict(matrix: Array, i: int, order: tuple[int, ...]) -> Array:
        mine = matrix[i].copy()
        for j in order:
            along = mine @ matrix[j]
            if along < 0:
                mine -= along / (matrix[j] @ matrix[j]) * matrix[j]
        return mine

    def directions(matrix: Array) -> list[Array]:
        tasks, nothing = range(len(matrix)), np.zeros((1, matrix.shape[1]))
        if len(tasks) > 4:
            return []
        each = [
            [without_conflict(matrix, i, order) for order in permutations(set(tasks) - {i})] for i in tasks
        ]
        return list(
            reduce(
                lambda sums, more: (sums[:, None] + np.array(more)).reshape(-1, sums.shape[1]), each, nothing
            )
        )

    return directions


def nearest_to_zero(matrix: Array) -> Array:
    """The weights of the shortest vector in the hull: on each face the foot of the perpendicular, if it lies inside."""
    best, shortest = np.zeros(len(matrix)), np.inf
    for face in faces(len(matrix)):
        corner, others = matrix[face[0]], matrix[face[1:]]
        steps = np.linalg.lstsq((others - corner).T, -corner, rcond=None)[0]
        weights = np.zeros(len(matrix))
        weights[face] = [1 - steps.sum(), *steps]
        length = np.linalg.norm(weights @ matrix)
        if weights.min() >= -1e-12 and length < shortest:
            best, shortest = weights, length
    return best


def mgda(normalise: str | None = None) -> Reference:
    return lambda matrix: [nearest_to_zero(unit(matrix) if normalise else matrix) @ matrix]


def cagrad(c: float, rescale: str | None = None) -> Reference:
    """On each face the stationary points of g_w·g0 + c‖g0‖‖g_w‖ solve one quadratic equation; the least is taken."""

    def directions(matrix: Array) -> list[Array]:
        mean = matrix.mean(0)
        reach = c * np.linalg.norm(mean)
        whole = [face for face in faces(len(matrix)) if np.linalg.cond(unit(matrix[face])) < 1e10]
        found = [each for face in whole for each in candidates(matrix[face], mean, reach)]
        worst = min(found, key=lambda point: point @ mean + reach * np.linalg.norm(point))
        divisor = {"square": 1 + c**2, "linear": 1 + c, None: 1.0}[rescale]
        return [(mean + reach * worst / np.linalg.norm(worst)) / divisor]

    return directions


def candidates(rows: Array, mean: Array, reach: float) -> Iterator[Array]:
    """The points of a face at which b + ρ G w/‖g_w‖ = λ 1, with b = J g0."""
    inverse, b, ones = np.linalg.inv(rows @ rows.T), rows @ mean, np.ones(len(rows))
    square, half, rest = ones @ inverse @ ones, ones @ inverse @ b, b @ inverse @ b - reach**2
    under = half**2 - square * rest
    for sign in (-1, 1) if under >= 0 else ():
        weights = inverse @ ((half + sign * sqrt(under)) / square - b)
        if weights.min() >= -1e-12 * abs(weights).max() and weights.sum() > 0:
            yield weights / weights.sum() @ rows


def imtl_g() -> Reference:
    """The paper's equations for all weights but the first, in differences of gradients and of unit gradients."""

    def directions(matrix: Array) -> list[Array]:
        lengths, turns = matrix[0] - matrix[1:], unit(matrix)[0] - unit(matrix)[1:]
        others = np.linalg.solve((lengths @ turns.T).T, turns @ matrix[0])
        return [np.array([1 - others.sum(), *others]) @ matrix]

    return directions


def aligned(level: str = "min") -> Reference:
    """The mean row of √λ U Vᵀ, from the singular value decomposition J = U Σ Vᵀ."""

    def directions(matrix: Array) -> list[Array]:
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        real = values > 1e-10 * values[0]
        squares = values[real] ** 2
        stretch = {"min": squares.min(), "median": np.median(squares), "rmse": squares.mean()}[level]
        return [sqrt(stretch) * (left[:, real] @ right[real]).mean(0)]

    return directions


def on_cone(matrix: Array, point: Array) -> Array:
    """The nearest point that opposes no row: of the projections on what some rows leave free, the nearest allowed."""
    turns, best, nearest = unit(matrix), np.zeros_like(point), np.linalg.norm(point)
    for active in ([], *faces(len(matrix))):
        there = turns[active]
        foot = point - np.linalg.pinv(there) @ (there @ point) if active else point
        distance = np.linalg.norm(point - foot)
        if (turns @ foot).min() >= -1e-12 * np.linalg.norm(point) and distance < nearest:
            best, nearest = foot, distance
    return best


def upgrad() -> Reference:
    return lambda matrix: [np.mean([on_cone(matrix, row) for row in matrix], axis=0)]


def dualproj() -> Reference:
    return lambda matrix: [on_cone(matrix, matrix.mean(0))]


def fairgrad(alpha: float) -> Reference:
    """(G eᶻ) exp(z/α) = 1, by SciPy's least squares and root finder from several starts; checked by its residual."""

    def directions(matrix: Array) -> list[Array]:
        gram = matrix @ matrix.T

        start = -alpha / (1 + alpha) * np.log(np.diag(gram))

        def residual(z: Array) -> Array:
            return np.asarray(gram @ np.exp(z) * np.exp(z / alpha) - 1)

        def unfairness(z: Array) -> float:
            x, power = np.exp(z), 1 - 1 / alpha
            gains = z if power == 0 else np.exp(power * z) / power
            return float(0.5 * x @ gram @ x - gains.sum())

        with np.errstate(over="ignore", invalid="ignore"):  # of steps that SciPy takes back
            lowest = minimize(unfairness, start, method="Nelder-Mead", options={"maxiter": 4000}).x
            for shift in (0.0, 1.0, -1.0):
                near = least_squares(
                    residual, lowest + shift, xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale="jac"
                )
                exact = root(residual, near.x, tol=1e-14)
                if np.abs(residual(exact.x)).max() < 1e-9:
                    return [np.exp(exact.x) @ matrix]
        return []

    return directions


def nash(max_norm: float | None = None) -> Reference:
    """The fair direction at α = 1 of the unit gradients, which is that of the gradients; shortened."""

    def directions(matrix: Array) -> list[Array]:
        found = fairgrad(1.0)(unit(matrix))
        return [each * min(1.0, (max_norm or np.inf) / np.linalg.norm(each)) for each in found]

    return directions


def config() -> Reference:
    """U⁺1 from the pseudo-inverse of the unit gradients themselves."""

    def directions(matrix: Array) -> list[Array]:
        best = unit(np.linalg.pinv(unit(matrix)) @ np.ones(len(matrix)))
        return [(matrix @ best).sum() * best]

    return directions


REFERENCES: dict[str, Callable[..., Reference]] = {
    each.__name__: each
    for each in (pcgrad, mgda, cagrad, imtl_g, aligned, upgrad, dualproj, nash, fairgrad, config)
}
