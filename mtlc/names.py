"""Unique, readable names: the wanted one where it is free, else with a number."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """The names in use; `fresh` gives the one wanted, or `wanted_2`, `wanted_3`, …"""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def fresh(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name
