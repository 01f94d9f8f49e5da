"""Which key each given value belongs to: by name, or by its place before the first name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mtlc import schema
from mtlc.diagnostics import Label
from mtlc.parts.part import Part, named
from mtlc.resolve.meant import meant, why
from mtlc.resolve.once import Once
from mtlc.resolve.words import ticked, written
from mtlc.schema import Key
from mtlc.syntax import Arg, Assign, Name, Value


@dataclass(frozen=True)
class Given:
    """A value as given to a key: the key's name (None: by position), the value, and why it applies here."""

    name: Name | None
    value: Value
    because: Label | None = None


def as_given(args: Iterable[Arg | Assign]) -> list[Given]:
    """The arguments of a call, or the keys of a block, as values given to keys."""
    return [Given(arg.name, arg.value) for arg in args]


@dataclass
class Placing:
    """Finds the key of each value. `owner` names what has the keys in messages.

    Keys that are `known` beside `keys` are read elsewhere, and may have been meant. `bad` fills with the keys
    that mistakes were probably meant for.
    """

    keys: Mapping[str, Key]
    known: Mapping[str, Key]
    owner: str
    once: Once

    def place(self, given: Sequence[Given]) -> tuple[dict[str, Given], set[str]]:
        """The values by key, and the keys that mistakes were probably meant for."""
        placed, bad = dict[str, Given](), set[str]()
        by_name = False
        for each in given:
            by_name |= each.name is not None
            if each.name is not None:
                bad |= self._by_name(each.name, each, given, placed)
            elif by_name:
                bad |= self._late(placed, each)
            elif len(placed) >= len(self.keys):
                self._too_many(each)
                return placed, bad | set(list(self.keys)[-1:])
            else:
                placed[list(self.keys)[len(placed)]] = each
        return placed, bad & set(self.keys)

    def _by_name(self, name: Name, each: Given, given: Sequence[Given], placed: dict[str, Given]) -> set[str]:
        if name.text in placed:
            self._twice(name, placed[name.text])
            return {name.text}
        if name.text not in self.keys:
            there = {one.name.text if one.name else "" for one in given}
            needed = [key.name for key in self.keys.values() if key.required and key.name not in there]
            return {unknown_key(name, self.known, self.owner, self.once, needed if "" not in there else ())}
        placed[name.text] = each
        return set()

    def _late(self, placed: Mapping[str, Given], each: Given) -> set[str]:
        """A value without a name after named ones; gives the key that it may be meant for."""
        free = next((name for name in self.keys if name not in placed), "")
        message = f"{self.owner} takes values without a name before those with one"
        hint = f"write `{free} = {written(each.value)}`" if free else "remove it"
        self.once.error("MTL107", message, each.value.span, "its key is missing", hint=hint)
        return {free} - {""}

    def _too_many(self, each: Given) -> None:
        most = len(self.keys)
        hint = f"its keys are {ticked(self.keys)}: write `NAME = …`"
        hint = hint if most else f"write {self.owner} without parentheses"
        takes = f"at most {most} value{'s' * (most > 1)}" if most else "no values"
        self.once.error("MTL108", f"{self.owner} takes {takes}", each.value.span, "one too many", hint=hint)

    def _twice(self, name: Name, first: Given) -> None:
        others = (Label(first.name.span if first.name else first.value.span, "first here"),)
        message = f"{self.owner} has `{name.text}` twice"
        self.once.error("MTL105", message, name.span, "second", hint="keep one", others=others)


def unknown_key(
    name: Name, keys: Mapping[str, Key], owner: str, once: Once, needed: Sequence[str] = ()
) -> str:
    """Report a key that there is none of; gives the key that was probably meant, or an empty name.

    Where one `needed` key is missing, and no other is called so, that one was meant.
    """
    guess = meant(name.text, keys)
    holder = _holder(name.text, keys)
    holder = holder or (None if guess else _holder(meant(name.text, ["lr", "dim"]) or "", keys))
    hint = f"its keys are {ticked(keys)}" if keys else "it has no keys"
    if holder:
        hint = f"write `{holder[0]} = {holder[1].word}({holder[2]} = …)`"
    elif guess:
        hint = f"did you mean `{guess}`?{why(name.text, guess)}"
    elif len(needed) == 1:
        guess, hint = needed[0], f"did you mean `{needed[0]}`, which {owner} needs?"
    once.error("MTL101", f"{owner} has no key `{name.text}`", name.span, "unknown key", hint=hint)
    return holder[0] if holder else guess or ""


def _holder(name: str, keys: Mapping[str, Key]) -> tuple[str, type[Part], str] | None:
    """The key whose part has a key of this name: `lr` is one of `adamw`, which is a value of `optimizer`."""
    for key in keys.values():
        known = [part for space in schema.namespaces(key.type) for part in named(space).values()]
        first = [type(key.default)] if isinstance(key.default, Part) else []
        for part in [*first, *known]:
            if name in schema.keys(part):
                return key.name, part, name
    return None
