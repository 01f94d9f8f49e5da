"""The sorts of files in a folder: photos, masks, depth … each with one pattern, joined by their ids.

Three layouts are known, also mixed: a folder for each sort (`images/01.jpg`, `masks/01.png`), one folder with
endings (`01_rgb.jpg`, `01_depth.png`), and either below a folder for each split (`train/images/01.jpg`, or
`images/train/01.jpg`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".npy")
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_SUFFIX = re.compile(r"(?P<id>.+?)(?P<suffix>[_\-.][A-Za-z][A-Za-z0-9]*)")
Key = tuple[str, str]
"""The folder of a split (empty without splits) and an id in it."""


@dataclass(frozen=True)
class Stream:
    """Files of one sort: where they are by key, and the patterns that name them all."""

    name: str
    folder: str
    suffix: str
    files: Mapping[Key, Path]

    @property
    def patterns(self) -> tuple[str, ...]:
        """One pattern for each ending of the files' names, the most frequent first."""
        endings = [path.suffix for path in self.files.values()]
        found = sorted(set(endings), key=lambda each: (-endings.count(each), each))
        return tuple(f"{self.folder}{{id}}{self.suffix}{each}" for each in found)


def streams(root: Path) -> list[Stream]:
    """All sorts of pictures and arrays below a folder, hidden files apart."""
    folders: dict[str, dict[tuple[str, str], list[Path]]] = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if (
            path.suffix.lower() in ENDINGS
            and path.is_file()
            and not any(each.startswith(".") for each in parts)
        ):
            template, split = _template(parts[:-1])
            folders.setdefault(template, {}).setdefault((split, path.stem), []).append(path)
    return [stream for folder, stems in folders.items() for stream in _sorts(folder, stems)]


def fitted(stream: Stream, images: Stream) -> Stream:
    """The stream with its ids as the images have them, where all its names end in one word more."""
    words = {_parted(id)[1] for _, id in stream.files}
    if stream.suffix or len(words) != 1 or words == {""} or set(stream.files) & set(images.files):
        return stream
    files = {(split, _parted(id)[0]): path for (split, id), path in stream.files.items()}
    return replace(stream, suffix=words.pop(), files=files) if set(files) & set(images.files) else stream


def _template(folders: tuple[str, ...]) -> tuple[str, str]:
    """A folder's path with `{split}` in place of a split's name, and that name."""
    at = next((i for i, each in enumerate(folders) if each.lower() in SPLITS), None)
    split = "" if at is None else folders[at]
    named = ["{split}" if i == at else each for i, each in enumerate(folders)]
    return "".join(f"{each}/" for each in named), split


def _sorts(folder: str, stems: Mapping[Key, list[Path]]) -> list[Stream]:
    """The sorts of files in one folder: by the word that a name ends in, or by file ending where ids repeat."""
    suffixes = _suffixes(stem for _, stem in stems)
    groups: dict[str, dict[Key, list[Path]]] = {}
    for (split, stem), paths in stems.items():
        id, suffix = _parted(stem)
        if suffix not in suffixes:
            id, suffix = stem, ""
        groups.setdefault(suffix, {}).setdefault((split, id), []).extend(paths)
    return [each for suffix, files in groups.items() for each in _by_ending(folder, suffix, files)]


def _suffixes(stems: Iterable[str]) -> set[str]:
    """The words that tell sorts of files apart: most of their ids come with another word too, or with none."""
    words: dict[str, set[str]] = {}
    for stem in stems:
        words.setdefault("", set()).add(stem)
        id, suffix = _parted(stem)
        words.setdefault(suffix, set()).add(id)
    return {
        word
        for word, ids in words.items()
        if word and any(2 * len(ids & others) > len(ids) for other, others in words.items() if other != word)
    }


def _by_ending(folder: str, suffix: str, files: Mapping[Key, list[Path]]) -> list[Stream]:
    name = suffix[1:] or _last(folder)
    if all(len(paths) == 1 for paths in files.values()):
        return [Stream(name, folder, suffix, {key: paths[0] for key, paths in files.items()})]
    endings = sorted({path.suffix for paths in files.values() for path in paths})
    return [
        Stream(
            f"{name}_{ending[1:]}".lstrip("_"),
            folder,
            suffix,
            {key: path for key, paths in files.items() for path in paths if path.suffix == ending},
        )
        for ending in endings
    ]


def _parted(stem: str) -> tuple[str, str]:
    """An id and the word after it, with its sign."""
    match = _SUFFIX.fullmatch(stem)
    return (match["id"], match["suffix"]) if match else (stem, "")


def _last(folder: str) -> str:
    named = [each for each in folder.split("/") if each and each != "{split}"]
    return named[-1] if named else ""
