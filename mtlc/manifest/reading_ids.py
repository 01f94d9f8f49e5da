"""The rules of a manifest's splits."""

from __future__ import annotations

import re

from mtlc.manifest import SPLITS, Ids
from mtlc.manifest.yamlfields import Reader
from mtlc.manifest.yamltree import Node

LONGEST = 1_000_000
_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


def read_split(reader: Reader, name: str, node: Node) -> Ids:
    """The ids of one split: a range, an id, a list of both, or a mapping with one of `ids`, `file` and
    `glob`."""
    return _found(reader, name, node) if isinstance(node.value, dict) else Ids(_listed(reader, name, node))


def _listed(reader: Reader, name: str, node: Node) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, tuple) else (node,)
    ids: dict[str, None] = {}
    for item in items:
        for each in _written(reader, name, item):
            if each in ids:
                reader.fail(item, f"id `{each}` stands twice in `{name}`", "remove one of the two")
                break
            ids[each] = None
    if not items:
        reader.fail(node, f"split `{name}` is empty", "name its ids, or remove it")
    return tuple(ids)


def _found(reader: Reader, name: str, node: Node) -> Ids:
    fields = reader.fields(node, f"split `{name}`", ("ids", "file", "glob", "without", "folder"))
    stated = [each for each in ("ids", "file", "glob") if each in fields]
    if len(stated) > 1 or all(map(fields.lacks, ("ids", "file", "glob"))):
        hint = "remove one of the two" if stated else "add `glob:`, `file:` or `ids:`"
        reader.fail(node, f"split `{name}` takes one of `ids`, `file` and `glob`", hint)
    others = [each for each in SPLITS if each != name]
    without = [reader.one_of(each, "`without`", others) for each in fields.many("without")]
    file, glob = fields.file("file"), fields.file("glob")
    ids = _listed(reader, name, fields.nodes["ids"]) if "ids" in fields else ()
    left_out = tuple(each for each in without if each is not None)
    return Ids(ids, file, glob, left_out, fields.file("folder"))


def _written(reader: Reader, name: str, node: Node) -> tuple[str, ...]:
    text = reader.text(node, f"an id of `{name}`")
    if text is None or not (text_is_id(text) or _refuse(reader, node, text)):
        return ()
    between = _RANGE.fullmatch(text)
    if between is None:
        return (text,)
    first, last = between.groups()
    if int(first) > int(last):
        reader.fail(node, f"the range `{text}` runs backwards", f"write `{last}-{first}`")
        return ()
    if int(last) - int(first) >= LONGEST:
        reader.fail(node, f"the range `{text}` holds more than {LONGEST:,} ids", "name the ids in a `file`")
        return ()
    return tuple(str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))


def text_is_id(text: str) -> bool:
    """Whether a text can stand for `{id}`: printable, and a path that stays below the root."""
    parts = text.split("/")
    return text.isprintable() and all(part not in ("", ".", "..") for part in parts) and "\\" not in text


def _refuse(reader: Reader, node: Node, text: str) -> bool:
    hint = "an id is a name, or a path without `..`, that replaces `{id}` in the patterns"
    reader.fail(node, f"`{text}` cannot be an id", hint)
    return False
