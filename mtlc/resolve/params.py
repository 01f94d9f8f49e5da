"""The named values of `let`: what stands behind `$name`, and names that have no value or only themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mtlc.diagnostics import Label, suggest
from mtlc.resolve.once import Once
from mtlc.resolve.unreadable import UNREADABLE, Unreadable
from mtlc.source import Span
from mtlc.syntax import Arg, Assign, Block, Call, Let, ListValue, Param, Relation, Value


def params_in(node: Any) -> Iterator[Param]:
    """Every `$name` in a piece of syntax."""
    if isinstance(node, Param):
        yield node
    elif isinstance(node, tuple):
        for each in node:
            yield from params_in(each)
    elif isinstance(node, Let | Block | Assign | Relation | Call | Arg | ListValue):
        for part in ("value", "body", "calls", "args", "items"):
            yield from params_in(getattr(node, part, None))


@dataclass
class Params:
    """`values` are the named values; `meant` fills with those that misspelt names were taken for."""

    values: Mapping[str, Value]
    once: Once
    meant: set[str] = field(default_factory=set)
    unknown: dict[str, list[Span]] = field(default_factory=dict)

    def behind(self, node: Param) -> Value | Unreadable:
        """The value that a `$name` stands for."""
        value: Value = node
        while isinstance(value, Param):
            name = value.name.text
            if name in self.circles:
                return UNREADABLE
            if name not in self.values:
                self.unknown.setdefault(name, []).append(value.span)
                return UNREADABLE
            value = self.values[name]
        return value

    def report(self) -> None:
        """All uses of one name without a value are one mistake, and so is each circle."""
        for name, place in self.circles.items():
            if place is not None:
                self.once.error("MTL109", f"`${name}` is defined by itself", place, hint="write a value here")
        for name, spans in self.unknown.items():
            self._unknown(name, *sorted(set(spans), key=lambda span: span.start))

    def _unknown(self, name: str, first: Span, *others: Span) -> None:
        guess = suggest(name, self.values)
        self.meant |= {guess} if guess else set()
        if self.once.may_hold(name) or self.once.may_hold("let"):
            return
        hint = f"did you mean `${guess}`?" if guess else f"add `let {name} = …` at the top"
        more = tuple(Label(span, "and here") for span in others)
        message = f"`${name}` has no value"
        self.once.error("MTL109", message, first, "no `let` names it", hint=hint, others=more)

    @cached_property
    def circles(self) -> dict[str, Span | None]:
        """The names that are made of themselves; of each circle one has the place where it is used for that."""
        reads = {
            name: {each.name.text: each.span for each in params_in(v)} for name, v in self.values.items()
        }
        left, found = _trimmed(reads, set(reads)), dict[str, Span | None]()
        found.update(dict.fromkeys(name for name in self.values if name in left))
        while left:
            first = next(name for name in self.values if name in left)
            found[first] = next(
                reads[name][first] for name in self.values if name in left and first in reads[name]
            )
            left = _trimmed(reads, left - {first})
        return found


def _trimmed(reads: Mapping[str, Mapping[str, Span]], names: set[str]) -> set[str]:
    """The names without those that read none of them, and those that none of them reads, again and again."""
    while True:
        kept = {name for name in names if not names.isdisjoint(reads[name])}
        kept &= {read for name in kept for read in reads[name]}
        if kept == names:
            return names
        names = kept
