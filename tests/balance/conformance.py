"""The properties of gradient-level methods, measured on matrices of gradients: for tests and for the table of
docs/balancing.md. Any library can be a subject."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from gradient_matrices import (
    SAMPLERS,
    SOLVABLE,
    Array,
    extreme,
    lengths,
    many,
    plain,
    stationary,
    uneven,
)
from gradient_references import REFERENCES

Direction = Callable[[Array, tuple[str, ...]], Array]
"""Gradients, K×P, and the names of their tasks to P numbers."""


class Refused(Exception):
    """The method says that it has no direction for these gradients."""


@dataclass(frozen=True)
class Subject:
    """A method as it is set: `make` gives a fresh one for these tasks."""

    method: str
    make: Callable[[tuple[str, ...]], Direction]
    settings: dict[str, Any] = field(default_factory=dict)  # of the reference

    @property
    def name(self) -> str:
        given = ", ".join(f"{key} = {str(value).lower()}" for key, value in self.settings.items())
        return f"{self.method}({given})" if given else self.method


class Finding(NamedTuple):
    """Whether a property held, and what was measured."""

    held: bool
    shown: str


def tasks_of(matrix: Array) -> tuple[str, ...]:
    return tuple(f"t{i}" for i in range(len(matrix)))


def direction(subject: Subject, matrix: Array, present: tuple[str, ...] = ()) -> Array:
    """From a fresh method, for these of its tasks; it has one for every row if none are named. Raises `Refused`."""
    named = present or tasks_of(matrix)
    return subject.make(tuple(sorted({*named, *tasks_of(matrix)})))(matrix, named)


def answers(subject: Subject, matrices: Iterable[Array]) -> Iterable[tuple[Array, Array]]:
    """Each of the matrices for which there is a direction, with it."""
    for matrix in matrices:
        try:
            yield matrix, direction(subject, matrix)
        except Refused:
            continue


def apart(one: Array, other: Array) -> float:
    """Their distance, relative to the second's length; 0 for two zeros, infinite where a number is not finite."""
    distance = float(np.linalg.norm(one - other))
    if not math.isfinite(distance):
        return math.inf
    return distance / max(float(np.linalg.norm(other)), 1e-300) if distance else 0.0


def formula(subject: Subject, samplers: tuple = SOLVABLE, *, count: int = 4) -> float:
    """The largest relative error to the reference; a refusal where there is a solution is infinite."""
    reference, worst = REFERENCES[subject.method](**subject.settings), 0.0
    for matrix in many(samplers, count):
        right = reference(matrix)
        try:
            found = direction(subject, matrix) if right else None
        except Refused:
            found = np.full(matrix.shape[1], np.nan)
        if found is not None:
            tiny = 1e-6 * np.linalg.norm(matrix, axis=1).min()  # where the answer is 0 but for rounding
            offs = [np.linalg.norm(each - found) / max(np.linalg.norm(each), tiny) for each in right]
            worst = max(worst, float(min(offs)) if np.isfinite(offs).all() else math.inf)
    return worst


def one_task(subject: Subject) -> Finding:
    """One gradient g alone gives g times a number above 0."""
    factors = []
    for length in (1e-3, 1.0, 1e3):
        row = length * np.array([[2.0, -1.0, 0.5]]) / math.sqrt(5.25)
        try:
            found = direction(subject, row)
        except Refused:
            return Finding(False, "refused")
        factors.append(float(found @ row[0] / (row[0] @ row[0])))
        if apart(found, factors[-1] * row[0]) > 1e-9:
            return Finding(False, "not along it")
    held = all(0 < each < math.inf for each in factors)
    if max(abs(each - factors[0]) for each in factors) <= 1e-9 * abs(factors[0]):
        return Finding(held, "g" if abs(factors[0] - 1) < 1e-9 else f"{factors[0]:.3g} g")
    return Finding(held, "g/‖g‖" if abs(factors[0] - 1e3) < 1e-3 else "of another length")


def any_order(subject: Subject) -> Finding:
    """The rows, with the names of their tasks, in another order."""
    worst, rng = 0.0, np.random.default_rng(3)
    for matrix, found in answers(subject, many(SOLVABLE, 2)):
        names, order = tasks_of(matrix), rng.permutation(len(matrix))
        shuffled = subject.make(names)(matrix[order], tuple(names[i] for i in order))
        worst = max(worst, apart(shuffled, found))
    return Finding(worst < 1e-6, error(worst))


def linear(subject: Subject) -> Finding:
    """The direction of rows of lengths a + b is that of lengths a plus that of lengths b."""
    worst, rng = 0.0, np.random.default_rng(4)
    for matrix in many(SOLVABLE, 2):
        a, b = rng.uniform(0.1, 3.0, (2, len(matrix), 1))
        parts = direction(subject, a * matrix) + direction(subject, b * matrix)
        worst = max(worst, apart(direction(subject, (a + b) * matrix), parts))
    return Finding(worst < 1e-6, error(worst))


def scale_free(subject: Subject) -> Finding:
    """Other lengths of the rows give the same direction."""
    worst, rng = 0.0, np.random.default_rng(4)
    for matrix in many(SOLVABLE, 2):
        one, other = direction(subject, matrix), direction(subject, lengths(rng, len(matrix), -2, 2) * matrix)
        worst = max(worst, apart(one / np.linalg.norm(one), other / np.linalg.norm(other)))
    return Finding(worst < 1e-6, error(worst))


def no_conflict(subject: Subject, samplers: tuple = SAMPLERS) -> Finding:
    """The least cosine between direction and gradient, and the share of matrices with one below 0.

    A direction that is 0 but for rounding, as on stationary gradients, opposes none.
    """
    opposing = counted = 0
    least = 0.0
    for matrix, found in answers(subject, many(samplers, 2)):
        counted += 1
        sizes = np.linalg.norm(matrix, axis=1)
        if np.linalg.norm(found) > 1e-7 * sizes.min():
            cosine = float((matrix @ found / sizes).min() / np.linalg.norm(found))
            opposing += not cosine >= -1e-6
            least = min(least, cosine) if math.isfinite(cosine) else -math.inf
    shown = "never" if not opposing else f"{opposing} of {counted} (cosine {least:.2f})"
    return Finding(not opposing and counted > 0, shown)


def extremes(subject: Subject) -> Finding:
    """Rows of 1e-10 to 1e15 side by side, and nothing but zeros: numbers, or a refusal."""
    refused = count = 0
    for matrix in [*many((extreme,), 4), np.zeros((3, 5)), np.full((3, 5), 1e-170)]:
        count += 1
        try:
            found = direction(subject, matrix)
        except Refused:
            refused += 1
            continue
        if not np.isfinite(found).all() or (not matrix.any() and found.any()):
            return Finding(False, "not finite")
    return Finding(True, f"{refused} of {count} refused" if refused else "numbers")


def stops(subject: Subject) -> Finding:
    """On stationary gradients, where nothing helps one task without harm to another, the direction is 0."""
    worst = refused = 0.0
    for matrix in many((stationary,), 2):
        try:
            worst = max(worst, float(np.linalg.norm(direction(subject, matrix))) / np.linalg.norm(matrix))
        except Refused:
            refused += 1
    if refused:
        return Finding(True, "refused")
    return Finding(worst < 1e-6, "0" if worst < 1e-6 else f"up to {worst:.1g}")


def zero_row(subject: Subject) -> Finding:
    """What a gradient of 0 among others does: a task that nobody labelled must not be passed as such."""
    seen = set()
    for matrix in many((plain,), 2):
        if len(matrix) > 2:
            whole = matrix.copy()
            whole[1] = 0.0
            seen.add(_effect(subject, whole, np.delete(matrix, 1, 0)))
    shown = ", ".join(sorted(seen))
    return Finding("not finite" not in seen, shown)


def _effect(subject: Subject, matrix: Array, without: Array) -> str:
    try:
        found, other = direction(subject, matrix), direction(subject, without, ("t0", *tasks_of(matrix)[2:]))
    except Refused:
        return "refused"
    if not np.isfinite(found).all():
        return "not finite"
    if np.linalg.norm(found) < 1e-9 * np.linalg.norm(other):
        return "direction 0"
    if apart(found, other) < 1e-6:
        return "as without it"
    if apart(found, other * len(without) / len(matrix)) < 1e-6:
        return "as without it, times (K - 1)/K"
    return "another direction"


def two_opposed(subject: Subject) -> Finding:
    """Gradients g and -2g, which no direction can serve both."""
    row = np.array([1.0, 2.0, -0.5])
    try:
        found = direction(subject, np.array([row, -2 * row]))
    except Refused:
        return Finding(True, "refused")
    if not np.isfinite(found).all():
        return Finding(False, "not finite")
    factor = float(found @ row / (row @ row))
    return Finding(True, "0" if abs(factor) < 1e-7 else f"{factor:.2g} g")


def not_finite(subject: Subject) -> Finding:
    """A number in a gradient is NaN or infinite: refused, passed on (NaN comes out), or covered up."""
    seen = set()
    for bad in (math.nan, math.inf, -math.inf):
        matrix = np.random.default_rng(1).standard_normal((3, 5))
        matrix[1, 2] = bad
        try:
            found = direction(subject, matrix)
            seen.add("covered up" if np.isfinite(found).all() else "passed on")
        except Refused:
            seen.add("refused")
    return Finding("covered up" not in seen, ", ".join(sorted(seen)))


def error(size: float) -> str:
    """One digit: `3e-16`."""
    return "0" if size == 0 else f"{size:.0e}"


class Measured(NamedTuple):
    """All that the table says of a subject."""

    formula: float
    uneven: float
    findings: dict[str, Finding]


PROPERTIES: dict[str, Callable[[Subject], Finding]] = {
    "one task": one_task,
    "any order": any_order,
    "linear": linear,
    "scale-free": scale_free,
    "opposes a task": no_conflict,
    "stationary": stops,
    "zero row": zero_row,
    "g and -2g": two_opposed,
    "1e-10 … 1e15": extremes,
    "NaN, inf": not_finite,
}


def measure(subject: Subject) -> Measured:
    found = {name: checked(check, subject) for name, check in PROPERTIES.items()}
    return Measured(formula(subject), formula(subject, (uneven,)), found)


def checked(check: Callable[[Subject], Finding], subject: Subject) -> Finding:
    """A method that refuses what has a solution does not have the property."""
    try:
        return check(subject)
    except Refused:
        return Finding(False, "refused")
