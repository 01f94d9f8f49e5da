"""From the `data` block of a spec to a split of its data set."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any, cast

from mtlc.data.errors import DataError
from mtlc.data.places import folder_of
from mtlc.data.sample import Dataset
from mtlc.parts.data import Data
from mtlc.parts.part import Place


def open_data(part: Data, split: str, labels: Collection[str] | None = None) -> Dataset:
    """The split `train`, `val` or `test` of what a `data` block names, with these labels (default: all).

    Raises `MissingData` where the data is not on this machine, and `DataError` where it cannot be read.
    """
    return cast(Dataset, _reader(part)(part, split, labels))


def splits(part: Data) -> tuple[str, ...]:
    """The splits that the data set has, out of train, val and test. Opens no image."""
    return cast("tuple[str, ...]", _reader(part).splits(part))


def _reader(part: Data) -> Any:
    if part.module is None:
        raise _no_reader(part)
    module, _, name = part.module.partition(":")
    return getattr(import_module(module), name)


def _no_reader(part: Data) -> DataError:
    place = getattr(part, "root", None)
    if isinstance(place, Place):
        folder_of(place, f"the data of `{part.word}`")
    hint = "use `data rooms`, or `data folder` with a manifest of your own"
    return DataError(f"there is no reader for `{part.word}` yet", hint)
