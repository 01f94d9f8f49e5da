"""The rules of names in a manifest: classes with the ids that mean them, tags, values."""

from __future__ import annotations

from collections.abc import Mapping

from mtlc.manifest.yamlfields import Fields, Reader
from mtlc.manifest.yamltree import Node


def read_classes(
    reader: Reader, fields: Fields, name: str, most: int | None = None
) -> dict[str, tuple[int, ...]]:
    """Names and the ids that mean them: a list counts from 0, a mapping says them. `most` bounds their number."""
    node = fields.nodes.get("classes")
    if node is None:
        return {}
    if isinstance(node.value, dict):
        classes = {word: _raw_ids(reader, word, each) for word, each in node.value.items()}
        _refuse_shared_ids(reader, node, classes)
    else:
        classes = {word: (index,) for index, word in enumerate(read_names(reader, fields, "classes"))}
    if len(classes) < 2:
        hint = "name the background too" if most else "name at least two"
        reader.fail(node, f"label `{name}` has fewer than two classes", hint)
    if most is not None and len(classes) > most:
        reader.fail(node, f"label `{name}` has {len(classes)} classes; at most {most} fit")
    return classes


def read_names(reader: Reader, fields: Fields, key: str) -> tuple[str, ...]:
    """Texts under a key, each once."""
    names: dict[str, None] = {}
    for node in fields.many(key):
        word = reader.text(node, f"a name in `{key}`")
        if word in names:
            reader.fail(node, f"`{word}` stands twice in `{key}`", "remove one of the two")
        elif word is not None:
            names[word] = None
    return tuple(names)


def _raw_ids(reader: Reader, word: str, node: Node) -> tuple[int, ...]:
    items = node.value if isinstance(node.value, tuple) else (node,)
    if not items:
        reader.fail(node, f"class `{word}` has no ids", "write the ids that mean it, as in [4, 5]")
    ids = [reader.id(each, f"an id of class `{word}`") for each in items]
    return tuple(each for each in ids if each is not None)


def _refuse_shared_ids(reader: Reader, node: Node, classes: Mapping[str, tuple[int, ...]]) -> None:
    owner: dict[int, str] = {}
    for word, ids in classes.items():
        for each in ids:
            if each in owner:
                again = "twice" if owner[each] == word else f"and class `{owner[each]}`"
                message = f"id {each} means class `{word}` {again}"
                reader.fail(node.keys[word], message, "give each id to one class, once")
            owner[each] = word
