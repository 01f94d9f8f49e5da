"""The catalogue of data sets and augmentations; what labels a data set has is known without opening it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mtlc.parts.part import Part, Place, Problem, Size, key, register
from mtlc.parts.protocols import Protocol


@dataclass(frozen=True)
class Label:
    """One kind of label of a data set: the task kind it serves, and the names of its classes, tags or values."""

    kind: str
    classes: tuple[str, ...] = ()


class Augment(Part):
    """A random change of a training sample that keeps its labels right."""

    noun: ClassVar[str] = "augmentation"


@register("flip")
@dataclass(frozen=True)
class Flip(Augment):
    """Mirror left and right; the x of normals changes sign."""

    share: float = key(0.5, "share of samples mirrored", low=0, high=1)


@register("scale")
@dataclass(frozen=True)
class Scale(Augment):
    """Zoom by a random factor, then crop or pad to the size; depth is divided by the factor."""

    min: float = key(0.5, "smallest factor", above=0)
    max: float = key(2.0, "largest factor", above=0)

    def problems(self) -> Iterator[Problem]:
        if self.min > self.max:
            yield Problem("min", f"`min` is above `max` ({self.max})", "swap them")


@register("crop")
@dataclass(frozen=True)
class Crop(Augment):
    """Take a random window and resize it to the size; depth is divided by the zoom."""

    min: float = key(0.7, "smallest share of each side", above=0, high=1)


@register("jitter")
@dataclass(frozen=True)
class Jitter(Augment):
    """Change brightness, contrast, saturation and hue at random."""

    strength: float = key(0.2, "largest relative change; hue turns by a quarter of it", low=0, high=1)


class Data(Part):
    """What a `data` block names."""

    noun: ClassVar[str] = "data set"
    size: Size
    augment: tuple[Augment, ...]
    labels_: Protocol | None

    def labels(self) -> Mapping[str, Label]:
        """Its labels by name. Raises `mtlc.manifest.ManifestError` where a manifest is wrong."""
        raise NotImplementedError(type(self).__name__)

    def training_images(self) -> int | None:
        """How many images an epoch has; None where only the data itself says it."""
        return None

    def sets(self) -> Mapping[str, Data]:
        """The data sets by name; one alone has none."""
        return {"": self}

    def called(self) -> str:
        """What it is called in a title."""
        return self.word

    def learnt(self, task: str, label: str) -> str:
        """The label that a task learns, as a person reads it."""
        return label


def _augment() -> Any:
    return key((), "random changes of the training samples, in order")


def _protocol() -> Any:
    return key(None, "which of its labels each training image keeps; none: all")


@register("rooms", module="mtlc.data.rooms.dataset:Rooms")
@dataclass(frozen=True)
class Rooms(Data):
    """Procedural indoor scenes, rendered by mtlc itself: exact labels from one geometry, nothing to download.

    Beside `semseg`, `depth`, `normals`, `edges` and `saliency` it has two labels of whole images: `largest`
    (classify), the kind of thing that covers most of the view, and `camera` (regress), its `height` above the
    floor in metres and its `pitch`, the angle in radians by which it looks down.
    """

    size: Size = key(Size(64, 64), "height x width of the images", low=16)
    images: int = key(1000, "training images", low=1)
    val: int = key(100, "validation images", low=0)
    test: int = key(200, "test images", low=0)
    seed: int = key(0, "of the scenes", low=0)
    augment: tuple[Augment, ...] = _augment()
    labels_: Protocol | None = _protocol()

    def labels(self) -> Mapping[str, Label]:
        from mtlc.parts.rooms_classes import CAMERA, CLASSES, THINGS

        plain = {kind: Label(kind) for kind in ("depth", "normals", "edges", "saliency")}
        whole = {"largest": Label("classify", THINGS), "camera": Label("regress", CAMERA)}
        return {"semseg": Label("semseg", CLASSES), **plain, **whole}

    def training_images(self) -> int | None:
        return self.images


@register("folder", module="mtlc.data.folder:Folder")
@dataclass(frozen=True)
class Folder(Data):
    """Images and labels of your own, described in one YAML manifest."""

    root: Place = key(..., "folder that the manifest's patterns start from")
    manifest: Place = key(..., "the YAML file; its path is relative to the spec")
    size: Size = key(..., "height x width that everything is resized to", low=16)
    augment: tuple[Augment, ...] = _augment()
    labels_: Protocol | None = _protocol()

    def problems(self) -> Iterator[Problem]:
        if self.manifest.path is None:
            message = (
                f"`{self.manifest.variable}` is not set, and without the manifest the labels are not known"
            )
            yield Problem("manifest", message, "set it, or give a default", "MTL111")

    def labels(self) -> Mapping[str, Label]:
        from mtlc.manifest import read_manifest

        assert self.manifest.path is not None
        manifest = read_manifest(self.manifest.path)
        return {name: Label(label.kind, label.classes) for name, label in manifest.labels.items()}

    def training_images(self) -> int | None:
        from mtlc.manifest import read_manifest

        assert self.manifest.path is not None
        ids = read_manifest(self.manifest.path).splits.get("train")
        return len(ids.ids) if ids and ids.ids and not ids.without else None


NYUD_CLASSES = tuple(
    """wall floor cabinet bed chair sofa table door window bookshelf picture counter blinds desk shelves
    curtain dresser pillow mirror floor_mat clothes ceiling books refrigerator television paper towel
    shower_curtain box whiteboard person night_stand toilet sink lamp bathtub bag other_structure
    other_furniture other_prop""".split()  # noqa: SIM905
)


@register("nyud")
@dataclass(frozen=True)
class Nyud(Data):
    """NYUD-v2 as the field keeps it on disk: 795 training and 654 test images, 40 classes. No reader yet."""

    root: Place = key(Place("data/nyud", "NYUD_ROOT"), "folder of the data set")
    size: Size = key(Size(448, 576), "height x width of the training crop", low=16)
    augment: tuple[Augment, ...] = _augment()
    labels_: Protocol | None = _protocol()

    def labels(self) -> Mapping[str, Label]:
        plain = {kind: Label(kind) for kind in ("depth", "normals", "edges")}
        return {"semseg": Label("semseg", NYUD_CLASSES), **plain}

    def training_images(self) -> int | None:
        return 795


NYU13_CLASSES = tuple(
    """bed books ceiling chair floor furniture objects picture sofa table television
    wall window""".split()  # noqa: SIM905
)


@register("nyu13", module="mtlc.data.nyu13:Nyu13")
@dataclass(frozen=True)
class Nyu13(Data):
    """NYU-v2 as MTAN's authors released it: 288x384, 13 classes, depth and normals, 795 and 654 images.

    `train` and `val` below the root each hold `image`, `label`, `depth` and `normal` with a file `N.npy` for each
    image; `val` is the test split. Which way its normals point is read off its depth. Download it yourself, from
    the page of the MTAN paper's code (Liu, Johns, Davison, CVPR 2019).
    """

    root: Place = key(Place("data/nyu13", "NYU13_ROOT"), "folder that holds `train` and `val`")
    size: Size = key(Size(288, 384), "height x width of the images", low=16)
    augment: tuple[Augment, ...] = _augment()
    labels_: Protocol | None = _protocol()

    def labels(self) -> Mapping[str, Label]:
        plain = {kind: Label(kind) for kind in ("depth", "normals")}
        return {"semseg": Label("semseg", NYU13_CLASSES), **plain}

    def training_images(self) -> int | None:
        return 795
