"""The table of a label protocol: for each image the tasks whose labels it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mtlc.manifest import ManifestError
from mtlc.manifest.yamlfields import Reader
from mtlc.manifest.yamltree import Node, parse


def read_label_table(path: str | Path) -> Mapping[str, frozenset[str]]:
    """The tasks by image id. Raises `ManifestError` with everything that is wrong in the file."""
    root, problems = parse(path)
    reader = Reader(problems)
    entries = reader.mapping(root, "the table", "image ids, each with its tasks: `0001: [depth, edges]`")
    found = {id: _tasks(reader, node, id) for id, node in entries.items()}
    if reader.problems:
        raise ManifestError(str(path), reader.problems)
    return found


def _tasks(reader: Reader, node: Node, id: str) -> frozenset[str]:
    each = node.value if isinstance(node.value, tuple) else (node,)
    return frozenset(text for one in each if (text := reader.text(one, f"the task of image `{id}`")))
