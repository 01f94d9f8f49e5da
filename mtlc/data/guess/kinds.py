"""What the values in some files look like: photos, or labels of which kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mtlc.data.errors import DataError
from mtlc.data.files import Array, read_array
from mtlc.data.guess.streams import Stream

MOST = 24  # files whose values are looked at; for class ids, IDS
IDS = 2000
CLASSES = 64  # a map with more values holds no classes
_EDGES = ("edge", "edges", "boundary", "boundaries", "contour", "contours", "border", "borders")


@dataclass(frozen=True)
class Guess:
    """A kind of label (or `photo`), the keys of its manifest entry beside `files`, what it was guessed from,
    and what to look at."""

    kind: str
    keys: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    look: str = ""


@dataclass(frozen=True)
class Unknown:
    """Files that were not understood, and why."""

    why: str


def guess(stream: Stream) -> Guess | Unknown:
    """What a stream holds. Files that cannot be read are passed over: `mtlc data check` names them."""
    paths = list(stream.files.values())
    arrays = list(_arrays(paths, MOST))
    if not arrays:
        return Unknown("none of its files can be read")
    if all(_flat(each) is not None for each in arrays):
        flat = [values for each in arrays if (values := _flat(each)) is not None]
        return _one_channel(stream, flat)
    if all(each.ndim == 3 for each in arrays):
        return _coloured(arrays)
    return Guess("photo", why="some files are coloured and some are grey")


def _arrays(paths: Sequence[Path], most: int) -> Iterator[Array]:
    """The values of some files, evenly spread."""
    count = min(most, len(paths))
    for index in range(count):
        try:
            yield read_array(paths[len(paths) * index // count], "the file")
        except DataError:
            continue


def _flat(array: Array) -> Array | None:
    """One channel, or None where there are more that differ."""
    if array.ndim == 2:
        return array
    return array[..., 0] if bool((array == array[..., :1]).all()) else None


# --- three channels


def _coloured(arrays: Sequence[Array]) -> Guess | Unknown:
    if all(_is_normals(each) for each in arrays):
        return _normals(arrays)
    colours = np.unique(np.concatenate([each[::2, ::2].reshape(-1, 3) for each in arrays[:8]]), axis=0)
    if arrays[0].dtype == np.uint8 and len(colours) <= CLASSES:
        return Unknown(f"{len(colours)} colours stand for classes: save their ids in one channel instead")
    return Guess("photo", why="three channels of many colours")


def _vectors(array: Array) -> Array:
    values = array.astype(np.float64)
    return 2 * values / np.iinfo(array.dtype).max - 1 if array.dtype.kind in "ui" else values


def _is_normals(array: Array) -> bool:
    """Whether nearly all that is not one constant has length 1."""
    length = np.linalg.norm(_vectors(array), axis=-1)[array.any(axis=-1)]
    return len(length) > 0 and float((np.abs(length - 1) < 0.1).mean()) > 0.9


def _normals(arrays: Sequence[Array]) -> Guess:
    kept = [(array, np.asarray(array.any(axis=-1))) for array in arrays]
    mean = np.mean([_vectors(array)[known].mean(0) for array, known in kept if known.any()], axis=0)
    floor = np.mean([_lowest(array, known) for array, known in kept])
    flip = [axis for axis, turned in (("y", floor > 0.1), ("z", mean[2] > 0)) if turned]
    keys = {"flip": f"[{', '.join(flip)}]"} if flip else {}
    look = "`flip`: a wall that faces the camera must be blue in the picture, a floor green"
    return Guess("normals", keys, "three channels that are unit vectors", look)


def _lowest(array: Array, known: Array) -> float:
    """The mean y in the lowest third of an image, where a floor may be."""
    start = 2 * len(array) // 3
    below = _vectors(array)[start:][known[start:]]
    return float(below[:, 1].mean()) if len(below) else 0.0


# --- one channel


def _one_channel(stream: Stream, arrays: Sequence[Array]) -> Guess | Unknown:
    values = np.unique(np.concatenate([np.unique(each) for each in arrays]))
    whole = values.dtype.kind in "bui"
    if len(values) <= 3 and set(values.tolist()) - {255} <= {0, 1} and 1 in values and whole:
        return _mask(stream, values)
    if len(values) == 2 or set(values.tolist()) <= {0, 255}:
        return _mask(stream, values)
    if whole and len(values) <= CLASSES and (values.max() < 256 or values.dtype == np.uint8):
        return _classes(stream)
    if not whole or values.max() > 255 or "depth" in stream.name.lower():
        return _depth(arrays, values)
    middle = np.mean([((each > 16) & (each < 239)).mean() for each in arrays])
    if middle < 0.1:
        look = "`above`: the value that parts 0 from 1 (soft borders were cut at 127)"
        return Guess(_mask_kind(stream), {"above": "127"}, "nearly all values are near 0 or 255", look)
    return Unknown(f"one channel of {len(values)} grey values is no label that could be guessed")


def _mask(stream: Stream, values: Array) -> Guess:
    rest = sorted(values.tolist())
    keys = {"ignore": "255"} if len(rest) == 3 else {}
    if rest[0] != 0:
        keys["above"] = f"{rest[0]:g}"
    told = f"only the values {' and '.join(f'{each:g}' for each in rest)}"
    return Guess(_mask_kind(stream), keys, told, "is 1 what you call the foreground?")


def _mask_kind(stream: Stream) -> str:
    return "edges" if any(word in stream.name.lower() for word in _EDGES) else "saliency"


def _classes(stream: Stream) -> Guess | Unknown:
    """All ids, since one that the manifest does not know is an error later on."""
    paths = list(stream.files.values())
    found: set[int] = set()
    for array in _arrays(paths, IDS):
        flat = _flat(array)
        found |= set(np.unique(flat).tolist()) if flat is not None else set()
    ignored = {255} & found if max(found - {255}) < 254 else set()
    ids = sorted(found - ignored)
    names = ", ".join(f"class_{each}: {each}" for each in ids)
    looked = f"in {min(len(paths), IDS)} of {len(paths)} files"
    look = "the names of the classes" + (", and whether 255 means nothing" if ignored else "")
    return Guess("semseg", {"classes": f"{{{names}}}"}, f"{len(ids)} ids {looked}", look)


def _depth(arrays: Sequence[Array], values: Array) -> Guess:
    measured = np.concatenate([each[np.isfinite(each) & (each > 0)].ravel()[::7] for each in arrays])
    middle = float(np.median(measured)) if len(measured) else 1.0
    scale, unit = _scale(middle, values.dtype.kind == "f")
    told = f"values up to {np.nanmax(values):g}, half of them beyond {middle:g}"
    return Guess("depth", {"scale": scale}, told, f"`scale`: {unit} were assumed")


def _scale(middle: float, real: bool) -> tuple[str, str]:
    """Metres for each unit, from where the middle of all values lies."""
    if real and middle < 200:
        return "1", "metres"
    return ("0.001", "millimetres") if middle < 65536 else ("0.000001", "micrometres")
