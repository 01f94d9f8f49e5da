"""Reading the values of a spec by the types of their keys; every mistake is reported once, at its place."""

from __future__ import annotations

import os
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from mtlc import schema
from mtlc.diagnostics import Diagnostics, Label, suggest
from mtlc.parts.foreign import PartError, blaming
from mtlc.parts.part import AUTO, Auto, Part, Place, Size, named
from mtlc.resolve import cure
from mtlc.resolve.meant import meant
from mtlc.schema import Key
from mtlc.source import Span
from mtlc.syntax import (
    Arg,
    Assign,
    BadLiteral,
    Bare,
    Bool,
    Call,
    ListValue,
    Name,
    Number,
    Param,
    SizeValue,
    Text,
    Value,
)


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that was reported; whoever meets it says nothing more.

    Of a part, `best` is what could be made of its other keys, and `bad` are the keys that could not be read.
    """

    best: Part | None = None
    bad: frozenset[str] = frozenset()


UNREADABLE = Unreadable()


@dataclass(frozen=True)
class Given:
    """A value as given to a key: the key's name (None: by position), the value, and why it applies here."""

    name: Name | None
    value: Value
    because: Label | None = None


@dataclass
class Reader:
    """Reads values; `params` are the named values of `let`."""

    diagnostics: Diagnostics
    params: Mapping[str, Value]
    may_hold: Callable[[str], bool] = lambda name: (
        False
    )  # whether text that could not be read may declare a name
    meant: set[str] = field(default_factory=set)  # the named values that misspelt ones were taken for
    reported: set[tuple[str, Span]] = field(default_factory=set)
    unknown: dict[str, list[Span]] = field(default_factory=dict)

    def error(self, code: str, message: str, span: Span, label: str = "", **more: Any) -> Unreadable:
        """Report once for each place: a default that several tasks inherit is one mistake."""
        if (code, span) not in self.reported:
            self.reported.add((code, span))
            self.diagnostics.error(code, message, span, label, **more)
        return UNREADABLE

    def part(
        self,
        cls: type[Part],
        given: Iterable[Given],
        owner: str,
        where: Span,
        *,
        damaged: bool = False,
        beside: Mapping[str, Key] = MappingProxyType({}),
    ) -> Part | Unreadable:
        """Build a part from what is given to its keys. `owner` names it in messages, `where` is its place.

        A key that is missing from a `damaged` block may stand in the text that could not be read.
        Keys `beside` those of the part are read elsewhere, and may have been meant.
        """
        keys = schema.keys(cls)
        placed, bad = self._place(keys, list(given), owner, {**beside, **keys})
        values: dict[str, Any] = {}
        for name, each in placed.items():
            others = (each.because,) if each.because else ()
            values[keys[name].attribute] = self.value(each.value, keys[name], owner, others)
        missing = [key for key in keys.values() if key.required and key.attribute not in values]
        bad |= {key.name for key in missing if self.may_hold(key.name)}
        self._missing([key for key in missing if key.name not in bad and not damaged], owner, where)
        bad |= {name for name in placed if isinstance(values[keys[name].attribute], Unreadable)}
        good = {name: value for name, value in values.items() if not isinstance(value, Unreadable)}
        if missing or any(keys[name].required for name in bad):
            return UNREADABLE
        part = self._made(cls, good, placed, where)
        return Unreadable(part, frozenset(bad)) if bad and isinstance(part, Part) else part

    def _missing(self, keys: Sequence[Key], owner: str, where: Span) -> None:
        if not keys:
            return
        names = [f"`{key.name}`" for key in keys]
        message = f"{owner} needs {', '.join(names[:-1])}{' and ' * (len(names) > 1)}{names[-1]}"
        hint = f"add {', '.join(f'`{key.name} = …`' for key in keys)}"
        hint = f"{hint}: {keys[0].help}" if len(keys) == 1 else hint
        self.error("MTL103", message, where, f"missing key{'s' * (len(keys) > 1)}", hint=hint)

    def _made(
        self, cls: type[Part], values: dict[str, Any], placed: Mapping[str, Given], where: Span
    ) -> Part | Unreadable:
        """The part, unless it refuses its values, or (somebody's own) cannot even look at them."""
        try:
            with blaming(cls, "making it"):
                part = cls(**values)
            with blaming(cls, "`problems`"):
                bad = list(part.problems())
        except PartError as error:
            return self.error("MTL214", error.message, where, hint=error.hint)
        for problem in bad:
            span = placed[problem.key].value.span if problem.key in placed else where
            self.error(problem.code, problem.message, span, hint=problem.hint)
        return UNREADABLE if bad else part

    def _place(
        self, keys: Mapping[str, Key], given: list[Given], owner: str, known: Mapping[str, Key]
    ) -> tuple[dict[str, Given], set[str]]:
        """Which key each value belongs to, and the keys that mistakes there were probably meant for."""
        order, placed, bad = list(keys), dict[str, Given](), set[str]()
        by_name = False
        for each in given:
            by_name |= each.name is not None
            if each.name is None:
                if by_name:
                    bad |= self._late(order, placed, each, owner)
                elif len(placed) >= len(order):
                    self._too_many(order, each, owner)
                    return placed, bad | set(order[-1:])
                else:
                    placed[order[len(placed)]] = each
            elif each.name.text in placed:
                self._twice(each.name, placed[each.name.text], owner)
                bad.add(each.name.text)
            elif each.name.text not in keys:
                there = {one.name.text if one.name else "" for one in given}
                needed = [key.name for key in keys.values() if key.required and key.name not in there]
                bad.add(self.unknown_key(each.name, known, owner, needed if "" not in there else ()))
            else:
                placed[each.name.text] = each
        return placed, bad & set(keys)

    def _late(self, order: list[str], placed: Mapping[str, Given], each: Given, owner: str) -> set[str]:
        """A value without a name after named ones; gives the key that it may be meant for."""
        free = next((name for name in order if name not in placed), "")
        shown = _written(each.value)
        message = f"{owner} takes values without a name before those with one"
        hint = f"write `{free} = {shown}`" if free else "remove it"
        self.error("MTL107", message, each.value.span, "its key is missing", hint=hint)
        return {free} - {""}

    def _too_many(self, order: list[str], each: Given, owner: str) -> None:
        hint = (
            f"its keys are {_ticked(order)}: write `NAME = …`"
            if order
            else f"write {owner} without parentheses"
        )
        takes = f"at most {len(order)} value{'s' * (len(order) > 1)}" if order else "no values"
        self.error("MTL108", f"{owner} takes {takes}", each.value.span, "one too many", hint=hint)

    def _twice(self, name: Name, first: Given, owner: str) -> None:
        others = (Label(first.name.span if first.name else first.value.span, "first here"),)
        self.error(
            "MTL105", f"{owner} has `{name.text}` twice", name.span, "second", hint="keep one", others=others
        )

    def unknown_key(self, name: Name, keys: Mapping[str, Key], owner: str, needed: Sequence[str] = ()) -> str:
        """Report a key that there is none of; gives the key that was probably meant, or an empty name.

        Where one `needed` key is missing, and no other is called so, that one was meant.
        """
        guess = meant(name.text, keys)
        holder = _holder(name.text, keys) or (
            _holder(meant(name.text, ["lr", "dim"]) or "", keys) if not guess else None
        )
        hint = f"its keys are {_ticked(keys)}" if keys else "it has no keys"
        if holder:
            hint = f"write `{holder[0]} = {holder[1].word}({holder[2]} = …)`"
        elif guess:
            hint = f"did you mean `{guess}`?"
        elif len(needed) == 1:
            guess, hint = needed[0], f"did you mean `{needed[0]}`, which {owner} needs?"
        self.error("MTL101", f"{owner} has no key `{name.text}`", name.span, "unknown key", hint=hint)
        return holder[0] if holder else guess or ""

    def value(self, node: Value, key: Key, owner: str, others: tuple[Label, ...] = ()) -> Any:
        """A value for a key, or `UNREADABLE` after reporting why it is none."""
        if isinstance(node, Param):
            others = (*others, Label(node.span, f"used here for `{key.name}`"))
            found = self.param(node)
            if isinstance(found, Unreadable):
                return found
            node = found
        value = self._as(node, key.type, key, owner)
        if isinstance(value, _Mismatch):
            return self._mismatch(node, value, key, owner, others)
        if not isinstance(value, Unreadable) and not key.in_bounds(value):
            bad = _first_out(node, value, key)
            message = f"`{key.name}` of {owner} takes {key.takes()}, not `{_written(bad)}`"
            hint = cure.bound(value, key)
            return self.error("MTL104", message, bad.span, "out of bounds", hint=hint, others=others)
        return value

    def _mismatch(
        self, node: Value, found: _Mismatch, key: Key, owner: str, others: tuple[Label, ...]
    ) -> Unreadable:
        if self._told(node.span):
            return UNREADABLE
        if found.item is None:
            message = f"`{key.name}` of {owner} takes {key.takes()}, not `{_written(node)}`"
            hint = cure.cure(node, key, _written(node))
            if isinstance(node, Bare) and node.name.text in self.params:
                self.meant.add(node.name.text)
                hint = f"write `{key.name} = ${node.name.text}` for the value of `let {node.name.text}`"
            return self.error("MTL102", message, node.span, hint=hint, others=others)
        message = f"an item of `{key.name}` of {owner} is {key.takes_item()}, not `{_written(found.item)}`"
        hint = cure.item(found.item, key)
        return self.error("MTL102", message, found.item.span, hint=hint, others=others)

    def _told(self, span: Span) -> bool:
        """Whether a mistake of the text stands in this stretch, so that what is read there does not fit."""
        places = [each.primary.span for each in self.diagnostics if each.code.startswith("MTL0")]
        return any(each.source is span.source and span.start <= each.start < span.end for each in places)

    def param(self, node: Param) -> Value | Unreadable:
        """The value behind `$name`."""
        seen: list[str] = []
        value: Value = node
        while isinstance(value, Param):
            name = value.name.text
            if name not in self.params:
                self.unknown.setdefault(name, []).append(value.span)
                return UNREADABLE
            if name in seen:
                return self.error(
                    "MTL109", f"`${name}` is defined by itself", value.span, hint="write a value here"
                )
            seen.append(name)
            value = self.params[name]
        return value

    def report_unknown(self) -> None:
        """All uses of one `$name` that no `let` gives are one mistake."""
        for name, spans in self.unknown.items():
            first, *others = sorted(set(spans), key=lambda span: span.start)
            guess = suggest(name, self.params)
            self.meant |= {guess} if guess else set()
            hint = f"did you mean `${guess}`?" if guess else f"add `let {name} = …` at the top"
            more = tuple(Label(span, "and here") for span in others)
            if not self.may_hold(name) and not self.may_hold("let"):
                self.error(
                    "MTL109", f"`${name}` has no value", first, "no `let` names it", hint=hint, others=more
                )

    def _as(self, node: Value, type_: Any, key: Key, owner: str) -> Any:
        """The value as one of the type's alternatives; a mismatch is not reported here."""
        if isinstance(node, Param):
            found = self.param(node)
            return found if isinstance(found, Unreadable) else self._as(found, type_, key, owner)
        if isinstance(node, ListValue):
            return self._list(node, type_, key, owner)
        if isinstance(node, Bare | Call):
            return self._word(node, type_, key, owner)
        for each in schema.members(type_):
            value = _simple(node, each)
            if value is not MISMATCH:
                return value
        return MISMATCH

    def _list(self, node: ListValue, type_: Any, key: Key, owner: str) -> Any:
        for each in schema.members(type_):
            if typing.get_origin(each) is tuple:
                items = tuple(self._as(item, typing.get_args(each)[0], key, owner) for item in node.items)
                for written, item in zip(node.items, items, strict=True):
                    if isinstance(item, _Mismatch):
                        return _Mismatch(written)
                return UNREADABLE if any(isinstance(item, Unreadable) for item in items) else items
        return MISMATCH

    def _word(self, node: Bare | Call, type_: Any, key: Key, owner: str) -> Any:
        """A bare name or a call: a choice, a part, a declared name, or `env(…)`."""
        word, members = node.name.text, schema.members(type_)
        if isinstance(node, Call) and word == "env" and any(each in (str, Place) for each in members):
            return self._env(node, members)
        if isinstance(node, Bare) and word in schema.choices(type_):
            return {"none": None, "auto": AUTO}.get(word, word) if _special(word, members) else word
        known: dict[str, type[Part]] = {}
        for space in schema.namespaces(type_):
            known.update(named(space))
        if word in known:
            args = node.args if isinstance(node, Call) else ()
            return self.part(known[word], as_given(args), f"`{word}`", node.span)
        if isinstance(node, Bare) and key.bare and any(each is str for each in members):
            return word
        return self._unknown_word(node, type_, [*known, *schema.choices(type_)], key)

    def _unknown_word(self, node: Bare | Call, type_: Any, words: list[str], key: Key) -> Any:
        spaces = schema.namespaces(type_)
        guess, noun = suggest(node.name.text, words), spaces[0].noun if spaces else "choice"
        members = schema.members(type_)
        plain = {bool, int, float, str, Size, Place}.intersection(members) or any(
            typing.get_origin(each) is tuple for each in members
        )
        if not words or (plain and not guess):
            return MISMATCH
        if spaces and self.may_hold(node.name.text):
            return UNREADABLE
        hint = f"did you mean `{guess}`?" if guess else f"`{key.name}` takes {_ticked(words)}"
        message = f"`{key.name}` knows no {noun} `{node.name.text}`"
        return self.error("MTL106", message, node.name.span, f"unknown {noun}", hint=hint)

    def _env(self, node: Call, members: tuple[Any, ...]) -> Any:
        """`env("NAME", default)`: the variable's text; for a path it may be unset until a run."""
        texts = [arg.value for arg in node.args if arg.name is None]
        if not 1 <= len(texts) == len(node.args) <= 2 or not all(isinstance(each, Text) for each in texts):
            message = "`env` takes a variable's name and, if it may be unset, a default, both in quotes"
            return self.error("MTL111", message, node.span, hint='write `env("NAME", "default")`')
        name, default = texts[0], texts[1] if len(texts) == 2 else None
        assert isinstance(name, Text)
        given = os.environ.get(name.value) or None
        if Place in members:
            # from outside: relative to where the user stands; from the spec: relative to the spec
            path = os.path.abspath(given) if given else _beside(default) if default else None
            return Place(path, name.value)
        if given is None and default is None:
            return self.error(
                "MTL111", f"`{name.value}` is not set", node.span, hint="set it, or give a default"
            )
        return given if given is not None else typing.cast(Text, default).value


@dataclass(frozen=True)
class _Mismatch:
    """The value is none of the type's alternatives; `item` is what does not fit in a list."""

    item: Value | None = None


MISMATCH = _Mismatch()


def _holder(name: str, keys: Mapping[str, Key]) -> tuple[str, type[Part], str] | None:
    """The key whose part has a key of this name: `lr` is one of `adamw`, which is a value of `optimizer`."""
    for key in keys.values():
        known = [part for space in schema.namespaces(key.type) for part in named(space).values()]
        first = [type(key.default)] if isinstance(key.default, Part) else []
        for part in [*first, *known]:
            if name in schema.keys(part):
                return key.name, part, name
    return None


def _first_out(node: Value, value: Any, key: Key) -> Value:
    """What is out of bounds: the value, or the first such item of a list."""
    if isinstance(node, ListValue) and isinstance(value, tuple):
        return next(item for item, each in zip(node.items, value, strict=True) if not key.in_bounds(each))
    return node


def as_given(args: Iterable[Arg | Assign]) -> list[Given]:
    """The arguments of a call, or the keys of a block, as values given to keys."""
    return [Given(arg.name, arg.value) for arg in args]


def _special(word: str, members: tuple[Any, ...]) -> bool:
    return (word == "none" and type(None) in members) or (word == "auto" and Auto in members)


def _simple(node: Value, type_: Any) -> Any:
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
            return Place(_beside(node))
        literal = typing.get_origin(type_) is Literal and node.value in typing.get_args(type_)
        return node.value if type_ is str or literal else MISMATCH
    return MISMATCH


def _beside(node: Value) -> str:
    """A path written in a spec is relative to that file; one from the command line to the current folder."""
    assert isinstance(node, Text)
    path = node.span.source.path
    folder = Path.cwd() if path is None else Path(path).absolute().parent
    return os.path.normpath(folder / node.value)


def _written(node: Value) -> str:
    text = node.text if isinstance(node, BadLiteral) else node.span.text
    return text if len(text) <= 60 else text[:57] + "…"


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
