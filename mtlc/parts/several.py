"""Several data sets of one spec, taken together as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from mtlc.parts.data import Augment, Data, Label
from mtlc.parts.part import Size


@dataclass(frozen=True)
class Several(Data):
    """What several `data NAME : kind` blocks mean: data sets by name, in order and all of one size.

    `learns` names for each data set the label that a task learns there; a task that it does not label is not
    in its row. Together they have one label for each task, called like the task.
    """

    word: ClassVar[str] = "several"
    module: ClassVar[str] = "mtlc.data.joined:Joined"
    members: Mapping[str, Data]
    learns: Mapping[str, Mapping[str, str]]

    @property
    def size(self) -> Size:  # type: ignore[override]
        """Height and width, which all data sets share."""
        return next(iter(self.members.values())).size

    @property
    def augment(self) -> tuple[Augment, ...]:  # type: ignore[override]
        """Nothing that holds for all: each data set has its own."""
        return ()

    @property
    def labels_(self) -> None:  # type: ignore[override]
        """Each data set has its own protocol."""
        return None

    def labels(self) -> Mapping[str, Label]:
        """By task. Where the data sets know its classes, they agree on them."""
        found: dict[str, Label] = {}
        for name, row in self.learns.items():
            own = self.members[name].labels()
            for task, label in row.items():
                if task not in found or not found[task].classes:
                    found[task] = own[label]
        return found

    def training_images(self) -> int | None:
        counts = [each.training_images() for each in self.members.values()]
        return None if None in counts else sum(count or 0 for count in counts)

    def sets(self) -> Mapping[str, Data]:
        return self.members

    def called(self) -> str:
        return ", ".join(self.members)

    def learnt(self, task: str, label: str) -> str:
        return ", ".join(f"{name}.{row[task]}" for name, row in self.learns.items() if task in row)
