"""The rules of a manifest: from its YAML tree to its dataclasses, collecting every mistake."""

from __future__ import annotations

from pathlib import Path

from mtlc.manifest import SPLITS, Ids, LabelEntry, Manifest, ManifestError
from mtlc.manifest.reading_ids import read_split
from mtlc.manifest.reading_labels import read_label
from mtlc.manifest.yamlfields import Fields, Reader
from mtlc.manifest.yamltree import Node, parse

_TOP = ("images", "splits", "labels")


def read(path: str | Path) -> Manifest:
    """Read a manifest. Raises `ManifestError` with everything that is wrong in it."""
    root, problems = parse(path)
    reader = Reader(problems)
    top = reader.fields(root, "the manifest", _TOP, required=_TOP)
    images = top.patterns("images")
    splits = _splits(reader, top, apart=bool(images) and all("{split}" in each for each in images))
    labels = _labels(reader, top, Path(path))
    if reader.problems:
        raise ManifestError(str(path), reader.problems)
    return Manifest(str(path), images, splits, labels)


def _splits(reader: Reader, top: Fields, apart: bool) -> dict[str, Ids]:
    """The splits; `apart` if one id is another image in each of them."""
    fields = top.inner("splits", SPLITS)
    if fields is None:
        return {}
    if fields.node.value == {}:
        reader.fail(top.nodes["splits"], "`splits` is empty", "name the ids of `train`, and of `test`")
    splits = {name: read_split(reader, name, node) for name, node in fields.nodes.items()}
    if not apart:
        _refuse_overlap(reader, fields, splits)
    return splits


def _refuse_overlap(reader: Reader, fields: Fields, splits: dict[str, Ids]) -> None:
    """An id in two splits would be tested on what it was trained on."""
    owner: dict[str, str] = {}
    for name, split in splits.items():
        twice = [each for each in split.ids if owner.setdefault(each, name) != name]
        if twice:
            more = f" and {len(twice) - 1} more are" if len(twice) > 1 else " is"
            message = f"id `{twice[0]}`{more} in `{owner[twice[0]]}` and in `{name}`"
            reader.fail(fields.nodes[name], message, "give each image to one split")


def _labels(reader: Reader, top: Fields, path: Path | None) -> dict[str, LabelEntry]:
    """The labels that stand in a manifest, or in the one that it names; without its `path` it may name none."""
    node = top.nodes.get("labels")
    if node is None:
        return {}
    if isinstance(node.value, str) and node.value and path is not None:
        return _labels_of(reader, node, path.parent / node.value)
    named = reader.mapping(node, "`labels`", "label names, each with its `kind` and `files`")
    if node.value == {}:
        reader.fail(node, "`labels` is empty", "name at least one label")
    found: dict[str, LabelEntry | None] = {}
    # A label that is made from another one is read after it, wherever it stands.
    for name in sorted(named, key=lambda each: _is_derived(named[each])):
        found[name] = read_label(reader, name, named[name], found, tuple(named))
    return {name: entry for name in named if (entry := found[name]) is not None}


def _labels_of(reader: Reader, node: Node, path: Path) -> dict[str, LabelEntry]:
    """The labels of another manifest. Raises `ManifestError` with everything that is wrong in them."""
    if not path.is_file():
        hint = "name a manifest by its path from this file, or write label names, each with its `kind` and `files`"
        reader.fail(node, f"`labels` names the manifest `{path}`, which is not there", hint)
        return {}
    root, problems = parse(path)
    other = Reader(problems)
    labels = _labels(other, other.fields(root, "the manifest", _TOP, required=("labels",)), None)
    if other.problems:
        raise ManifestError(str(path), other.problems)
    return labels


def _is_derived(node: Node) -> bool:
    return isinstance(node.value, dict) and ("from" in node.value or "derive" in node.value)
