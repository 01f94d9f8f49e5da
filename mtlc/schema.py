"""What the catalogue's dataclasses say about their keys: name, type, default, bounds."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, Union

from mtlc.parse.literal import quote
from mtlc.parts.part import AUTO, Auto, Part, Place, Size

MISSING = dataclasses.MISSING


@dataclass(frozen=True)
class Key:
    """One key of a part as a spec sees it; `attribute` is the dataclass field behind it."""

    name: str
    attribute: str
    type: Any
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    bare: bool = False

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def takes(self) -> str:
        """What the key takes, in words: `a whole number of at least 1, or `none``."""
        return describe(self.type, self._bounds(), bare=self.bare)

    def takes_item(self) -> str:
        """What an item of a list may be, in words."""
        items = [typing.get_args(each)[0] for each in members(self.type) if typing.get_origin(each) is tuple]
        return describe(items[0], self._bounds(), bare=self.bare)

    def _bounds(self) -> str:
        bounds = []
        if self.above is not None:
            bounds.append(f"above {number(self.above)}")
        if self.low is not None:
            bounds.append(f"of at least {number(self.low)}")
        if self.high is not None:
            bounds.append(f"of at most {number(self.high)}")
        return f" {' and '.join(bounds)}" if bounds else ""

    def in_bounds(self, value: Any) -> bool:
        """Whether every number in the value keeps the bounds."""
        if isinstance(value, tuple):
            return all(self.in_bounds(each) for each in value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return not (
            (self.above is not None and not value > self.above)
            or (self.low is not None and not value >= self.low)
            or (self.high is not None and not value <= self.high)
        )


_KEYS: dict[type[Part], dict[str, Key]] = {}


def keys(cls: type[Part]) -> dict[str, Key]:
    """The keys of a part by name, in declared order, `kw_only` ones last. A trailing underscore (`from_`) is left
    out."""
    if cls not in _KEYS:
        _KEYS[cls] = _read_keys(cls)
    return _KEYS[cls]


def _read_keys(cls: type[Any]) -> dict[str, Key]:
    hints = typing.get_type_hints(cls)
    found = {}
    for field in sorted(dataclasses.fields(cls), key=lambda each: each.kw_only is True):
        name, meta = field.name.rstrip("_"), field.metadata
        bounds = {each: meta.get(each) for each in ("low", "high", "above")}
        bare = meta.get("name", False)
        default, about = field.default, meta.get("help", "")
        found[name] = Key(name, field.name, hints[field.name], default, about, **bounds, bare=bare)
    return found


def members(type_: Any) -> tuple[Any, ...]:
    """The alternatives of a union, or the type alone."""
    return typing.get_args(type_) if typing.get_origin(type_) in (Union, types.UnionType) else (type_,)


def choices(type_: Any) -> tuple[str, ...]:
    """The words that a type allows literally, `none` and `auto` included."""
    words: list[str] = []
    for each in members(type_):
        if typing.get_origin(each) is Literal:
            words += typing.get_args(each)
        words += ["none"] if each is types.NoneType else ["auto"] if each is Auto else []
    return tuple(words)


def namespaces(type_: Any) -> tuple[type[Part], ...]:
    """The kinds of part that a type allows."""
    return tuple(each for each in members(type_) if isinstance(each, type) and issubclass(each, Part))


_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    bool: "`true` or `false`",
    Size: "a size such as `448x576` (height x width)",
    Place: 'a path in quotes, or `env("NAME")`',
    types.NoneType: "`none`",
    Auto: "`auto`",
}


def describe(type_: Any, bounds: str = "", *, bare: bool = False) -> str:
    """What values a type takes, in a user's words; `bounds` is said of its numbers."""
    said: list[str] = []
    for each in members(type_):
        if typing.get_origin(each) is Literal:
            words = [f"`{word}`" for word in typing.get_args(each)]
            said.append(words[0] if len(words) == 1 else f"one of {', '.join(words)}")
        elif typing.get_origin(each) is tuple:
            said.append(f"a list, each item {describe(typing.get_args(each)[0], bounds, bare=bare)}")
        elif namespaces(each):
            said.append(f"{_article(each.noun)} {each.noun}")
        elif each is int and float in members(type_):
            continue
        else:
            said.append(
                "a name" if bare and each is str else _WORDS[each] + (bounds if each in _BOUNDED else "")
            )
    return f"{', '.join(said[:-1])}, or {said[-1]}" if len(said) > 1 else said[0]


_BOUNDED = (int, float, Size)


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def number(value: float) -> str:
    """A number as a person writes it: 40000, 0.5, 1e-06."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def literal(value: Any, *, every: bool = False) -> str:
    """A value as a spec writes it; reading it again gives the value. `every` is that of `call`, for parts."""
    if isinstance(value, Part):
        return call(value, every=every)
    if value is None or value is AUTO or isinstance(value, Auto):
        return "none" if value is None else "auto"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Size):
        return f"{value.height}x{value.width}"
    if isinstance(value, Place):
        return _place(value)
    if isinstance(value, tuple):
        return f"[{', '.join(literal(each, every=every) for each in value)}]"
    if isinstance(value, float):
        return repr(value)
    return quote(value) if isinstance(value, str) else str(value)


def _place(place: Place) -> str:
    if place.variable is None:
        return quote(place.path or "")
    default = "" if place.path is None else f", {quote(place.path)}"
    return f"env({quote(place.variable)}{default})"


def set_keys(part: Part, *, every: bool = False, inside: bool = False) -> dict[str, str]:
    """The keys of a part that are not at their default (or every key), as a spec writes them.

    Parts among the values have their own keys that are not at their default, or every key with `inside`.
    """
    out = {}
    for name, key in keys(type(part)).items():
        value = getattr(part, key.attribute)
        if every or key.required or value != key.default:
            wordlike = isinstance(value, str) and (key.bare or value in choices(key.type))
            out[name] = value if wordlike else _bare_list(value) if key.bare else literal(value, every=inside)
    return out


def _bare_list(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else literal(value)


def call(part: Part, *, every: bool = False, inside: bool = False) -> str:
    """A part as a call: `conv_up(dim = 256)`, or its word alone when every key is at its default.

    With `every`, all keys with their values: `sgd(lr = 0.01, momentum = 0.9, …)`; with `inside`, those of the
    parts among its values.
    """
    args = ", ".join(
        f"{name} = {value}" for name, value in set_keys(part, every=every, inside=every or inside).items()
    )
    return f"{part.word}({args})" if args else part.word
