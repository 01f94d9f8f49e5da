"""Reading typed values out of a YAML tree: each rule is one sentence, and reading goes on after a mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from mtlc.diagnostics import suggest
from mtlc.manifest import Problem
from mtlc.manifest.yamltree import Node

_WHOLE = re.compile(r"[0-9]{1,9}")
_BRACES = re.compile(r"\{[^}]*\}?|\}")


class Reader:
    """Collects what is wrong while values are read."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def fail(self, node: Node, message: str, hint: str | None = None) -> None:
        """Note a mistake at a node."""
        self.problems.append(Problem(message, node.line, node.column, hint))

    def mapping(self, node: Node, what: str, expected: str) -> Mapping[str, Node]:
        """The entries of a mapping; of anything else, none."""
        if isinstance(node.value, Mapping):
            return node.value
        self.fail(node, f"{what} is {node.kind}; it takes {expected}")
        return {}

    def fields(self, node: Node, what: str, known: Collection[str], required: Collection[str] = ()) -> Fields:
        """The known keys of a mapping. An unknown key is a mistake, and so is a required one that lacks."""
        entries = self.mapping(node, what, "the keys " + listed(known))
        absent = [name for name in known if name not in entries]
        guesses = {n: suggest(n, absent) or suggest(n, known) for n in entries if n not in known}
        for name, guess in guesses.items():
            hint = f"did you mean `{guess}`?" if guess else f"its keys are {listed(known)}"
            self.fail(node.keys[name], f"{what} has no key `{name}`", hint)
        # A misspelt key is one mistake, not an unknown key and a missing one.
        misspelt = frozenset(guess for guess in guesses.values() if guess)
        found = Fields(self, node, {name: entries[name] for name in entries if name in known}, misspelt)
        for name in required if isinstance(node.value, Mapping) else ():
            if found.lacks(name):
                self.fail(node, f"{what} lacks the key `{name}`", f"add `{name}:`")
        return found

    def text(self, node: Node, what: str) -> str | None:
        """A text that is not empty."""
        if isinstance(node.value, str) and node.value:
            return node.value
        self.fail(node, f"{what} is {node.kind}; it takes a text")
        return None

    def number(self, node: Node, what: str) -> float | None:
        """A finite number."""
        if isinstance(node.value, str) and not node.quoted:
            try:
                value = float(node.value)
            except ValueError:
                value = math.nan
            if math.isfinite(value):
                return value
        self.fail(node, f"{what} is {node.kind}; it takes a number")
        return None

    def id(self, node: Node, what: str) -> int | None:
        """A whole number that a label file can hold as a class."""
        if isinstance(node.value, str) and _WHOLE.fullmatch(node.value) and not node.quoted:
            value = int(node.value)
            if value <= 65535:
                return value
        self.fail(node, f"{what} is {node.kind}; it takes a whole number from 0 to 65535")
        return None

    def one_of(self, node: Node, what: str, words: Collection[str]) -> str | None:
        """One of a few words."""
        if isinstance(node.value, str) and node.value in words:
            return node.value
        meant = suggest(node.value, words) if isinstance(node.value, str) else None
        hint = f"did you mean `{meant}`?" if meant else None
        choice = listed(words) if len(words) == 1 else f"one of {listed(words)}"
        self.fail(node, f"{what} is {node.kind}; it takes {choice}", hint)
        return None

    def pattern(self, node: Node, what: str) -> str | None:
        """A path below the root with `{id}` in it, perhaps `{split}`, and no other braces."""
        path = self.text(node, what)
        if path is None or not self._inside(node, what, path):
            return None
        odd = [each for each in _BRACES.findall(path) if each not in ("{id}", "{split}")]
        if odd:
            message = f"{what} holds `{odd[0]}`; the only placeholders are `{{id}}` and `{{split}}`"
            self.fail(node, message, "write `{id}`")
            return None
        if "{id}" not in path:
            message = f"{what} lacks `{{id}}`, so that all images would have the same file"
            self.fail(node, message, "put `{id}` in")
            return None
        return path

    def file(self, node: Node, what: str) -> str | None:
        """A path below the root."""
        path = self.text(node, what)
        return path if path is not None and self._inside(node, what, path) else None

    def _inside(self, node: Node, what: str, path: str) -> bool:
        if not PurePosixPath(path).is_absolute():
            return True
        message = f"{what} is an absolute path; it starts from the data's `root`"
        self.fail(node, message, "write it from `root` on")
        return False


@dataclass(frozen=True)
class Fields:
    """The known entries of one mapping; `misspelt` are the keys that unknown ones were probably meant for."""

    reader: Reader
    node: Node
    nodes: Mapping[str, Node]
    misspelt: frozenset[str] = frozenset()

    def lacks(self, name: str) -> bool:
        """Whether a key is neither there nor there misspelt, which was reported."""
        return name not in self.nodes and name not in self.misspelt

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def inner(self, name: str, known: Collection[str]) -> Fields | None:
        """The fields of a mapping under a key; None without that key."""
        node = self.nodes.get(name)
        return None if node is None else self.reader.fields(node, f"`{name}`", known)

    def many(self, name: str) -> tuple[Node, ...]:
        """What stands under a key, be it one thing or a list; nothing without that key."""
        node = self.nodes.get(name)
        if node is None:
            return ()
        if node.value == ():
            self.reader.fail(node, f"`{name}` is an empty list", "write a value, or remove the key")
        return node.value if isinstance(node.value, tuple) else (node,)

    def text(self, name: str) -> str | None:
        """A text, or None without that key."""
        return self.reader.text(self.nodes[name], f"`{name}`") if name in self.nodes else None

    def file(self, name: str) -> str | None:
        """A path below the root, or None without that key."""
        return self.reader.file(self.nodes[name], f"`{name}`") if name in self.nodes else None

    def texts(self, name: str) -> tuple[str, ...]:
        """One or several texts."""
        found = [self.reader.text(each, f"`{name}`") for each in self.many(name)]
        return tuple(each for each in found if each is not None)

    def patterns(self, name: str) -> tuple[str, ...]:
        """One or several patterns with `{id}`."""
        found = [self.reader.pattern(each, f"`{name}`") for each in self.many(name)]
        return tuple(each for each in found if each is not None)

    def number(self, name: str) -> float | None:
        """A number, or None without that key."""
        return self.reader.number(self.nodes[name], f"`{name}`") if name in self.nodes else None

    def numbers(self, name: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """One or several numbers."""
        if name not in self:
            return default
        found = [self.reader.number(each, f"`{name}`") for each in self.many(name)]
        return tuple(each for each in found if each is not None)

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        """One of a few words, or None without that key."""
        return self.reader.one_of(self.nodes[name], f"`{name}`", words) if name in self.nodes else None


def listed(words: Collection[str]) -> str:
    """`a`, `b`, `c`"""
    return ", ".join(f"`{word}`" for word in words)
