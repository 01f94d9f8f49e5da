"""The numbers of all images in one table."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtlc.data.errors import DataError
from mtlc.data.tables import files
from mtlc.diagnostics import suggest
from mtlc.manifest import NumberTable

LARGEST = torch.finfo(torch.float32).max
Names = tuple[str, ...]


def read_numbers(
    table: NumberTable, values: Names, text: str, ids: Collection[str], what: str, path: Path
) -> dict[str, Tensor]:
    """float32 C by id, NaN where nobody knows, for the images of which any is known. Raises `DataError`."""
    found: Mapping[str, Any]
    if files.is_json(path):
        found = files.entries(files.parsed(text, what, path), table.path, ids)
    else:
        found = files.rows(text, table.column, values, ids, what, path)
        found = {id: {name: row[name].strip() or None for name in values} for id, row in found.items()}
    named = {id: _named(entry, values, f"{what} of `{id}`", path) for id, entry in found.items()}
    vectors = {id: _vector(row, table, f"{what} of `{id}`", path) for id, row in named.items()}
    return {id: vector for id, vector in vectors.items() if not vector.isnan().all()}


def _named(entry: Any, values: Names, what: str, path: Path) -> dict[str, Any]:
    """What stands for each value: a mapping says the names, a list has their order, one stands alone."""
    if isinstance(entry, dict):
        for name in entry:
            if name not in values:
                meant = suggest(name, values)
                hint = f"did you mean `{meant}`?" if meant else "add it to `values` in the manifest"
                message = f"{what} holds the value `{name}`, which the manifest does not know (`{path}`)"
                raise DataError(message, hint)
        return {name: entry.get(name) for name in values}
    entries = entry if isinstance(entry, list) else [entry]
    if len(entries) != len(values):
        count = f"{len(entries)} number{'s' * (len(entries) != 1)}"
        message = f"{what} holds {count}, and the manifest names {len(values)} values (`{path}`)"
        raise DataError(message, "write one for each of `values`, null where nobody knows")
    return dict(zip(values, entries, strict=True))


def _vector(row: Mapping[str, Any], table: NumberTable, what: str, path: Path) -> Tensor:
    numbers = [_number(entry, name, table, what, path) for name, entry in row.items()]
    scaled = zip(numbers, table.scale, table.offset, strict=True)
    return torch.tensor([number * scale + offset for number, scale, offset in scaled], dtype=torch.float32)


def _number(entry: Any, name: str, table: NumberTable, what: str, path: Path) -> float:
    """NaN where nobody knows."""
    if entry is None:
        return math.nan
    try:
        number = math.inf if isinstance(entry, bool) else float(entry)
    except (TypeError, ValueError, OverflowError):
        number = math.inf
    if abs(number) > LARGEST:
        message = f"{what} has `{entry}` as `{name}` in `{path}`; it is a number, or {_nothing(path)}"
        raise DataError(f"{message} where nobody knows", "correct the file")
    return math.nan if number in table.ignore else number


def _nothing(path: Path) -> str:
    return "null" if files.is_json(path) else "empty"
