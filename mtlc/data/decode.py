"""From the values in a label file to a packed label, by the encoding that a manifest states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtlc.data.errors import DataError
from mtlc.data.files import Array
from mtlc.manifest import IGNORE, ClassIds, Encoding, Mask, Metres, Vectors

_TABLE = 65536
_SHORTEST = 0.5  # a stored vector shorter than this is no direction


def decode(array: Array, encoding: Encoding, what: str) -> Tensor:
    """A packed label: uint8 H×W for classes and masks, float32 H×W for depth, 3×H×W for normals.

    `what` names the label, its id and file in errors. Raises `DataError`.
    """
    return torch.from_numpy(np.ascontiguousarray(_DECODE[type(encoding)](array, encoding, what)))


def _classes(array: Array, encoding: ClassIds, what: str) -> Array:
    ids = _one_channel(array, what)
    whole = ids if ids.dtype.kind in "ui" else ids.astype(np.int64)
    if ids.dtype.kind == "f" and not np.array_equal(whole, ids):
        raise DataError(f"{what} holds values that are no whole numbers", "class ids are whole numbers")
    classes = np.where((whole >= 0) & (whole < _TABLE), _lookup(encoding)[whole.clip(0, _TABLE - 1)], -1)
    if (unknown := classes < 0).any():
        if encoding.other is None:
            raise _unknown(int(whole[unknown][0]), what)
        classes[unknown] = encoding.other
    return classes.astype(np.uint8)


@lru_cache(maxsize=16)
def _lookup(encoding: ClassIds) -> Array:
    """The class of each id; -1 where the manifest says nothing."""
    table = np.full(_TABLE, -1, np.int16)
    for index, ids in enumerate(encoding.raw):
        table[list(ids)] = index
    table[list(encoding.ignore)] = IGNORE
    return table


def _unknown(id: int, what: str) -> DataError:
    hint = f"give {id} to a class, add it to `ignore`, or say `other: ignore` in the manifest"
    return DataError(f"{what} holds the class id {id}, which the manifest does not know", hint)


def _mask(array: Array, encoding: Mask, what: str) -> Array:
    values = _one_channel(array, what)
    mask = (values > encoding.above).astype(np.uint8)
    mask[np.isin(values, encoding.ignore)] = IGNORE
    return mask


def _metres(array: Array, encoding: Metres, what: str) -> Array:
    values = _one_channel(array, what)
    with np.errstate(all="ignore"):
        metres = (values.astype(np.float64) * encoding.scale + encoding.offset).astype(np.float32)
    known = np.isfinite(metres) & (metres > 0) & ~np.isin(values, encoding.ignore)
    return np.where(known, metres, np.float32(0))


def _vectors(array: Array, encoding: Vectors, what: str) -> Array:
    if array.ndim != 3 or array.shape[2] != 3:
        raise DataError(f"{what} has one channel; normals have three", "check `files` of the label")
    scale, offset = _span(array, encoding)
    vectors = array.astype(np.float32) * np.float32(scale) + np.float32(offset)
    for axis in encoding.flip:
        vectors[..., axis] *= -1
    length = np.linalg.norm(vectors, axis=2)
    known = np.isfinite(length) & (length >= _SHORTEST) & ~np.isin(array, encoding.ignore).all(axis=2)
    unit = np.where(known[..., None], vectors / np.where(known, length, 1)[..., None], np.float32(0))
    return np.moveaxis(unit.astype(np.float32), 2, 0)


def _span(array: Array, encoding: Vectors) -> tuple[float, float]:
    if encoding.scale is not None and encoding.offset is not None:
        return encoding.scale, encoding.offset
    return (2 / np.iinfo(array.dtype).max, -1.0) if array.dtype.kind in "ui" else (1.0, 0.0)


def _one_channel(array: Array, what: str) -> Array:
    """The values of a one-channel file, or of one whose channels are all the same."""
    if array.ndim == 2:
        return array
    if (array == array[..., :1]).all():
        return array[..., 0]
    message = f"{what} is coloured ({array.shape[2]} channels); its values stand in one channel"
    raise DataError(message, "save ids, not colours: a grey or palette image")


_DECODE: Mapping[type, Callable[[Array, Any, str], Array]] = {
    ClassIds: _classes,
    Mask: _mask,
    Metres: _metres,
    Vectors: _vectors,
}
