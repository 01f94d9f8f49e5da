"""The class of each image: in one table, or the folder that its id names."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtlc.data.errors import DataError
from mtlc.data.tables import files
from mtlc.diagnostics import suggest
from mtlc.manifest import ClassTable

Names = tuple[str, ...]


def read_classes(
    table: ClassTable, classes: Names, text: str, ids: Collection[str], what: str, path: Path
) -> dict[str, Tensor]:
    """int64 without axes by id, for the images whose class is known. Raises `DataError`."""
    if files.is_json(path):
        found = files.entries(files.parsed(text, what, path), table.path, ids)
    else:
        rows = files.rows(text, table.column, (table.value,), ids, what, path)
        found = {id: word for id, row in rows.items() if (word := row[table.value].strip())}
    return _known(table, classes, found, what, f" (`{path}`)")


def classes_of_folders(
    table: ClassTable, classes: Names, ids: Collection[str], what: str
) -> dict[str, Tensor]:
    """The same from the ids: `kitchen/0001` is a `kitchen`. Raises `DataError`."""
    for id in ids:
        if "/" not in id:
            message = f"{what} of `{id}` is to be the folder in its id, and there is none"
            raise DataError(message, "let `{id}` in `images` begin at the folders' place")
    return _known(table, classes, {id: id.split("/")[-2] for id in ids}, what, "")


def _known(
    table: ClassTable, classes: Names, found: dict[str, Any], what: str, where: str
) -> dict[str, Tensor]:
    words = {word: index for index, ids in enumerate(table.raw) for word in map(str, ids)}
    words |= {name: index for index, name in enumerate(classes)}  # a name goes before an id
    return {
        id: torch.tensor(_index(word, words, classes, f"{what} of `{id}`", where))
        for id, word in found.items()
        if str(word) not in table.ignore
    }


def _index(word: Any, words: dict[str, int], classes: Names, what: str, where: str) -> int:
    if not isinstance(word, str | int) or isinstance(word, bool):
        message = f"{what} holds `{word}`, which is neither the name nor the id of a class{where}"
        raise DataError(message, "write one name, or one id")
    if str(word) not in words:
        meant = suggest(str(word), classes)
        hint = f"did you mean `{meant}`?" if meant else "add it to `classes` or `ignore` in the manifest"
        raise DataError(f"{what} holds the class `{word}`, which the manifest does not know{where}", hint)
    return words[str(word)]
