"""A folder understood: which files are the photos, which are labels, and which images each split has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from PIL import Image

from mtlc.data.errors import DataError
from mtlc.data.guess.kinds import Guess, Unknown, guess
from mtlc.data.guess.streams import SPLITS, Stream, fitted, streams
from mtlc.data.guess.tables import tables

_PHOTOS = (
    "images",
    "image",
    "imgs",
    "img",
    "photos",
    "photo",
    "rgb",
    "color",
    "colour",
    "frames",
    "pictures",
    "left",
)
_RESERVED = ("all", "frames", "none", "auto", "true", "false")
LONGEST, STEP = 256, 16  # of the size that is proposed, and what it is a multiple of
FEWEST = 5  # images that are worth three splits


@dataclass(frozen=True)
class Label:
    """A label that was found: its name, its patterns or its table, what was guessed, and the images that have
    it."""

    name: str
    patterns: tuple[str, ...]
    table: str | None
    guess: Guess
    ids: frozenset[str]


@dataclass(frozen=True)
class Found:
    """A folder as it was understood. `splits` holds for each split either its folder or its ids; `images`
    counts all, `passed` says of which files it was not understood what they are."""

    images: tuple[str, ...]
    count: int
    size: tuple[int, int]
    splits: Mapping[str, str | tuple[str, ...]]
    labels: tuple[Label, ...]
    passed: tuple[tuple[str, str], ...]


def understand(root: Path) -> Found:
    """Guess what a folder holds. Raises `DataError` where it has no photos, or photos alone."""
    guesses = [(each, guess(each)) for each in streams(root)]
    photos = [each for each, found in guesses if isinstance(found, Guess) and found.kind == "photo"]
    if not photos:
        hint = "name a folder that holds photos (JPEG, PNG, TIFF) and masks or tables"
        raise DataError(f"`{root}` holds no photos that could be read", hint)
    images = max(photos, key=lambda each: (_is_named(each), len(each.files)))
    labels, passed = _labels(images, guesses)
    ids = sorted({id for _, id in images.files})
    labels += [Label("tags", (), name, found, frozenset(ids)) for name, found in tables(root, ids)]
    if not labels:
        looked = "; ".join(f"`{pattern}`: {why}" for pattern, why in passed) or "there are photos alone"
        raise DataError(
            f"`{root}` holds no labels that could be guessed ({looked})", "write the manifest by hand"
        )
    named = tuple(_named(labels))
    return Found(
        images.patterns, len(images.files), _size(images), _splits(images, named), named, tuple(passed)
    )


def _is_named(stream: Stream) -> bool:
    return stream.name.lower() in _PHOTOS


def _labels(
    images: Stream, guesses: Sequence[tuple[Stream, Guess | Unknown]]
) -> tuple[list[Label], list[tuple[str, str]]]:
    labels, passed = list[Label](), list[tuple[str, str]]()
    for every, found in guesses:
        if every is images:
            continue
        stream = fitted(every, images)
        shared = set(stream.files) & set(images.files)
        if isinstance(found, Unknown):
            passed.append((stream.patterns[0], found.why))
        elif found.kind == "photo":
            passed.append((stream.patterns[0], "more photos"))
        elif 2 * len(shared) < len(stream.files):
            passed.append(
                (stream.patterns[0], f"{len(shared)} of {len(stream.files)} names belong to an image")
            )
        else:
            labels.append(Label(stream.name, stream.patterns, None, found, frozenset(id for _, id in shared)))
    return labels, passed


def _named(labels: Sequence[Label]) -> list[Label]:
    """Each label called by its kind, or by its files' name where there are several of the kind."""
    kinds = [each.guess.kind for each in labels]
    taken: set[str] = set()
    result = []
    for each in labels:
        kind = each.guess.kind
        name = kind if kinds.count(kind) == 1 else _word(each.name) or kind
        while name in taken or name in _RESERVED or (name in kinds and name != kind):
            name += "_2"
        taken.add(name)
        result.append(Label(name, each.patterns, each.table, each.guess, each.ids))
    return result


def _word(name: str) -> str:
    """A name that a spec can hold."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"label_{word}" if word[:1].isdigit() else word


def _size(images: Stream) -> tuple[int, int]:
    """The middle height and width, made smaller to train fast."""
    sizes = []
    for path in list(images.files.values())[:: max(1, len(images.files) // 50)]:
        try:
            with Image.open(path) as image:
                sizes.append((image.height, image.width))
        except Exception:  # a damaged photo says nothing of the size; the check names it
            continue
    height, width = (median(each) for each in zip(*sizes, strict=True)) if sizes else (LONGEST, LONGEST)
    scale = min(1, LONGEST / max(height, width))
    return _rounded(height * scale), _rounded(width * scale)


def _rounded(side: float) -> int:
    return max(2 * STEP, round(side / STEP) * STEP)


def _splits(images: Stream, labels: Sequence[Label]) -> dict[str, str | tuple[str, ...]]:
    """By split its folder; without such folders the last tenth of the ids, and the tenth before it.

    These are taken from the images that have all the labels, if there are enough.
    """
    folders = {SPLITS[split.lower()]: split for split, _ in images.files if split}
    if folders:
        return dict(folders)
    every = [id for _, id in sorted(images.files)]
    whole = [id for id in every if all(id in each.ids for each in labels)]
    ids = whole if len(whole) >= FEWEST else every
    if len(ids) < FEWEST or any(re.fullmatch(r"\d+-\d+", id) for id in ids):
        return {"train": ()}
    held = max(1, len(ids) // 10)
    return {"train": (), "val": tuple(ids[-2 * held : -held]), "test": tuple(ids[-held:])}
