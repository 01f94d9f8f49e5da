"""Tags of all images in one JSON or CSV file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtlc.data.errors import DataError
from mtlc.data.manifest import IGNORE, Table
from mtlc.diagnostics import suggest

Tags = Mapping[str, Tensor]


def read_table(table: Table, classes: tuple[str, ...], root: Path, ids: Collection[str], label: str) -> Tags:
    """For each of the ids that the table has: uint8 C, 1 where the image has the tag, 255 where nobody says.

    Raises `DataError`.
    """
    path = root / table.file
    text = _text(path, label)
    read = _json if path.suffix.lower() == ".json" else _csv
    return read(text, table, classes, ids, f"label `{label}`", path)


def _text(path: Path, label: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        message = f"the table of label `{label}` is not there: looked for `{path}`"
        raise DataError(message, "put it there, or correct `file` in the manifest") from None
    except UnicodeDecodeError:
        raise DataError(f"the table of label `{label}` is not UTF-8: `{path}`", "save it as UTF-8") from None
    except OSError as error:
        message = f"the table of label `{label}` cannot be read: `{path}` ({error.strerror})"
        raise DataError(message, "check the path and its rights") from None


# --- JSON


def _json(
    text: str, table: Table, classes: tuple[str, ...], ids: Collection[str], what: str, path: Path
) -> Tags:
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"`{path}` of {what} is not JSON (line {error.lineno}: {error.msg})"
        raise DataError(message, "correct the file") from None
    except RecursionError:
        raise DataError(f"`{path}` of {what} is nested too deep", "correct the file") from None
    names = classes if table.names is None else _list_at(tree, table.names, path)
    named = ((id, _at(tree, (table.path or "{id}").split("."), id)) for id in ids)
    found = {id: _entries(tags, names, f"{what} of `{id}`", path) for id, tags in named if tags is not None}
    return {id: _vector(tags, table, classes, f"{what} of `{id}`", path) for id, tags in found.items()}


def _at(tree: Any, path: Sequence[str], id: str) -> Any:
    """What stands at a path of keys, or None."""
    for key in path:
        tree = tree.get(id if key == "{id}" else key) if isinstance(tree, dict) else None
    return tree


def _list_at(tree: Any, path: str, file: Path) -> tuple[str, ...]:
    names = _at(tree, path.split("."), "")
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return tuple(names)
    raise DataError(f"`{file}` has no list of names at `{path}`", "correct `names` in the manifest")


def _entries(tags: Any, names: Sequence[str], what: str, path: Path) -> list[str]:
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


def _vector(tags: Sequence[str], table: Table, classes: tuple[str, ...], what: str, path: Path) -> Tensor:
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


# --- CSV


def _csv(
    text: str, table: Table, classes: tuple[str, ...], ids: Collection[str], what: str, path: Path
) -> Tags:
    reader = csv.DictReader(io.StringIO(text), restkey="", restval="")
    columns = list(reader.fieldnames or [])
    key = table.column or (columns[0] if columns else "")
    for column in (key, *((table.tags,) if table.tags else classes)):
        if column not in columns:
            meant = suggest(column, columns)
            hint = f"did you mean `{meant}`?" if meant else f"its columns are {', '.join(columns)}"
            raise DataError(f"`{path}` of {what} has no column `{column}`", hint)
    wanted = frozenset(ids)
    rows = ((row[key], row) for row in reader if row[key] in wanted)
    return {id: _row(row, table, classes, f"{what} of `{id}`", path) for id, row in rows}


def _row(row: Mapping[str, str], table: Table, classes: tuple[str, ...], what: str, path: Path) -> Tensor:
    if table.tags:
        words = row[table.tags].split(None if table.separator == " " else table.separator)
        return _vector([word.strip() for word in words if word.strip()], table, classes, what, path)
    return torch.tensor([_cell(row[name].strip(), name, what, path) for name in classes], dtype=torch.uint8)


def _cell(text: str, name: str, what: str, path: Path) -> int:
    if text in ("0", "1", ""):
        return int(text) if text else IGNORE
    message = f"{what} has `{text}` in column `{name}` of `{path}`; it is 0, 1, or empty where nobody knows"
    raise DataError(message, "correct the file")
