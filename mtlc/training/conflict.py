"""What the gradients of a step say of the tasks: how long they are, who opposes whom, how they were weighed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import sqrt
from typing import Any

from mtlc.training.directions import Seen

Pair = tuple[str, str]


def told(seen: Seen) -> dict[str, Any]:
    """The numbers of a step's gradients, of what tasks share.

    `weights` by set of tasks (null: no step was taken there); in steps that compared gradients also `norms` by task,
    `cosines` by pair, over the parameters that both reach, and `modules`: the norms by module and task.
    """
    weights = [{"tasks": list(tasks), "weights": each} for tasks, each in seen.weights.items()]
    if not seen.grams:
        return {"weights": weights}
    return {
        "weights": weights,
        "norms": {task: sqrt(_product(seen, (task, task))) for task in seen.present if _shares(seen, task)},
        "cosines": [[*pair, value] for pair, value in cosines(seen).items()],
        "modules": {
            module: dict(_norms(seen, module)) for module in dict.fromkeys(name for _, name in seen.grams)
        },
    }


def cosines(seen: Seen) -> dict[Pair, float]:
    """The cosine between two tasks' gradients, over the parameters that both reach; a pair that shares none, or
    where one gradient is 0, has no entry."""
    found = {}
    for pair in combinations(seen.present, 2):
        lengths = _product(seen, pair, (0, 0)) * _product(seen, pair, (1, 1))
        if lengths > 0:
            found[pair] = _product(seen, pair) / sqrt(lengths)
    return found


def conflicts(seen: Seen) -> float | None:
    """The share of pairs whose gradients oppose each other; None where none were compared."""
    found = cosines(seen).values()
    return sum(value < 0 for value in found) / len(found) if found else None


def _product(seen: Seen, pair: Pair, of: tuple[int, int] = (0, 1)) -> float:
    """The inner product of two of a pair's gradients over all parameters that both tasks of the pair reach."""
    total = 0.0
    for (tasks, _), gram in seen.grams.items():
        here = [task for task in tasks if task in seen.present]
        if set(pair) <= set(here):
            total += float(gram[here.index(pair[of[0]]), here.index(pair[of[1]])])
    return total


def _norms(seen: Seen, module: str) -> Iterator[tuple[str, float]]:
    for task in seen.present:
        squares = [
            float(gram[(here := [t for t in tasks if t in seen.present]).index(task), here.index(task)])
            for (tasks, name), gram in seen.grams.items()
            if name == module and task in tasks
        ]
        if squares:
            yield task, sqrt(sum(squares))


def _shares(seen: Seen, task: str) -> bool:
    return any(task in tasks for tasks, _ in seen.grams)
