"""The splits of `rooms` as data sets."""

from dataclasses import replace

import pytest
import torch

from mtlc.data.errors import DataError
from mtlc.data.rooms.dataset import Rooms
from mtlc.data.rooms.labels import largest
from mtlc.data.rooms.render import render
from mtlc.parts import data as parts
from mtlc.parts.part import Size
from mtlc.parts.rooms_classes import CLASSES, THINGS

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


PLACES = parts.Rooms(size=Size(48, 64), images=12)
FLOOR, THING = CLASSES.index("floor"), CLASSES.index(THINGS[0])


@pytest.mark.parametrize("index", range(6))
def test_height_and_pitch_are_those_that_the_floor_in_depth_and_normals_shows(index: int) -> None:
    """Two ways to one camera: its pose, and the plane of the floor as the labels of its pixels have it."""
    sample = Rooms(PLACES, "train").load(index)
    labels = sample.labels
    frame = render(PLACES.seed, index, 0, *PLACES.size)
    floor = labels["semseg"] == FLOOR
    up = labels["normals"][:, floor].mean(1)
    rows, columns = torch.nonzero(floor, as_tuple=True)
    k = torch.from_numpy(frame.intrinsics).float()
    rays = torch.stack(
        [(columns + 0.5 - k[0, 2]) / k[0, 0], (rows + 0.5 - k[1, 2]) / k[1, 1], torch.ones(len(rows))]
    )
    points = rays * labels["depth"][0, floor]
    height, pitch = labels["camera"].tolist()
    assert labels["camera"].dtype == torch.float32
    assert len(rows) > 50 and torch.allclose(-(up @ points), torch.full((len(rows),), height), atol=2e-3)
    assert pitch == pytest.approx(torch.asin(-up[2]).item(), abs=1e-3)


def test_the_largest_thing_covers_most_pixels_of_those_that_stand_in_the_room() -> None:
    seen = set()
    for index in range(12):
        labels = Rooms(PLACES, "train", ["largest", "semseg"]).load(index).labels
        covered = [(labels["semseg"] == THING + each).sum().item() for each in range(len(THINGS))]
        assert covered[labels["largest"]] == max(covered) > 0
        seen.add(int(labels["largest"]))
    assert len(seen) >= 4


def test_a_view_without_any_thing_has_no_largest_one() -> None:
    frame = render(0, 0, 0, 16, 16)
    assert largest(replace(frame, semseg=frame.semseg * 0)) is None
    assert largest(replace(frame, semseg=frame.semseg * 0 + THING + 2)) == 2
