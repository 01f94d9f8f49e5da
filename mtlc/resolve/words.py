"""Words and values as messages show them."""

from __future__ import annotations

from collections.abc import Iterable

from mtlc.syntax import BadLiteral, Value

LONGEST = 60  # characters of a value that a message repeats


def written(node: Value) -> str:
    """A value as it stands in the spec, cut where it is long."""
    text = node.text if isinstance(node, BadLiteral) else node.span.text
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "…"


def ticked(words: Iterable[str]) -> str:
    """`a`, `b`, `c`"""
    return ", ".join(f"`{word}`" for word in words)
