"""All that is wrong with one sample of a folder: every file is opened, and looking goes on after a mistake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from mtlc.data.errors import DataError
from mtlc.data.files import bits_of
from mtlc.data.folder import Folder
from mtlc.data.inspect.findings import Finding
from mtlc.data.sample import Sample
from mtlc.manifest import OfImages, Surface

T = TypeVar("T")


@dataclass
class Looked:
    """What was seen of one sample. `sample` has the labels that could be read, and is None without its image.

    `print` is the same for images of the same pixels; `bits` are those of a value in each label's file.
    """

    id: str
    file: str
    sample: Sample | None = None
    findings: list[Finding] = field(default_factory=list)
    print: bytes | None = None
    grey: bool = False
    bits: dict[str, int] = field(default_factory=dict)


def look(folder: Folder, index: int) -> Looked:
    """Open everything that belongs to one image of a split."""
    return _Look(folder, folder.ids[index]).all()


class _Look:
    """The files of one id."""

    def __init__(self, folder: Folder, id: str) -> None:
        self.folder, self.id = folder, id
        self.patterns = folder.manifest.images
        self.seen = Looked(id, self._file(self.patterns))

    def all(self) -> Looked:
        image = self._image()
        labels = {
            name: label for name in self.folder.stored if (label := self._label(name, image)) is not None
        }
        if image is not None:
            self.seen.sample = self.folder.packed(image, self.id, labels)
        return self.seen

    def _image(self) -> Image.Image | None:
        there = self.folder.find(self.patterns, self.id) is not None
        what = "unreadable" if there else "missing-image"
        image = self._try(what, self.seen.file, lambda: self.folder.image(self.id))
        if image is not None:
            pixels = np.asarray(image)
            self.seen.grey = bool((pixels == pixels[..., :1]).all())
            self.seen.print = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        return image

    def _label(self, name: str, image: Image.Image | None) -> Tensor | None:
        entry = self.folder.manifest.labels[name]
        if isinstance(entry.encoding, OfImages):
            return self.folder.row(name, self.id)
        if isinstance(entry.encoding, Surface):
            return self._surface(name, entry.encoding.label, image)
        file = self._file(entry.files)
        array = self._try("unreadable", file, lambda: self.folder.values(name, self.id))
        if array is None:
            return None
        self.seen.bits[name] = bits_of(array)
        size = (image.height, image.width) if image is not None else array.shape[:2]
        fits = [
            self._holds("size", file, lambda: self.folder.refuse_size(name, self.id, array, size)),
            self._holds("bits", file, lambda: self.folder.refuse_bits(name, self.id, array)),
        ]
        made = self._try("values", file, lambda: self.folder.made(name, self.id, array))
        return made if all(fits) else None

    def _surface(self, name: str, source: str, image: Image.Image | None) -> Tensor | None:
        """The depth itself is looked at as a label of its own; here only what the camera adds can be wrong."""
        try:
            array = self.folder.values(source, self.id)
        except DataError:
            return None
        if array is None or image is None or array.shape[:2] != (image.height, image.width):
            return None
        file = self._file(self.folder.manifest.labels[source].files)
        return self._try("camera", file, lambda: self.folder.made(name, self.id, array))

    def _holds(self, what: str, file: str, check: Callable[[], None]) -> bool:
        def checked() -> bool:
            check()
            return True

        return self._try(what, file, checked) is not None

    def _try(self, what: str, file: str, act: Callable[[], T]) -> T | None:
        try:
            return act()
        except DataError as error:
            split = self.folder.split
            found = Finding("error", what, file, error.message, error.hint, split, (self.id,))
            self.seen.findings.append(found)
            return None

    def _file(self, patterns: tuple[str, ...]) -> str:
        """The file of several patterns that is there, else the first that could be; below the root."""
        path = self.folder.find(patterns, self.id) or self.folder.places(patterns, self.id)[0]
        return below(path, self.folder.root)


def below(path: Path, root: Path) -> str:
    """A path as it is written below the root."""
    return path.relative_to(root).as_posix()
