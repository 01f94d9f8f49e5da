"""Labels of whole images: what one table says of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from torch import Tensor

from mtlc.data.tables.classes import classes_of_folders, read_classes
from mtlc.data.tables.files import read_text
from mtlc.data.tables.numbers import read_numbers
from mtlc.data.tables.tags import read_tags
from mtlc.manifest import ClassTable, OfImages, Table


def read_table(
    table: OfImages, names: tuple[str, ...], root: Path, ids: Collection[str], label: str
) -> Mapping[str, Tensor]:
    """For each of the ids that have the label, its packed form. `names` are its classes, tags or values.

    Raises `DataError`.
    """
    what = f"label `{label}`"
    if table.file is None:
        return classes_of_folders(table, names, ids, what)
    path = root / table.file
    text = read_text(path, label)
    if isinstance(table, Table):
        return read_tags(table, names, text, ids, what, path)
    if isinstance(table, ClassTable):
        return read_classes(table, names, text, ids, what, path)
    return read_numbers(table, names, text, ids, what, path)
