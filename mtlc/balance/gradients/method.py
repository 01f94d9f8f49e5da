"""What every gradient-level method offers, and what they share: lengths, cosines and a root of a Gram matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class NoSolution(Exception):
    """The method's problem has no solution for this Gram matrix, or none was found. Says why, in one clause."""


class GradientMethod:
    """Maps G, the inner products of K tasks' gradients, to K weights: the direction is their weighted sum.

    Called with the tasks that have a gradient now, in any number from 1; what is kept is keyed by task name.
    """

    def __init__(self, tasks: tuple[str, ...]) -> None:
        """`tasks`: all that can ever be called with."""
        self.tasks = tasks

    def __call__(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        """K finite weights from G, K×K. Raises `NoSolution`, also where a number of G is not finite."""
        if not np.isfinite(gram).all():
            raise NoSolution("an inner product of gradients is not finite")
        try:
            weights = self.weigh(gram, tasks)
        except np.linalg.LinAlgError as error:
            raise NoSolution(str(error)) from error
        if not np.isfinite(weights).all():
            raise NoSolution("a weight is not finite")
        return weights

    def weigh(self, gram: Array, tasks: tuple[str, ...]) -> Array:
        """The method's formula: K weights from a finite G. Raises `NoSolution`."""
        raise NotImplementedError(type(self).__name__)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs; of most methods nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""


class Rows(NamedTuple):
    """A Gram matrix taken apart: G = diag(lengths) cosines diag(lengths).

    Problems are solved on the cosines, whose entries are at most 1, so that gradients of 1e-10 and of 1e15 may
    stand side by side. A gradient of length 0 has cosine 0 with all, itself included.
    """

    lengths: Array
    cosines: Array

    @property
    def inverse(self) -> Array:
        """One over each length; 0 for a gradient of 0."""
        return np.divide(1.0, self.lengths, out=np.zeros_like(self.lengths), where=self.lengths > 0)


def rows(gram: Array) -> Rows:
    """Lengths and cosines of the gradients whose inner products these are."""
    lengths = np.sqrt(np.clip(np.diag(gram), 0.0, None))
    inverse = Rows(lengths, gram).inverse
    cosines = np.clip((inverse[:, None] * gram) * inverse, -1.0, 1.0)
    np.fill_diagonal(cosines, (lengths > 0).astype(float))
    return Rows(lengths, (cosines + cosines.T) / 2)


def root(matrix: Array) -> Array:
    """R with RᵀR = matrix, symmetric and, but for rounding, positive semidefinite: what is rounding counts as 0."""
    values, vectors = np.linalg.eigh(matrix)
    real = np.where(values > len(matrix) * np.finfo(float).eps * values.max(initial=0.0), values, 0.0)
    return np.asarray(np.sqrt(real)[:, None] * vectors.T)


def inverse_of_ones(cosines: Array) -> Array:
    """C⁺1: what weighs unit gradients so that all have the same projection on the sum, where that can be."""
    return np.asarray(
        np.linalg.pinv(cosines, rcond=len(cosines) * np.finfo(float).eps, hermitian=True).sum(1)
    )


def cancels(gram: Array, weights: Array) -> bool:
    """Whether the weighted sum of the gradients is 0 but for rounding: squares of lengths have 16 digits."""
    return float(weights @ gram @ weights) <= 1e-14 * float(weights**2 @ np.diag(gram))
