"""The catalogue of label protocols: which of its labels each training image keeps, as papers state it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mtlc.parts.part import Part, Place, Problem, key, register


class Protocol(Part):
    """What `labels` of a `data` block names. Validation and test images keep all that they have."""

    noun: ClassVar[str] = "label protocol"


@register("one", module="mtlc.data.protocols:one")
@dataclass(frozen=True)
class One(Protocol):
    """Each image keeps one label; every task gets as many images as the others, as nearly as can be."""

    seed: int = key(0, "which image keeps which", low=0)


@register("random", module="mtlc.data.protocols:some")
@dataclass(frozen=True)
class Random(Protocol):
    """Each image keeps at least one label and lacks at least one: how many, and which, is drawn."""

    seed: int = key(0, "of the draws", low=0)


@register("half", module="mtlc.data.protocols:half")
@dataclass(frozen=True)
class Half(Protocol):
    """Each image keeps half of its labels; of an odd number one more or less is drawn."""

    seed: int = key(0, "of the draws", low=0)


@register("table", module="mtlc.data.protocols:table")
@dataclass(frozen=True)
class Table(Protocol):
    """A YAML file names for each image the tasks whose labels it keeps; an image that is not in it keeps none."""

    file: Place = key(..., "the YAML file, `id: [task, task]` a line; its path is relative to the spec")

    def problems(self) -> Iterator[Problem]:
        from mtlc.manifest import ManifestError
        from mtlc.manifest.label_table import read_label_table

        if self.file.path is None:
            yield Problem("file", f"`{self.file.variable}` is not set", "set it, or give a default", "MTL111")
            return
        if not Path(self.file.path).is_file():
            hint = "correct the path, which starts from this file"
            yield Problem("file", f"there is no file `{self.file.path}`", hint, "MTL404")
            return
        try:
            read_label_table(self.file.path)
        except ManifestError as error:
            where = f", line {error.line}" if error.line > 1 else ""
            message = f"the table of labels cannot be used{where}: {error.message}"
            yield Problem("file", message, error.hint or "correct this line of it", "MTL404")
