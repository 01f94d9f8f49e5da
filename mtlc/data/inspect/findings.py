"""What looking at a data set finds, by file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the data, or that one should know of it.

    An `error` stops training or makes its figures wrong, a `warning` is probably a mistake, a `note` is for
    information. `what` is one word for the sort of thing, `file` what it is about (below the data's root),
    `ids` the images. `hint` is an action.
    """

    level: Level
    what: str
    file: str
    message: str
    hint: str | None = None
    split: str | None = None
    ids: tuple[str, ...] = ()


def by_weight(finding: Finding) -> tuple[int, bool]:
    """The worst first; what concerns all files comes before what is said of one."""
    return LEVELS.index(finding.level), bool(finding.ids)


def listed(words: Collection[str], most: int = 8) -> str:
    """`a`, `b`, `c` and 5 more"""
    shown = ", ".join(f"`{word}`" for word in list(words)[:most])
    return shown + (f" and {len(words) - most} more" if len(words) > most else "")
