"""The splits of `rooms` as data sets."""

import pytest
import torch

from mtlc.data.errors import DataError
from mtlc.data.rooms_set import Rooms
from mtlc.parts import data as parts
from mtlc.parts.part import Size

PART = parts.Rooms(size=Size(24, 32), images=3, val=0, test=2)


def test_a_sample_has_every_label_in_its_form() -> None:
    sample = Rooms(PART, "train").load(0)
    assert sample.id == "train-000000" and sample.image.shape == (3, 24, 32)
    assert sample.image.dtype == torch.float32 and 0 <= sample.image.min() < sample.image.max() <= 1
    assert sample.labels["semseg"].dtype == torch.int64 and sample.labels["semseg"].shape == (24, 32)
    assert sample.labels["depth"].shape == (1, 24, 32) and (sample.labels["depth"] > 0).all()
    assert torch.allclose(sample.labels["normals"].norm(dim=0), torch.ones(24, 32), atol=1e-4)
    for mask in ("edges", "saliency"):
        assert sample.labels[mask].shape == (1, 24, 32) and set(sample.labels[mask].unique().tolist()) <= {
            0,
            1,
        }


def test_a_sample_from_memory_is_the_same() -> None:
    data = Rooms(PART, "train")
    first, again, anew = data.load(1), data.load(1), Rooms(PART, "train").load(1)
    for other in (again, anew):
        assert torch.equal(first.image, other.image)
        assert all(torch.equal(first.labels[name], other.labels[name]) for name in first.labels)


def test_splits_share_no_scene_and_empty_ones_are_none() -> None:
    train, test = Rooms(PART, "train"), Rooms(PART, "test")
    assert (len(train), len(test)) == (3, 2) and Rooms.splits(PART) == ("train", "test")
    assert not torch.equal(train.load(0).image, test.load(0).image)
    with pytest.raises(DataError, match="split `val` of `rooms` is empty"):
        Rooms(PART, "val")


def test_only_wanted_labels_are_kept() -> None:
    assert set(Rooms(PART, "train", ["depth"]).load(0).labels) == {"depth"}


def test_every_image_has_every_label() -> None:
    assert Rooms(PART, "test").labelled("depth") == {"test-000000", "test-000001"}
