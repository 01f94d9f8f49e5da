"""Label protocols: from the labels that the images of a data set have to those that training sees."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from mtlc.data.errors import DataError
from mtlc.manifest import ManifestError
from mtlc.manifest.label_table import read_label_table
from mtlc.parts.part import Place
from mtlc.parts.protocols import Protocol

Having = Mapping[str, Collection[str]]
Kept = dict[str, frozenset[str]]


def kept(protocol: Protocol, ids: Sequence[str], having: Having) -> Kept:
    """By task the ids whose label training sees, of those that have it (`having`).

    Depends on the protocol, the ids and which tasks an image has, in any order. Raises `DataError`.
    """
    has = {id: sorted(task for task in having if id in having[task]) for id in sorted(ids)}
    module, _, name = str(protocol.module).partition(":")
    chosen = getattr(import_module(module), name)(has, **protocol.arguments(()))
    return {task: frozenset(id for id in chosen if task in chosen[id]) for task in having}


Has = Mapping[str, Sequence[str]]
"""The tasks whose label each image has, by id."""


def one(has: Has, seed: int) -> dict[str, set[str]]:
    """One task an image: in an order of the seed, each image goes to the task of its own that has fewest yet."""
    order = list(has)
    random.Random(f"{seed}/order").shuffle(order)
    count: Counter[str] = Counter()
    found: dict[str, set[str]] = {}
    for id in order:
        among = _shuffled(has[id], seed, id)
        found[id] = {min(among, key=lambda task: count[task])} if among else set()
        count.update(found[id])
    return found


def some(has: Has, seed: int) -> dict[str, set[str]]:
    """Of K tasks 1 to K - 1, each number as likely as another, and each choice of so many."""
    return {id: set(_shuffled(has[id], seed, id)[: _number(len(has[id]), seed, id)]) for id in has}


def half(has: Has, seed: int) -> dict[str, set[str]]:
    """Of K tasks K/2; of an odd K one more or one less, by a coin, but never none."""
    found = {}
    for id, tasks in has.items():
        more = len(tasks) % 2 * random.Random(f"{seed}/coin/{id}").randint(0, 1)
        found[id] = set(_shuffled(tasks, seed, id)[: max(1, len(tasks) // 2 + more)])
    return found


def table(has: Has, file: Place) -> dict[str, frozenset[str]]:
    """What a file says; an image that it does not name keeps nothing. Raises `DataError`."""
    try:
        said: Mapping[str, Iterable[str]] = read_label_table(str(file.path))
    except ManifestError as error:
        raise DataError(f"{error.path}:{error.line}: {error.message}", error.hint or "correct it") from None
    if not said.keys() & has.keys():
        raise DataError(f"`{file.path}` names none of the training images", "name them by their ids")
    return {id: frozenset(said.get(id, ())) & frozenset(tasks) for id, tasks in has.items()}


def _number(tasks: int, seed: int, id: str) -> int:
    return random.Random(f"{seed}/number/{id}").randint(1, max(1, tasks - 1))


def _shuffled(tasks: Sequence[str], seed: int, id: str) -> list[Any]:
    order = list(tasks)
    random.Random(f"{seed}/tasks/{id}").shuffle(order)
    return order
