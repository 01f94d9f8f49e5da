"""mtlc's gradient-level methods as subjects of the conformance suite, made from the catalogue."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from conformance import Array, Direction, Refused, Subject

from mtlc.balance.gradients.method import GradientMethod, NoSolution
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import named

METHODS = [word for word, part in named(GradientBalancer).items() if part.__module__.startswith("mtlc.")]

SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("upgrad", {}),
    ("dualproj", {}),
    ("pcgrad", {}),
    ("mgda", {}),
    ("mgda", {"normalise": "l2"}),
    ("cagrad", {"c": 0.5, "rescale": "square"}),
    ("cagrad", {"c": 0.4, "rescale": None}),
    ("cagrad", {"c": 1.0, "rescale": "linear"}),
    ("cagrad", {"c": 3.0, "rescale": None}),
    ("imtl_g", {}),
    ("aligned", {"level": "min"}),
    ("aligned", {"level": "median"}),
    ("aligned", {"level": "rmse"}),
    ("nash", {"max_norm": 1.0}),
    ("nash", {"max_norm": None}),
    ("fairgrad", {"alpha": 1.0}),
    ("fairgrad", {"alpha": 0.5}),
    ("fairgrad", {"alpha": 4.0}),
    ("config", {}),
]


def built(word: str, tasks: tuple[str, ...], **keys: Any) -> GradientMethod:
    """The method as the trainer makes it: those keys of the catalogue that its constructor takes."""
    part = named(GradientBalancer)[word](**keys)
    file, name = str(part.module).split(":")
    cls = getattr(importlib.import_module(file), name)
    taken = inspect.signature(cls).parameters
    given = {key: value for key, value in part.arguments(()).items() if key in taken}
    if given.get("seed", 0) is None:
        given["seed"] = 7
    made: GradientMethod = cls(tasks, **given)
    return made


def subject(word: str, **keys: Any) -> Subject:
    def make(tasks: tuple[str, ...]) -> Direction:
        method = built(word, tasks, **keys)

        def direction(matrix: Array, present: tuple[str, ...]) -> Array:
            try:
                return method(matrix @ matrix.T, present) @ matrix
            except NoSolution as failure:
                raise Refused(str(failure)) from failure

        return direction

    return Subject(word, make, keys)


SUBJECTS = [subject(word, **keys) for word, keys in SETTINGS]
