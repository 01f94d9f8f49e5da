"""A split of several data sets read as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import torch
from made import LABELS, Made

from mtlc.data.batch import Target
from mtlc.data.errors import DataError
from mtlc.data.joined import Joined
from mtlc.data.loader import in_order
from mtlc.data.open import open_data, splits
from mtlc.data.sample import Sample
from mtlc.parts.data import Data
from mtlc.parts.part import Size
from mtlc.parts.several import Several


@dataclass(frozen=True)
class Given(Data):
    """A data set of these splits; the images have only the labels in `has`."""

    module: ClassVar[str] = "test_joined:open_given"
    made: dict[str, int]
    has: tuple[str, ...] = tuple(LABELS)
    broken: int = -1
    size: Size = Size(4, 6)

    def labels(self):
        return {name: label for name, label in LABELS.items() if name in self.has}


def open_given(part: Given, split: str, labels=None) -> Made:
    return Made(part.made[split], lambda label, index: label in part.has, part.broken)


open_given.splits = lambda part: tuple(part.made)  # type: ignore[attr-defined]

BOTH = Several(
    {"a": Given({"train": 3, "val": 2}), "b": Given({"train": 2, "test": 1}, ("depth", "tags"))},
    {"a": {"scene": "parts", "far": "depth"}, "b": {"far": "depth", "words": "tags"}},
)


def test_images_stand_one_data_set_after_another_under_its_name() -> None:
    data = open_data(BOTH, "train")
    assert data.ids == ("a/i000", "a/i001", "a/i002", "b/i000", "b/i001") and len(data) == 5
    assert [data.load(index).id for index in range(5)] == list(data.ids)
    assert torch.equal(data.load(4).image, Made(2).load(1).image)


def test_labels_have_the_names_of_tasks_and_only_those_that_a_data_set_teaches() -> None:
    data = open_data(BOTH, "train")
    assert set(data.load(0).labels) == {"scene", "far"} and set(data.load(3).labels) == {"far", "words"}
    assert data.load(0).kinds == {"scene": "semseg", "far": "depth", "words": "tags"}
    assert data.labels["words"] == LABELS["tags"]
    assert data.labelled("far") == set(data.ids)
    assert data.labelled("scene") == {"a/i000", "a/i001", "a/i002"}
    assert data.labelled("words") == {"b/i000", "b/i001"}


def test_only_the_labels_of_wanted_tasks_are_read() -> None:
    data = open_data(BOTH, "train", ["words"])
    assert [set(data.load(index).labels) for index in (0, 3)] == [set(), {"words"}]
    assert set(data.labels) == {"words"}


def test_splits_are_those_of_any_and_who_lacks_one_is_left_out() -> None:
    assert splits(BOTH) == ("train", "val", "test")
    assert open_data(BOTH, "val").ids == ("a/i000", "a/i001")
    assert open_data(BOTH, "test").ids == ("b/i000",)
    assert open_data(BOTH, "test").labelled("scene") == frozenset()
    nowhere = replace(BOTH, members={name: Given({"train": 1}) for name in BOTH.members})
    with pytest.raises(DataError, match="no data set has a split `val`"):
        Joined(nowhere, "val")


def test_a_change_sees_the_sample_as_its_own_data_set_gives_it() -> None:
    seen: list[Sample] = []
    open_data(BOTH, "train").load(3, lambda sample: seen.append(sample) or sample)
    (sample,) = seen
    assert sample.id == "i000" and "depth" in sample.labels and sample.kinds["parts"] == "semseg"


def test_a_damaged_image_is_told_by_its_whole_id() -> None:
    members = {"a": BOTH.members["a"], "b": replace(BOTH.members["b"], broken=1)}
    targets = [Target("far", "far", "depth")]
    (batch,) = in_order(open_data(replace(BOTH, members=members), "train"), targets, 8, skip=True)
    assert batch.skipped == {"b/i001": "`i001` is damaged"} and len(batch) == 4


def test_a_label_that_one_data_set_knows_the_classes_of_has_them() -> None:
    assert BOTH.labels() == {"scene": LABELS["parts"], "far": LABELS["depth"], "words": LABELS["tags"]}
