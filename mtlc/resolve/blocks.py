"""All blocks of a spec after merging, in order, and what is known of those that could not be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mtlc.diagnostics import Diagnostics, suggest
from mtlc.source import Source, Span
from mtlc.syntax import Arg, Assign, Let, Name, Relation, Value

NAMED = ("shared", "layer", "task")  # blocks that declare a name
KIND_ONLY = ("data", "balance")  # the name of the block is its kind; `data NAME : kind` has both
RESERVED = ("all", "frames")


@dataclass
class Merged:
    """One block after merging: its header's place, its kind, its keys by name, its relations and blocks."""

    keyword: str
    name: str
    kind: Name | None
    header: Span
    file: Source
    damaged: bool = False  # some of it could not be read
    entries: dict[str, Assign] = field(default_factory=dict)
    overridden: set[str] = field(default_factory=set)
    relations: list[Relation] = field(default_factory=list)
    inner: dict[str, Merged] = field(default_factory=dict)
    args: tuple[Arg, ...] = ()  # of a kind that `--set` gave as a call


@dataclass
class Blocks:
    """All blocks of a spec in order, the named values, and the files they came from."""

    source: Source
    blocks: dict[tuple[str, str], Merged] = field(default_factory=dict)
    lets: dict[str, Let] = field(default_factory=dict)
    twins: list[Merged] = field(default_factory=list)  # blocks that stand a second time in one file
    plugins: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)  # words of text that could not be read or taken, keywords too
    unread: bool = False  # a whole file could not be read
    used: set[str] = field(default_factory=set)  # the named values that any statement uses

    def of(self, *keywords: str) -> Iterator[Merged]:
        return (block for block in self.blocks.values() if block.keyword in keywords)

    def one(self, keyword: str) -> Merged | None:
        return next(self.of(keyword), None)

    def may_hold(self, *words: str) -> bool:
        """Whether one of these words may be declared in text that could not be read: that was reported."""
        return self.unread or any(word in self.lost or suggest(word, self.lost) for word in ("use", *words))

    def params(self) -> dict[str, Value]:
        return {name: let.value for name, let in self.lets.items()}


def told(span: Span, diagnostics: Diagnostics) -> bool:
    """Whether a mistake of the text stands in the same beginning of a block: the rest follows from it."""
    for each in diagnostics:
        other = each.primary.span
        if other.source is span.source and other.line == span.line and each.code.startswith("MTL0"):
            start = span.source.start(span.line)
            if "{" not in span.source.text[start : other.start]:
                return True
    return False
