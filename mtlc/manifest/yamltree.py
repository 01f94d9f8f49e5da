"""A YAML file as a tree that knows its lines and keeps every scalar as it was written.

Scalars stay text, so that `0001` keeps its zeros and a class may be called `no`; a key may stand only once.
Nothing in the file is constructed: tags of one's own, merge keys and recursive anchors are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.reader import ReaderError

from mtlc.manifest import ManifestError, Problem
from mtlc.source import Source, SourceError, load

_PLAIN = "tag:yaml.org,2002:"
_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "seq", "map", "merge", "value", "binary")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")  # in no path, and in no file
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
        source = load(path)
    except SourceError as error:
        hint = _LONG if "spec" in error.hint else error.hint
        raise ManifestError(name, [Problem(str(error), hint=hint)]) from None
    try:
        root = _composed(source)
        if root is None:
            hint = "write `images`, `splits` and `labels`"
            raise ManifestError(name, [Problem("the manifest is empty", hint=hint)])
        convert = _Convert(source)
        return convert.node(root), convert.problems
    except _NotYaml as error:
        raise ManifestError(name, [error.problem]) from None
    except RecursionError:
        raise ManifestError(name, [Problem("it is nested too deep", hint="use fewer brackets")]) from None


class _NotYaml(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _composed(source: Source) -> yaml.Node | None:
    try:
        loader = yaml.SafeLoader(source.text)
    except ReaderError as error:
        message = f"character U+{error.character:04X} is not read in a manifest"
        raise _NotYaml(Problem(message, *_place(source, error.position), "remove it")) from None
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    except yaml.YAMLError as error:
        raise _NotYaml(_syntax(source, error)) from None
    except (ValueError, OverflowError):  # of `chr`, which yaml gives any number
        message = "an escape in a text stands for no character"
        place = _place(source, loader.get_mark().index)
        raise _NotYaml(Problem(message, *place, "write the character itself")) from None


class _Convert:
    """From yaml's nodes to ours. A node that several aliases name is converted once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, node: yaml.Node) -> Node:
        if id(node) in self._open:
            self._fail(node, "an anchor holds itself", "write the value out")
            return Node(*self._place(node), "…")
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
            return Node(*self._place(node), tuple([self.node(each) for each in node.value]))
        text = str(node.value)
        if _UNWRITABLE.search(text):
            self._fail(node, "an escape in a text stands for no character", "write the character itself")
            text = _UNWRITABLE.sub("…", text)
        return Node(*self._place(node), text, quoted=getattr(node, "style", None) is not None)

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
        return Node(*self._place(node), values, keys=keys)

    def _check_tag(self, node: yaml.Node) -> None:
        if node.tag.removeprefix(_PLAIN) not in _KINDS:
            written = node.tag.replace(_PLAIN, "!!")
            message = f"the tag `{_short(written)}` is not read in a manifest"
            self._fail(node, message, "write the plain value")

    def _fail(self, node: yaml.Node, message: str, hint: str) -> None:
        self.problems.append(Problem(message, *self._place(node), hint))

    def _place(self, node: yaml.Node) -> tuple[int, int]:
        return _place(self.source, node.start_mark.index)


def _place(source: Source, offset: int) -> tuple[int, int]:
    """Line and column as an editor counts them: yaml also ends lines at U+0085, U+2028 and U+2029."""
    return source.line(offset), source.column(offset)


def _syntax(source: Source, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = str(getattr(error, "problem", None) or error)
    place = _place(source, mark.index) if mark else (1, 1)
    if "another document" in reason:
        return Problem("there is a second document after `---`", *place, "keep one document")
    hint = 'quote a pattern inside brackets, as in ["photos/{id}.jpg"], and texts that hold `: ` or ` #`'
    return Problem(f"this is not YAML: {reason}", *place, hint)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
