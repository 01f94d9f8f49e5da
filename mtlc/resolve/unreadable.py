"""What stands for a value that was reported, so that nobody reports it again."""

from __future__ import annotations

from dataclasses import dataclass

from mtlc.parts.part import Part


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that was reported; whoever meets it says nothing more.

    Of a part, `best` is what could be made of its other keys, and `bad` are the keys that could not be read.
    """

    best: Part | None = None
    bad: frozenset[str] = frozenset()


UNREADABLE = Unreadable()
