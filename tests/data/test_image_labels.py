"""Labels of whole images on their way from a folder to a batch."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from mtlc.data.batch import Target, collate
from mtlc.data.errors import DataError
from mtlc.data.folder import Folder
from mtlc.data.loader import Loader
from mtlc.data.transforms import Crop, Flip, Jitter, Scale
from mtlc.parts import data as parts
from mtlc.parts.data import Label

MakeFolder = Callable[..., parts.Folder]
MANIFEST = """
images: "photos/{id}.png"
splits: {train: {glob: "*/*"}}
labels:
  place: {kind: classify, folders: true, classes: [hall, attic], ignore: other}
  light: {kind: classify, file: t.csv, class: light, classes: [dark, bright]}
  pose: {kind: regress, file: t.csv, values: [height, turn], scale: [0.1, 1]}
"""
TABLE = "id,light,height,turn\nhall/a,bright,10,\nattic/a,,,\nother/a,0,3,-2.5\n"
IDS = ("attic/a", "attic/b", "hall/a", "other/a")
NAN = float("nan")


@pytest.fixture
def folder(make_folder: MakeFolder) -> Folder:
    return Folder(make_folder(MANIFEST, files()), "train")


def files(**more: Any) -> dict[str, Any]:
    photo = np.full((16, 16, 3), 99, np.uint8)
    return {f"photos/{id}.png": photo for id in IDS} | {"t.csv": TABLE} | more


def test_what_a_folder_has_of_each_image(folder: Folder) -> None:
    assert folder.ids == IDS
    assert folder.labels["pose"] == Label("regress", ("height", "turn"))
    assert folder.labelled("place") == {"attic/a", "attic/b", "hall/a"}
    assert folder.labelled("light") == folder.labelled("pose") == {"hall/a", "other/a"}
    attic, _, hall, other = (folder.load(i).labels for i in range(4))
    assert set(attic) == {"place"} and attic["place"].item() == 1
    assert hall["place"].item() == 0 and hall["light"].item() == 1 and hall["light"].dtype == torch.int64
    assert torch.equal(hall["pose"].nan_to_num(-9), torch.tensor([1.0, -9.0]))
    assert other["light"].item() == 0 and torch.equal(other["pose"], torch.tensor([0.3, -2.5]))


def test_a_batch_says_which_images_have_a_label(folder: Folder) -> None:
    targets = [Target("light", "light", "classify", 2), Target("pose", "pose", "regress", 2)]
    made = collate([folder.load(i) for i in range(4)], targets)
    assert made.labels["light"].tolist() == [-1, -1, 1, 0]
    assert made.present["light"].tolist() == made.present["pose"].tolist() == [False, False, True, True]
    assert made.labels["pose"].shape == (4, 2)
    assert made.labels["pose"].isnan().tolist() == [[True, True], [True, True], [False, True], [False, False]]


@pytest.mark.parametrize("change", [Flip(1.0), Scale(0.5, 0.6), Scale(1.5, 2.0), Crop(0.5), Jitter(0.5)])
def test_no_change_of_the_image_changes_what_is_said_of_all_of_it(folder: Folder, change: Any) -> None:
    sample = folder.load(3)
    changed = change(sample, Random(0))
    assert changed.labels.keys() == sample.labels.keys()
    assert all(torch.equal(changed.labels[name], each) for name, each in sample.labels.items())


def test_a_share_of_the_labels_keeps_so_many_of_the_images_that_have_one(folder: Folder) -> None:
    loader = Loader(folder, [Target("pose", "pose", "regress", 2, share=0.5)], batch=4, seed=0)
    assert [loader.batch_at(step).present["pose"].sum().item() for step in range(3)] == [1, 1, 1]


def test_a_wrong_table_is_told_when_the_folder_is_opened(make_folder: MakeFolder) -> None:
    part = make_folder(MANIFEST, files(**{"t.csv": TABLE.replace("bright", "brigth")}))
    with pytest.raises(DataError, match="label `light` of `hall/a` holds the class `brigth`") as caught:
        Folder(part, "train")
    assert "did you mean `bright`?" in str(caught.value.hint)
