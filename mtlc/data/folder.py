"""A folder of images and labels of one's own, as its manifest describes it."""

from __future__ import annotations

import errno
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from mtlc.data.cache import Cache, Packed
from mtlc.data.decode import decode
from mtlc.data.derive import borders, foreground
from mtlc.data.encode import nearest, unpack
from mtlc.data.errors import DataError
from mtlc.data.files import Array, bits_of, fitted, read_array, read_image
from mtlc.data.places import file_of, folder_of
from mtlc.data.sample import Change, Sample
from mtlc.data.splits import ids_of
from mtlc.data.surface import camera_for, normals
from mtlc.data.tables import read_table
from mtlc.manifest import Derived, LabelEntry, Manifest, OfImages, Surface, read_manifest
from mtlc.parts import data as parts
from mtlc.parts.data import Label


class Folder:
    """One split of a folder. `wanted` names the labels to load; None loads all that the manifest has.

    Everything is resized to `part.size`; labels are derived from others at that size, after any change.
    """

    def __init__(self, part: parts.Folder, split: str, wanted: Collection[str] | None = None) -> None:
        self.root = folder_of(part.root, "the data")
        self.manifest = _manifest(part)
        self.split, self.size = split, part.size
        self._folder = self.manifest.folder(split) if split in self.manifest.splits else split
        self.ids = ids_of(self.manifest, split, self.root)
        entries = self.manifest.labels
        self.labels: Mapping[str, Label] = {name: Label(e.kind, e.classes) for name, e in entries.items()}
        self._kinds = {name: entry.kind for name, entry in entries.items()}
        self._wanted = frozenset(entries if wanted is None else wanted)
        self.stored = _stored(entries, self._wanted)
        self._tables = {name: self._table(name) for name in self.stored if _is_table(entries[name])}
        self._had: dict[str, frozenset[str]] = {}
        self._cache = Cache()

    @staticmethod
    def splits(part: parts.Folder) -> tuple[str, ...]:
        """The splits that the manifest has."""
        return tuple(_manifest(part).splits)

    def __len__(self) -> int:
        return len(self.ids)

    def labelled(self, label: str) -> frozenset[str]:
        """The ids that have a label: a file, or a row in its table."""
        entry = self.manifest.labels[label]
        if isinstance(entry.encoding, Derived | Surface):
            return self.labelled(entry.encoding.label)
        if isinstance(entry.encoding, OfImages):
            return frozenset(self._tables.get(label) or self._table(label))
        if label not in self._had:
            self._had[label] = frozenset(id for id in self.ids if self.find(entry.files, id))
        return self._had[label]

    def load(self, index: int, change: Change | None = None) -> Sample:
        """Read, or take from memory, one sample. Raises `DataError`."""
        sample = unpack(self.ids[index], self._cache.get(index, self._read), self._kinds)
        return self._derive(change(sample) if change else sample)

    # --- reading

    def _read(self, index: int) -> Packed:
        id = self.ids[index]
        image = self.image(id)
        labels = {name: self._label(name, id, image) for name in self.stored}
        held = {name: label for name, label in labels.items() if label is not None}
        return Packed(fitted(image, self.size), held)

    def image(self, id: str) -> Image.Image:
        """The image of an id, RGB and upright. Raises `DataError`."""
        path = self.find(self.manifest.images, id)
        if path is None:
            looked = " and ".join(f"`{path}`" for path in self.places(self.manifest.images, id))
            message = f"the image of `{id}` (split `{self.split}`) is not there: looked for {looked}"
            raise DataError(message, f"put it there, or take `{id}` out of the split in the manifest")
        return read_image(path, f"the image of `{id}` (split `{self.split}`)")

    def _label(self, name: str, id: str, image: Image.Image) -> Tensor | None:
        entry = self.manifest.labels[name]
        if name in self._tables:
            return self._tables[name].get(id)
        source = entry.encoding.label if isinstance(entry.encoding, Surface) else name
        array = self.values(source, id)
        if array is None:
            return None
        self.refuse_size(source, id, array, (image.height, image.width))
        self.refuse_bits(source, id, array)
        return self.made(name, id, array)

    def values(self, name: str, id: str) -> Array | None:
        """What stands in a label's file, None without one. Raises `DataError`, also where it was there before."""
        files, what = self.manifest.labels[name].files, f"label `{name}` of `{id}` (split `{self.split}`)"
        if path := self.find(files, id):
            return read_array(path, what)
        if id in self._had.get(name, ()):
            looked = " and ".join(f"`{each}`" for each in self.places(files, id))
            message = f"{what} was there when its files were counted, and is gone: looked for {looked}"
            raise DataError(message, "put it back, and begin again where the run stopped")
        return None

    def refuse_size(self, name: str, id: str, array: Array, size: tuple[int, int]) -> None:
        """Raises `DataError` for a label of another height and width than its image."""
        if array.shape[:2] != size:
            raise _unequal(name, id, self.find(self.manifest.labels[name].files, id), array.shape, size)

    def refuse_bits(self, name: str, id: str, array: Array) -> None:
        """Raises `DataError` for values of other bits than the manifest states."""
        entry = self.manifest.labels[name]
        if entry.bits not in (None, bits_of(array)):
            path = self.find(entry.files, id)
            message = f"label `{name}` of `{id}` has {bits_of(array)} bits a value (`{path}`)"
            hint = f"save it with {entry.bits}, as the manifest says, or correct `bits` there"
            raise DataError(message, hint)

    def made(self, name: str, id: str, array: Array) -> Tensor:
        """The packed label that the values in its file, or in that of the depth it follows, mean.

        Raises `DataError`.
        """
        how = self.manifest.labels[name].encoding
        source = self.manifest.labels[how.label if isinstance(how, Surface) else name]
        what = f"label `{name}` of `{id}` (`{self.find(source.files, id)}`)"
        label = decode(array, source.encoding, what)
        if isinstance(how, Surface):
            camera = camera_for(how.camera, self.root, id, array.shape[:2])
            label = torch.from_numpy(normals(label.numpy(), camera, how))
        return nearest(label, self.size)

    def packed(self, image: Image.Image | None, id: str, labels: Mapping[str, Tensor]) -> Sample:
        """A sample of what could be read of it."""
        pixels = torch.zeros(*self.size, 3, dtype=torch.uint8) if image is None else fitted(image, self.size)
        return self._derive(unpack(id, Packed(pixels, labels), self._kinds))

    def row(self, name: str, id: str) -> Tensor | None:
        """What a label's table says of an image."""
        return self._tables[name].get(id) if name in self._tables else None

    def _table(self, name: str) -> Mapping[str, Tensor]:
        entry = self.manifest.labels[name]
        assert isinstance(entry.encoding, OfImages)
        return read_table(entry.encoding, entry.classes, self.root, self.ids, name)

    def places(self, patterns: tuple[str, ...], id: str) -> list[Path]:
        """Where the files of an id may be."""
        named = (each.replace("{split}", self._folder).replace("{id}", id) for each in patterns)
        return [self.root / each for each in named]

    def find(self, patterns: tuple[str, ...], id: str) -> Path | None:
        """The first file of several patterns that is there. Raises `DataError` where a folder is closed to us."""
        return next((path for path in self.places(patterns, id) if _is_there(path)), None)

    # --- labels made from others

    def _derive(self, sample: Sample) -> Sample:
        labels = dict(sample.labels)
        for name, entry in self.manifest.labels.items():
            if isinstance(entry.encoding, Derived) and entry.encoding.label in sample.labels:
                labels[name] = _derived(entry.encoding, sample.labels[entry.encoding.label])
        return replace(sample, labels={name: each for name, each in labels.items() if name in self._wanted})


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # so no file is called that
            return False
        reason = (error.strerror or str(error)).lower()
        raise DataError(
            f"`{path}` cannot be looked for: {reason}", "check the rights of its folder"
        ) from None


def _manifest(part: parts.Folder) -> Manifest:
    return read_manifest(file_of(part.manifest, "the manifest"))


def _stored(entries: Mapping[str, LabelEntry], wanted: Collection[str]) -> tuple[str, ...]:
    """The labels to read from files: the wanted ones and those that wanted ones are derived from."""
    encodings = [entries[name].encoding for name in wanted]
    sources = {each.label for each in encodings if isinstance(each, Derived)}
    kept = sources | set(wanted)
    return tuple(n for n, e in entries.items() if n in kept and not isinstance(e.encoding, Derived))


def _is_table(entry: LabelEntry) -> bool:
    return isinstance(entry.encoding, OfImages)


def _derived(how: Derived, classes: Tensor) -> Tensor:
    return borders(classes) if how.how == "borders" else foreground(classes, how.background)


def _unequal(
    name: str, id: str, path: Path | None, shape: tuple[int, ...], size: tuple[int, int]
) -> DataError:
    sizes = f"{shape[0]}x{shape[1]} but its image {size[0]}x{size[1]}"
    message = f"label `{name}` of `{id}` is {sizes} (`{path}`)"
    return DataError(message, "save both at one height and width; a photo is turned as its EXIF entry says")
