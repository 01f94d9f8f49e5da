"""A literal as a plain value of one type, or a mismatch."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any, Literal

from mtlc.parts.part import Place, Size
from mtlc.resolve.env import beside
from mtlc.syntax import Bool, Number, SizeValue, Text, Value


@dataclass(frozen=True)
class Mismatch:
    """The value is none of the type's alternatives; `item` is what does not fit in a list."""

    item: Value | None = None


MISMATCH = Mismatch()


def plain(node: Value, type_: Any) -> Any:
    """The node as a plain value of the type, or `MISMATCH`. An integer serves where a number is meant."""
    if isinstance(node, Number):
        whole = isinstance(node.value, int) and not node.percent
        if type_ is float:
            return float(node.value)
        return node.value if type_ is int and whole else MISMATCH
    if isinstance(node, SizeValue) and type_ is Size:
        return Size(node.height, node.width)
    if isinstance(node, Bool) and type_ is bool:
        return node.value
    if isinstance(node, Text):
        if type_ is Place:
            return Place(beside(node))
        literal = typing.get_origin(type_) is Literal and node.value in typing.get_args(type_)
        return node.value if type_ is str or literal else MISMATCH
    return MISMATCH
