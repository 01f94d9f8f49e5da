"""NYU-v2 with 13 classes, in the files that the authors of MTAN released.

`ROOT/train` and `ROOT/val` (the 654 test images) each hold `image/N.npy` (H×W×3, 0 to 1), `label/N.npy` (H×W, a
class or -1 where nobody knows), `depth/N.npy` (H×W×1, metres, 0 = not measured) and `normal/N.npy` (H×W×3, zero
where unknown).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from mtlc.data.cache import Cache, Packed
from mtlc.data.decode import decode
from mtlc.data.encode import nearest, unpack
from mtlc.data.errors import DataError, MissingData
from mtlc.data.files import Array, fitted, read_array
from mtlc.data.places import folder_of
from mtlc.data.sample import Change, Sample
from mtlc.data.signs import flipped_axes
from mtlc.manifest import IGNORE, ClassIds, Metres, Vectors
from mtlc.parts import data as parts
from mtlc.parts.data import NYU13_CLASSES, Label

_FOLDER = {"train": "train", "test": "val"}
_FILES = {"semseg": "label", "depth": "depth", "normals": "normal"}
_CLASSES = ClassIds(tuple((index,) for index in range(len(NYU13_CLASSES))))
_WITNESSES = 8  # images that are asked which way normals point


class Nyu13:
    """One split. `wanted` names the labels to load; None loads all three."""

    def __init__(self, part: parts.Nyu13, split: str, wanted: Collection[str] | None = None) -> None:
        root = folder_of(part.root, "the data of `nyu13`")
        if split not in _FOLDER:
            raise DataError(f"`nyu13` has no split `{split}`", "it has `train` and `test`")
        self.folder, self.split, self.size = root / _FOLDER[split], split, part.size
        if not (self.folder / "image").is_dir():
            message = (
                f"split `{split}` of `nyu13` is not there: looked for the folder `{self.folder / 'image'}`"
            )
            raise MissingData(message, "unpack the released files so that `train` and `val` lie in the root")
        self.ids = _numbers(self.folder / "image")
        if not self.ids:
            raise DataError(f"split `{split}` of `nyu13` is empty: no `N.npy` in `{self.folder / 'image'}`")
        self.labels: Mapping[str, Label] = part.labels()
        self._kinds = {name: label.kind for name, label in self.labels.items()}
        self._wanted = [name for name in _FILES if wanted is None or name in wanted]
        self._cache = Cache()

    @staticmethod
    def splits(part: parts.Nyu13) -> tuple[str, ...]:
        """Training and test images; the release has no third split."""
        return tuple(_FOLDER)

    def __len__(self) -> int:
        return len(self.ids)

    def labelled(self, label: str) -> frozenset[str]:
        """The ids that have a file for a label."""
        return frozenset(id for id in self.ids if self._path(_FILES[label], id).is_file())

    def load(self, index: int, change: Change | None = None) -> Sample:
        """Read, or take from memory, one sample. Raises `DataError`."""
        sample = unpack(self.ids[index], self._cache.get(index, self._read), self._kinds)
        return change(sample) if change else sample

    def _read(self, index: int) -> Packed:
        id = self.ids[index]
        image = self._image(id)
        labels = {name: self._label(name, id, image.height, image.width) for name in self._wanted}
        held = {name: nearest(label, self.size) for name, label in labels.items() if label is not None}
        return Packed(fitted(image, self.size), held)

    def _image(self, id: str) -> Image.Image:
        path = self._path("image", id)
        pixels = read_array(path, f"the image of `{id}` (split `{self.split}`)")
        if pixels.ndim != 3 or pixels.dtype.kind != "f" or not (pixels.min() >= 0 and pixels.max() <= 1):
            message = (
                f"the image of `{id}` (split `{self.split}`) is not H×W×3 with values from 0 to 1: `{path}`"
            )
            raise DataError(message, "take the released file")
        return Image.fromarray((pixels * 255).round().astype(np.uint8))

    def _label(self, name: str, id: str, height: int, width: int) -> Tensor | None:
        path = self._path(_FILES[name], id)
        if not path.is_file():
            return None
        what = f"label `{name}` of `{id}` (`{path}`)"
        array = read_array(path, what)
        if array.shape[:2] != (height, width):
            sizes = f"{array.shape[0]}x{array.shape[1]} but its image {height}x{width}"
            raise DataError(f"{what} is {sizes}", "take the released file")
        if name == "semseg":
            return decode(np.where(array == -1, IGNORE, array), _CLASSES, what)
        return decode(array, Metres(1.0) if name == "depth" else Vectors(flip=self._flip), what)

    @cached_property
    def _flip(self) -> tuple[int, ...]:
        """The axes of stored normals that point the other way than ours."""
        pairs: list[tuple[Array, Array]] = []
        for id in self.ids:
            if len(pairs) == _WITNESSES:
                break
            try:
                found = [read_array(self._path(name, id), name) for name in ("normal", "depth")]
            except DataError:  # one that is damaged or missing is told where it is loaded
                continue
            if found[0].ndim == 3 and found[0].shape[:2] == found[1].shape:
                pairs.append((found[0], found[1]))
        return flipped_axes(pairs)

    def _path(self, folder: str, id: str) -> Path:
        return self.folder / folder / f"{id}.npy"


def _numbers(folder: Path) -> tuple[str, ...]:
    """The names of the files, which are numbers, in their order."""
    return tuple(sorted((path.stem for path in folder.glob("*.npy") if path.stem.isdigit()), key=int))
