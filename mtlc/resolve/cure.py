"""What to write instead of a value that a key does not take: the same in another form, else an example."""

from __future__ import annotations

import re
import types
import typing
from typing import Any, Literal

from mtlc.diagnostics import suggest
from mtlc.parse.literal import literal as literal_value
from mtlc.parts.part import Auto, Place, Size, named
from mtlc.schema import Key, choices, literal, members, namespaces, number
from mtlc.syntax import BadLiteral, Bare, Bool, Call, ListValue, Number, SizeValue, Text, Value

_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_NOTHING = ("none", "null", "nil", "off", "false")


def cure(node: Value, key: Key, shown: str) -> str:
    """The way out of a value of the wrong type; `shown` is the value as written."""
    if isinstance(node, Call) and node.name.text != "env" and suggest(node.name.text, ["env"]):
        return "did you mean `env`?"
    for each in members(key.type):
        text = _converted(node, each, key, shown)
        if text is not None:
            return f"write `{key.name} = {text}`"
    return f"write a value such as `{key.name} = {example(key)}`"


def item(node: Value, key: Key) -> str:
    """The way out of an item of a list that is of the wrong type."""
    types_ = [typing.get_args(each)[0] for each in members(key.type) if typing.get_origin(each) is tuple]
    text = _converted(node, types_[0], key, node.span.text)
    shown = example(key) if isinstance(key.default, tuple) and key.default else _example(types_[0], key)
    shown = shown if shown.startswith("[") else f"[{shown}]"
    return f"write `{text}`" if text else f"write a list such as `{key.name} = {shown}`"


def bound(node: Value, value: Any, key: Key) -> str:
    """The way out of a value that is out of bounds, which stands at `node`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        percent = isinstance(node, Number) and node.percent
        if key.high == 1 and 1 < value <= 100 and not percent:
            return f"write `{key.name} = {number(value)}%` for a share of a hundred"
        if key.low is not None and value < key.low:
            return f"write `{key.name} = {number(key.low)}` or more"
        if key.high is not None and value > key.high:
            return f"write `{key.name} = {number(key.high)}` or less"
    return f"write a value such as `{key.name} = {example(key)}`"


def example(key: Key) -> str:
    """A value that the key takes: its default, or one made up from its type."""
    default = key.default
    if not key.required and default is not None and not isinstance(default, Auto) and default != ():
        wordlike = isinstance(default, str) and (key.bare or default in choices(key.type))
        return str(default) if wordlike else literal(default)
    return _example(members(key.type)[0], key)


def _example(type_: Any, key: Key) -> str:
    if typing.get_origin(type_) is tuple:
        item_type = typing.get_args(type_)[0]
        numbers = {int: "1, 2" if key.name == "stages" else "4, 8", float: "0.1, 10.0"}
        return f"[{numbers.get(item_type) or _example(item_type, key)}]"
    if typing.get_origin(type_) is Literal:
        return str(typing.get_args(type_)[0])
    if spaces := namespaces(type_):
        return next(iter(named(spaces[0])), "…")
    if type_ in (int, float):
        return number(key.low if key.low is not None else 1)
    if type_ is str:
        return "NAME" if key.bare else '"…"'
    return {bool: "true", Size: "64x64", Place: '"path/to/it"', types.NoneType: "none"}.get(type_, "auto")


def _converted(node: Value, type_: Any, key: Key, shown: str) -> str | None:
    """The value as this type would be written; None where there is no plain way."""
    word = _word(node)
    if type_ in (int, float):
        return _as_number(node, type_)
    if type_ is bool:
        guess = suggest(word, (*_TRUE, *_FALSE)) if isinstance(node, Bare) else word
        return "true" if guess in (*_TRUE, "1") else "false" if guess in (*_FALSE, "0") else None
    if type_ is Size:
        return _as_size(node, shown)
    if type_ in (str, Place):
        return f'"{shown}"' if isinstance(node, Bare) else None
    if type_ is types.NoneType:
        return "none" if word in _NOTHING else None
    if typing.get_origin(type_) is tuple:
        return _as_list(node, typing.get_args(type_)[0], shown)
    spaces = namespaces(type_)
    return node.value if isinstance(node, Text) and spaces and node.value in named(spaces[0]) else None


def _as_list(node: Value, item: Any, shown: str) -> str | None:
    """One item alone, or `1-2` for `[1, 2]`."""
    ends = re.fullmatch(r"(\d)-(\d)", shown)
    if ends and item is int and int(ends[1]) <= int(ends[2]):
        return f"[{', '.join(map(str, range(int(ends[1]), int(ends[2]) + 1)))}]"
    return f"[{shown}]" if _is_item(node, item) else None


def _is_item(node: Value, item: Any) -> bool:
    """Whether a value has the type of a list's items."""
    if isinstance(node, Bare | Call):
        known = [word for space in namespaces(item) for word in named(space)]
        return item is str or node.name.text in (*known, *choices(item))
    fitting = {int: Number, float: Number, str: Text, bool: Bool, Size: SizeValue}
    return item in fitting and isinstance(node, fitting[item])


def _word(node: Value) -> str:
    if isinstance(node, Bare | Call):
        return node.name.text.lower()
    if isinstance(node, Bool):
        return str(node.value).lower()
    return node.value.lower() if isinstance(node, Text) else node.text if isinstance(node, Number) else ""


def _as_number(node: Value, type_: type) -> str | None:
    if isinstance(node, Text):
        return (
            node.value
            if re.fullmatch(r"[-+]?[0-9]+" + (r"(\.[0-9]+)?" if type_ is float else ""), node.value)
            else None
        )
    if isinstance(node, BadLiteral):
        tried = literal_value(node.text.replace("_", "").replace("K", "k").replace("m", "M"), node.span)
        fits = isinstance(tried, Number) and (type_ is float or isinstance(tried.value, int))
        return tried.text if isinstance(tried, Number) and fits else None
    whole = isinstance(node, Number) and not node.percent and float(node.value).is_integer()
    return str(int(node.value)) if isinstance(node, Number) and whole else None


def _as_size(node: Value, shown: str) -> str | None:
    if isinstance(node, ListValue):
        sides = [
            str(each.value) for each in node.items if isinstance(each, Number) and isinstance(each.value, int)
        ]
        return "x".join(sides) if len(sides) == len(node.items) == 2 else None
    if isinstance(node, Number) and isinstance(node.value, int):
        return f"{node.value}x{node.value}"
    sides = re.findall(r"[0-9]+", shown)
    return "x".join(sides) if len(sides) == 2 else None
