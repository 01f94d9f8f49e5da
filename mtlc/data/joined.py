"""A split of several data sets as one: their images one data set after another, their labels called like the tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from mtlc.data.errors import DataError
from mtlc.data.open import open_data
from mtlc.data.open import splits as splits_of
from mtlc.data.sample import Change, Dataset, Sample
from mtlc.parts.data import Label
from mtlc.parts.several import Several


class Joined:
    """The images of all data sets that have the split; image `7` of `photos` is `photos/7`.

    `wanted` names the tasks whose labels to load; None loads those of all. A change sees a sample as its own
    data set gives it.
    """

    def __init__(self, part: Several, split: str, wanted: Collection[str] | None = None) -> None:
        labels = part.labels()
        self.labels: Mapping[str, Label] = {t: labels[t] for t in labels if wanted is None or t in wanted}
        self._kinds = {task: label.kind for task, label in self.labels.items()}
        self._learns = {
            name: {task: label for task, label in row.items() if task in self.labels}
            for name, row in part.learns.items()
        }
        self.members: dict[str, Dataset] = {
            name: open_data(member, split, set(self._learns[name].values()))
            for name, member in part.members.items()
            if split in splits_of(member)
        }
        if not self.members:
            raise DataError(f"no data set has a split `{split}`", "name images for it in one of them")
        self.ids = tuple(f"{name}/{id}" for name, member in self.members.items() for id in member.ids)
        self.ranges: dict[str, range] = {}
        for name, member in self.members.items():
            begin = sum(map(len, self.ranges.values()))
            self.ranges[name] = range(begin, begin + len(member))

    @staticmethod
    def splits(part: Several) -> tuple[str, ...]:
        """The splits that any data set has."""
        there = {split for member in part.members.values() for split in splits_of(member)}
        return tuple(split for split in ("train", "val", "test") if split in there)

    def __len__(self) -> int:
        return len(self.ids)

    def labelled(self, label: str) -> frozenset[str]:
        """The ids, of whatever data set, that have the label of a task."""
        having = {name: self._learns[name][label] for name in self.members if label in self._learns[name]}
        return frozenset(
            f"{name}/{id}" for name in having for id in self.members[name].labelled(having[name])
        )

    def load(self, index: int, change: Change | None = None) -> Sample:
        """The sample at an index, as its data set gives it but with other names. Raises `DataError`."""
        name = next(name for name, places in self.ranges.items() if index in places)
        sample = self.members[name].load(index - self.ranges[name].start, change)
        labels = {
            task: sample.labels[label] for task, label in self._learns[name].items() if label in sample.labels
        }
        return replace(sample, id=self.ids[index], labels=labels, kinds=self._kinds)
