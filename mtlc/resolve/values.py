"""Reading the values of a spec by the types of their keys; every mistake is reported once, at its place."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mtlc import schema
from mtlc.diagnostics import Label, suggest
from mtlc.parts.foreign import PartError, blaming
from mtlc.parts.part import AUTO, Auto, Part, Place, Size, named
from mtlc.resolve import cure
from mtlc.resolve.env import read_env
from mtlc.resolve.given import Given, Placing, as_given
from mtlc.resolve.once import Once
from mtlc.resolve.params import Params
from mtlc.resolve.plain import MISMATCH, Mismatch, plain
from mtlc.resolve.unreadable import UNREADABLE, Unreadable
from mtlc.resolve.words import ticked, written
from mtlc.schema import Key
from mtlc.source import Span
from mtlc.syntax import Bare, Call, ListValue, Param, Value


@dataclass
class Reader:
    """Reads values, and parts with their keys."""

    once: Once
    params: Params

    def error(self, code: str, message: str, span: Span, label: str = "", **more: Any) -> Unreadable:
        """Report, unless this was said of the same place before."""
        return self.once.error(code, message, span, label, **more)

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
        placed, bad = Placing(keys, {**beside, **keys}, owner, self.once).place(list(given))
        values: dict[str, Any] = {}
        for name, each in placed.items():
            others = (each.because,) if each.because else ()
            values[keys[name].attribute] = self.value(each.value, keys[name], owner, others)
        missing = [key for key in keys.values() if key.required and key.attribute not in values]
        bad |= {key.name for key in missing if self.once.may_hold(key.name)}
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

    def value(self, node: Value, key: Key, owner: str, others: tuple[Label, ...] = ()) -> Any:
        """A value for a key, or `UNREADABLE` after reporting why it is none."""
        if isinstance(node, Param):
            others = (*others, Label(node.span, f"used here for `{key.name}`"))
            found = self.params.behind(node)
            if isinstance(found, Unreadable):
                return found
            node = found
        value = self._as(node, key.type, key, owner)
        if isinstance(value, Mismatch):
            return self._mismatch(node, value, key, owner, others)
        if not isinstance(value, Unreadable) and not key.in_bounds(value):
            bad = _first_out(node, value, key)
            message = f"`{key.name}` of {owner} takes {key.takes()}, not `{written(bad)}`"
            hint = cure.bound(bad, value, key)
            return self.error("MTL104", message, bad.span, "out of bounds", hint=hint, others=others)
        return value

    def _mismatch(
        self, node: Value, found: Mismatch, key: Key, owner: str, others: tuple[Label, ...]
    ) -> Unreadable:
        if self.once.told(node.span):
            return UNREADABLE
        if found.item is not None:
            item = f"an item of `{key.name}` of {owner} is {key.takes_item()}"
            hint = cure.item(found.item, key)
            message = f"{item}, not `{written(found.item)}`"
            return self.error("MTL102", message, found.item.span, hint=hint, others=others)
        message = f"`{key.name}` of {owner} takes {key.takes()}, not `{written(node)}`"
        hint = cure.cure(node, key, written(node))
        if isinstance(node, Bare) and node.name.text in self.params.values:
            self.params.meant.add(node.name.text)
            hint = f"write `{key.name} = ${node.name.text}` for the value of `let {node.name.text}`"
        return self.error("MTL102", message, node.span, hint=hint, others=others)

    def _as(self, node: Value, type_: Any, key: Key, owner: str) -> Any:
        """The value as one of the type's alternatives; a mismatch is not reported here."""
        if isinstance(node, Param):
            found = self.params.behind(node)
            return found if isinstance(found, Unreadable) else self._as(found, type_, key, owner)
        if isinstance(node, ListValue):
            return self._list(node, type_, key, owner)
        if isinstance(node, Bare | Call):
            return self._word(node, type_, key)
        for each in schema.members(type_):
            value = plain(node, each)
            if value is not MISMATCH:
                return value
        return MISMATCH

    def _list(self, node: ListValue, type_: Any, key: Key, owner: str) -> Any:
        for each in schema.members(type_):
            if typing.get_origin(each) is tuple:
                items = tuple(self._as(item, typing.get_args(each)[0], key, owner) for item in node.items)
                for item, read in zip(node.items, items, strict=True):
                    if isinstance(read, Mismatch):
                        return Mismatch(item)
                return UNREADABLE if any(isinstance(read, Unreadable) for read in items) else items
        return MISMATCH

    def _word(self, node: Bare | Call, type_: Any, key: Key) -> Any:
        """A bare name or a call: a choice, a part, a declared name, or `env(…)`."""
        word, members = node.name.text, schema.members(type_)
        if isinstance(node, Call) and word == "env" and any(each in (str, Place) for each in members):
            return read_env(node, members, self.once)
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
        spaces, members = schema.namespaces(type_), schema.members(type_)
        guess, noun = suggest(node.name.text, words), spaces[0].noun if spaces else "choice"
        lists = any(typing.get_origin(each) is tuple for each in members)
        literals = lists or not {bool, int, float, str, Size, Place}.isdisjoint(members)
        if not words or (literals and not guess):
            return MISMATCH
        if spaces and self.once.may_hold(node.name.text):
            return UNREADABLE
        hint = f"did you mean `{guess}`?" if guess else f"`{key.name}` takes {ticked(words)}"
        message = f"`{key.name}` knows no {noun} `{node.name.text}`"
        return self.error("MTL106", message, node.name.span, f"unknown {noun}", hint=hint)


def _first_out(node: Value, value: Any, key: Key) -> Value:
    """What is out of bounds: the value, or the first such item of a list."""
    if isinstance(node, ListValue) and isinstance(value, tuple):
        return next(item for item, each in zip(node.items, value, strict=True) if not key.in_bounds(each))
    return node


def _special(word: str, members: tuple[Any, ...]) -> bool:
    return (word == "none" and type(None) in members) or (word == "auto" and Auto in members)
