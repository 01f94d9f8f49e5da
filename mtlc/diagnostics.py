"""What is wrong with a text: diagnostics, their collector, and did-you-mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from mtlc.source import Source, Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Label:
    """A place and what to say beside it; the text may be empty."""

    span: Span
    text: str = ""


@dataclass(frozen=True)
class Diagnostic:
    """One mistake: a stable code, one sentence, its place, related places, and an action as a way out.

    `reach` are the stretches of text that a mistake leaves unsure: what is read there is a guess.
    """

    code: str
    message: str
    primary: Label
    others: tuple[Label, ...] = ()
    hint: str | None = None
    severity: Severity = "error"
    reach: tuple[Span, ...] = ()


class Diagnostics:
    """Collects what every phase finds. Iterates by source (in the order first met), then by place."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        hint: str | None = None,
        others: Iterable[Label] = (),
        reach: Iterable[Span] = (),
    ) -> None:
        place = Label(span, label)
        self._found.append(Diagnostic(code, message, place, tuple(others), hint, reach=tuple(reach)))

    def warning(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        hint: str | None = None,
        others: Iterable[Label] = (),
    ) -> None:
        self._found.append(Diagnostic(code, message, Label(span, label), tuple(others), hint, "warning"))

    def copy(self) -> Diagnostics:
        """A collector that has found the same, to try something with."""
        other = Diagnostics()
        other.become(self)
        return other

    def become(self, other: Diagnostics) -> None:
        """Have found what the other has, and nothing else."""
        self._found = list(other._found)

    def extend(self, others: Iterable[Diagnostic]) -> None:
        self._found.extend(others)

    def keep(self, wanted: Callable[[Diagnostic], bool]) -> None:
        """Forget all others."""
        self._found = [each for each in self._found if wanted(each)]

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(each.severity == "error" for each in self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Diagnostic]:
        met: dict[Source, int] = {}
        for each in self._found:
            met.setdefault(each.primary.span.source, len(met))

        def place(each: Diagnostic) -> tuple[int, int]:
            return met[each.primary.span.source], each.primary.span.start

        return iter(sorted(self._found, key=place))


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, or None.

    Equal but for case wins; else the smallest Damerau-Levenshtein distance, at most a third of the word's
    length (at least 1). Ties go to the same letters in another order, then to what begins and ends
    as the word does, then to the order given.
    """
    candidates = list(dict.fromkeys(candidates))
    for candidate in candidates:
        if candidate.lower() == word.lower():
            return candidate
    limit = max(1, len(word) // 3)
    best: tuple[int, bool, int, str] | None = None
    for candidate in candidates:
        distance = edit_distance(word.lower(), candidate.lower(), limit)
        if distance > limit or distance >= max(len(word), len(candidate)):
            continue
        others = sorted(word.lower()) != sorted(candidate.lower())
        rank = (distance, others, -_shared_ends(word.lower(), candidate.lower()))
        if best is None or rank < best[:3]:
            best, limit = (*rank, candidate), distance
    return best[3] if best else None


def _shared_ends(a: str, b: str) -> int:
    """How many letters two words share at both ends; the beginning counts twice."""
    return 2 * _shared_start(a, b) + _shared_start(a[::-1], b[::-1])


def _shared_start(a: str, b: str) -> int:
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def edit_distance(a: str, b: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours from `a` to `b`, at most limit + 1."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(*row, *above) > limit:
            return limit + 1
        before, above = above, row
    return min(above[-1], limit + 1)
