"""The tags of all images in one table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtlc.data.errors import DataError
from mtlc.data.tables import files
from mtlc.diagnostics import suggest
from mtlc.manifest import IGNORE, Table

Names = tuple[str, ...]


def read_tags(
    table: Table, classes: Names, text: str, ids: Collection[str], what: str, path: Path
) -> dict[str, Tensor]:
    """uint8 C by id: 1 where the image has the tag, 255 where nobody says. Raises `DataError`."""
    if files.is_json(path):
        tree = files.parsed(text, what, path)
        names = classes if table.names is None else _names(tree, table.names, path)
        lists = files.entries(tree, table.path, ids)
        found = {id: _listed(tags, names, f"{what} of `{id}`", path) for id, tags in lists.items()}
        return {id: _vector(tags, table, classes, f"{what} of `{id}`", path) for id, tags in found.items()}
    needed = (table.tags,) if table.tags else classes
    rows = files.rows(text, table.column, needed, ids, what, path)
    return {id: _row(row, table, classes, f"{what} of `{id}`", path) for id, row in rows.items()}


def _names(tree: Any, keys: str, path: Path) -> Names:
    names = files.at(tree, keys)
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return tuple(names)
    raise DataError(f"`{path}` has no list of names at `{keys}`", "correct `names` in the manifest")


def _listed(tags: Any, names: Sequence[str], what: str, path: Path) -> list[str]:
    if not isinstance(tags, list):
        raise DataError(f"{what} is no list in `{path}`", "an image's tags are a list of names or of indices")
    return [_name(tag, names, what, path) for tag in tags]


def _name(tag: Any, names: Sequence[str], what: str, path: Path) -> str:
    if isinstance(tag, str):
        return tag
    if isinstance(tag, int) and not isinstance(tag, bool) and 0 <= tag < len(names):
        return names[tag]
    message = f"{what} holds `{tag}`, which is neither a name nor one of the {len(names)} indices (`{path}`)"
    raise DataError(message, "correct the file, or `names` in the manifest")


def _vector(tags: Sequence[str], table: Table, classes: Names, what: str, path: Path) -> Tensor:
    vector = torch.zeros(len(classes), dtype=torch.uint8)
    for tag in tags:
        if tag in table.exclude:
            continue
        if tag not in classes:
            meant = suggest(tag, classes)
            hint = f"did you mean `{meant}`?" if meant else "add it to `classes` or `exclude` in the manifest"
            message = f"{what} holds the tag `{tag}`, which the manifest does not know (`{path}`)"
            raise DataError(message, hint)
        vector[classes.index(tag)] = 1
    return vector


def _row(row: Mapping[str, str], table: Table, classes: Names, what: str, path: Path) -> Tensor:
    if table.tags:
        words = row[table.tags].split(None if table.separator == " " else table.separator)
        return _vector([word.strip() for word in words if word.strip()], table, classes, what, path)
    return torch.tensor([_cell(row[name].strip(), name, what, path) for name in classes], dtype=torch.uint8)


def _cell(text: str, name: str, what: str, path: Path) -> int:
    if text in ("0", "1", ""):
        return int(text) if text else IGNORE
    message = f"{what} has `{text}` in column `{name}` of `{path}`; it is 0, 1, or empty where nobody knows"
    raise DataError(message, "correct the file")
