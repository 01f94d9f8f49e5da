"""The manifest of a folder of one's own: what the YAML file says, as frozen dataclasses.

Reading it opens no image and imports neither torch nor numpy, since `check` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "val", "test")
IGNORE = 255


@dataclass(frozen=True)
class Problem:
    """One mistake in a manifest: a sentence, its place (counted from 1), and an action as a way out."""

    message: str
    line: int = 1
    column: int = 1
    hint: str | None = None


class ManifestError(Exception):
    """All mistakes of one manifest, by line; `message`, `line` and `hint` are the first's."""

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda each: (each.line, each.column)))
        first = self.problems[0]
        self.message, self.line, self.hint = first.message, first.line, first.hint
        super().__init__(f"{path}:{first.line}: {first.message}")

    def __reduce__(self) -> tuple[type[ManifestError], tuple[str, tuple[Problem, ...]]]:
        return type(self), (self.path, self.problems)


@dataclass(frozen=True)
class Ids:
    """The images of a split: written out (`ids`), one a line in a file below the root (`file`), or those of
    the images on disk that match a glob (`glob`). The ids of the splits in `without` are left out.

    `folder` is what `{split}` stands for in patterns; None: the split's name.
    """

    ids: tuple[str, ...] = ()
    file: str | None = None
    glob: str | None = None
    without: tuple[str, ...] = ()
    folder: str | None = None


@dataclass(frozen=True)
class ClassIds:
    """A map of class ids: `raw` holds for each class the ids in the file that mean it.

    `ignore` are ids that mean nothing; `other` is the class of ids not mentioned: an index, 255 to ignore
    them, None to refuse them.
    """

    raw: tuple[tuple[int, ...], ...]
    ignore: tuple[int, ...] = (IGNORE,)
    other: int | None = None


@dataclass(frozen=True)
class Mask:
    """A mask: 1 where the file's value is greater than `above`, nothing known where it is in `ignore`."""

    above: float = 0.0
    ignore: tuple[float, ...] = ()


@dataclass(frozen=True)
class Metres:
    """Depth: value × scale + offset is in metres; nothing measured where the value is in `ignore`."""

    scale: float
    offset: float = 0.0
    ignore: tuple[float, ...] = (0.0,)


@dataclass(frozen=True)
class Vectors:
    """Normals: value × scale + offset, then the axes in `flip` (0, 1, 2) change sign, then length 1.

    Without a scale, whole numbers of b bits are read as 2 × value / (2^b - 1) - 1, and floats as they are.
    Nothing known where all three values are in `ignore`.
    """

    scale: float | None = None
    offset: float | None = None
    flip: tuple[int, ...] = ()
    ignore: tuple[float, ...] = (0.0,)


@dataclass(frozen=True)
class Derived:
    """Made from another label at the size of training: `foreground` (its class is not in `background`) or
    `borders`."""

    label: str
    how: str
    background: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera, in pixels, the centre of the first one being (0, 0): `numbers` are fx, fy, cx, cy, or
    stand in `file`, which may hold `{id}`. They are for maps of `size`; None: for each map as it is."""

    numbers: tuple[float, float, float, float] | None = None
    file: str | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Surface:
    """Normals of the surface that a depth label shows, made at the size of its files; see `surface.py`."""

    label: str
    camera: Camera
    step: int = 4
    median: int = 5
    jump: float = 0.08


@dataclass(frozen=True)
class Table:
    """Tags of all images in one JSON or CSV file below the root.

    JSON: `path` leads to the list of tags of one image; an entry is a name, or an index into the list of
    names that `names` leads to (without `names`: into the classes). CSV: the row whose `column` is the id;
    the tags stand in column `tags`, parted by `separator`, or, without `tags`, in a column of 0 and 1 for
    each class. Names in `exclude` are no tags.
    """

    file: str
    path: str | None = None
    names: str | None = None
    exclude: tuple[str, ...] = ()
    column: str | None = None
    tags: str | None = None
    separator: str = " "


@dataclass(frozen=True)
class ClassTable:
    """One class for each image: a name of the label's classes, or one of the ids that `raw` holds for each.

    It stands in one JSON or CSV file below the root, at `path` or in the column `value` of the row whose
    `column` is the id; without a `file` it is the last folder of the image's id. What is in `ignore` means
    that nobody knows.
    """

    raw: tuple[tuple[int, ...], ...]
    file: str | None = None
    path: str | None = None
    column: str | None = None
    value: str = "class"
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class NumberTable:
    """The numbers of each image in one JSON or CSV file: value × scale + offset, each with its own.

    JSON: at `path`, a number, a list of all, or a mapping of names. CSV: a column for each, in the row whose
    `column` is the id. Nobody knows a number that is empty, null or in `ignore`.
    """

    file: str
    path: str | None = None
    column: str | None = None
    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    ignore: tuple[float, ...] = ()


OfImages = Table | ClassTable | NumberTable
Encoding = ClassIds | Mask | Metres | Vectors | Derived | Surface | OfImages


@dataclass(frozen=True)
class LabelEntry:
    """One label: its kind, the names of its classes, tags or values, the patterns of its files, and how what
    stands in them is meant."""

    kind: str
    classes: tuple[str, ...]
    files: tuple[str, ...]
    encoding: Encoding
    bits: int | None = None
    """How many bits a value of its files has; None: any."""


@dataclass(frozen=True)
class Manifest:
    """A whole manifest. Patterns hold `{id}`, may hold `{split}`, and start from the data's root."""

    path: str
    images: tuple[str, ...]
    splits: Mapping[str, Ids]
    labels: Mapping[str, LabelEntry]

    def folder(self, split: str) -> str:
        """What `{split}` stands for in the patterns of a split."""
        return self.splits[split].folder or split


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest. Raises `ManifestError` with everything that is wrong in it."""
    from mtlc.manifest.reading import (
        read,  # it imports yaml, which those who only name the classes do not need
    )

    return read(path)
