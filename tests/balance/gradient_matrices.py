"""Matrices whose rows are the gradients of tasks: at random, dependent, stationary, uneven."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
SIZES = ((2, 3), (3, 3), (3, 7), (4, 6), (4, 4), (5, 9))  # tasks, parameters


def plain(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """Independent rows without any order in them: about half of the pairs are in conflict."""
    return rng.standard_normal((tasks, parameters))


def opposed(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """Independent rows that nearly sum to 0: most pairs are in conflict."""
    matrix = plain(rng, tasks, parameters)
    return np.asarray(matrix - rng.uniform(0.5, 0.9) * matrix.mean(0))


def agreeing(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """No two rows are in conflict."""
    return np.abs(plain(rng, tasks, parameters))


def uneven(rng: np.random.Generator, tasks: int, parameters: int, *, decades: float = 3.0) -> Array:
    """Lengths that lie up to twice so many decades apart."""
    return np.asarray(plain(rng, tasks, parameters) * lengths(rng, tasks, -decades, decades))


def dependent(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """A rank one below the number of tasks; no sum of rows with weights above 0 need vanish."""
    rank = tasks - 1
    return np.asarray(rng.standard_normal((tasks, rank)) @ rng.standard_normal((rank, parameters)))


def stationary(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """A sum of all rows with weights above 0 vanishes: no direction helps one task and harms none."""
    matrix = plain(rng, tasks, parameters)
    matrix[-1] = -rng.uniform(0.5, 2.0, tasks - 1) @ matrix[:-1]
    return matrix


def partly_stationary(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """The first two rows are opposed, the others independent: these can be helped without harm to those."""
    matrix = plain(rng, tasks, parameters)
    matrix[1] = -rng.uniform(0.5, 2.0) * matrix[0]
    return matrix


def extreme(rng: np.random.Generator, tasks: int, parameters: int) -> Array:
    """Lengths of 1e-10 to 1e15, side by side."""
    return np.asarray(plain(rng, tasks, parameters) * lengths(rng, tasks, -10, 15))


def lengths(rng: np.random.Generator, tasks: int, least: float, most: float) -> Array:
    return np.asarray(10.0 ** rng.uniform(least, most, (tasks, 1)))


SAMPLERS = (plain, opposed, agreeing, uneven, dependent, stationary, partly_stationary, extreme)
SOLVABLE = (plain, opposed, agreeing)  # every method has one solution
WITHOUT_SUMS_OF_ZERO = (plain, opposed, agreeing, uneven, extreme)


def many(samplers: tuple, count: int, *, seed: int = 5) -> Iterator[Array]:
    """`count` matrices of each sampler and size."""
    rng = np.random.default_rng(seed)
    for sampler in samplers:
        for size in SIZES:
            for _ in range(count):
                yield sampler(rng, *size)
