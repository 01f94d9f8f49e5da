"""A YAML file as a tree that knows its lines and keeps every scalar as it was written.

Scalars stay text, so that `0001` keeps its zeros and a class may be called `no`; a key may stand only once.
Nothing in the file is constructed: tags of one's own, merge keys and recursive anchors are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from mtlc.manifest import ManifestError, Problem
from mtlc.source import SourceError, load

_PLAIN = "tag:yaml.org,2002:"
_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "seq", "map", "merge", "value", "binary")
_LONG = "check that this is a manifest; long lists of ids belong in a text file, `train: {file: train.txt}`"


@dataclass(frozen=True, eq=False)
class Node:
    """A text, a list or a mapping and where it starts. `quoted` texts are never numbers."""

    line: int
    column: int
    value: str | tuple[Node, ...] | Mapping[str, Node]
    quoted: bool = False
    keys: Mapping[str, Node] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What a person would call it."""
        if isinstance(self.value, str):
            return f"`{_short(self.value)}`" if self.value or self.quoted else "nothing"
        return "a list" if isinstance(self.value, tuple) else "a mapping"


def parse(path: str | Path) -> tuple[Node, list[Problem]]:
    """The tree of a file and what is wrong in it that does not keep one from going on.

    Raises `ManifestError` where there is no tree.
    """
    name = str(path)
    try:
        text = load(path).text
    except SourceError as error:
        hint = _LONG if "spec" in error.hint else error.hint
        raise ManifestError(name, [Problem(str(error), hint=hint)]) from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ManifestError(name, [_syntax(error)]) from None
    except RecursionError:
        raise ManifestError(name, [Problem("it is nested too deep", hint="use fewer brackets")]) from None
    if root is None:
        hint = "write `images`, `splits` and `labels`"
        raise ManifestError(name, [Problem("the manifest is empty", hint=hint)])
    convert = _Convert()
    return convert.node(root), convert.problems


class _Convert:
    """From yaml's nodes to ours. A node that several aliases name is converted once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, node: yaml.Node) -> Node:
        if id(node) in self._open:
            self._fail(node, "an anchor holds itself", "write the value out")
            return Node(*_place(node), "…")
        if id(node) not in self._done:
            self._open.add(id(node))
            self._check_tag(node)
            self._done[id(node)] = self._convert(node)
            self._open.discard(id(node))
        return self._done[id(node)]

    def _convert(self, node: yaml.Node) -> Node:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return Node(*_place(node), tuple(self.node(each) for each in node.value))
        return Node(*_place(node), str(node.value), quoted=getattr(node, "style", None) is not None)

    def _mapping(self, node: yaml.MappingNode) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        for raw_key, raw_value in node.value:
            key, value = self.node(raw_key), self.node(raw_value)
            if not isinstance(key.value, str):
                self._fail(raw_key, f"a key is {key.kind}", "a key is one word")
            elif key.value == "<<" and not key.quoted:
                self._fail(raw_key, "`<<` is not merged in a manifest", "write the keys out")
            elif key.value in values:
                before = keys[key.value].line
                self._fail(raw_key, f"`{key.value}` stands already in line {before}", "remove one of the two")
            else:
                values[key.value], keys[key.value] = value, key
        return Node(*_place(node), values, keys=keys)

    def _check_tag(self, node: yaml.Node) -> None:
        if node.tag.removeprefix(_PLAIN) not in _KINDS:
            written = node.tag.replace(_PLAIN, "!!")
            message = f"the tag `{_short(written)}` is not read in a manifest"
            self._fail(node, message, "write the plain value")

    def _fail(self, node: yaml.Node, message: str, hint: str) -> None:
        self.problems.append(Problem(message, *_place(node), hint))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _syntax(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    place: tuple[int, int] = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if "another document" in reason:
        return Problem("there is a second document after `---`", *place, "keep one document")
    hint = 'quote a pattern inside brackets, as in ["photos/{id}.jpg"], and texts that hold `: ` or ` #`'
    return Problem(f"this is not YAML: {reason}", *place, hint)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
