"""Samples side by side: what absent labels become, ranges, shares."""

import pytest
import torch
from made import Made

from mtlc.data.batch import Batch, Target, collate, kept_ids
from mtlc.data.sample import Sample
from mtlc.parts.part import named
from mtlc.parts.tasks import Task, form

PARTS = Target("scene", "parts", "semseg")
DEPTH = Target("depth", "depth", "depth")
TAGS = Target("tags", "tags", "tags", classes=3)


def batch(data: Made, *targets: Target, keep: dict[str, frozenset[str]] | None = None) -> Batch:
    return collate([data.load(index) for index in range(len(data))], targets, keep)


def test_a_task_sees_its_label_under_its_own_name() -> None:
    made = batch(Made(2), PARTS, TAGS)
    assert made.ids == ("i000", "i001") and len(made) == 2
    assert made.images.shape == (2, 3, 4, 6)
    assert set(made.labels) == {"scene", "tags"}
    assert made.labels["scene"].dtype == torch.int64 and made.labels["scene"].shape == (2, 4, 6)
    assert made.labels["tags"].tolist() == [[1, 0, 0], [1, 0, 0]]
    assert made.present["scene"].tolist() == [True, True]


@pytest.mark.parametrize("kind", list(named(Task)))
def test_an_absent_label_says_so_everywhere(kind: str) -> None:
    sample = Sample("a", torch.zeros(3, 4, 6), {}, {"it": kind})
    made = collate([sample], [Target("task", "it", kind, classes=5)])
    shapes = {
        "semseg": (4, 6), "human_parts": (4, 6), "normals": (3, 4, 6), "tags": (5,), "classify": (), "regress": (5,)
    }  # fmt: skip
    assert made.present["task"].tolist() == [False]
    assert made.labels["task"].shape == (1, *shapes.get(kind, (1, 4, 6)))
    fill = torch.full_like(made.labels["task"], form(kind).fill)
    assert torch.equal(made.labels["task"].nan_to_num(-7), fill.nan_to_num(-7))
    ids = kind in ("semseg", "human_parts", "classify")
    assert made.labels["task"].dtype == (torch.int64 if ids else torch.float32)


@pytest.mark.parametrize(
    ("row", "there"),
    [([0, 255, 0], False), ([255, 255, 255], False), ([0, 0, 0], False), ([0, 255, 6], True)],
)
def test_a_map_of_human_parts_without_any_part_is_absent(row: list[int], there: bool) -> None:
    label = torch.tensor([row])
    sample = Sample("a", torch.zeros(3, 1, 3), {"it": label}, {"it": "human_parts"})
    made = collate([sample], [Target("task", "it", "human_parts", things=True)])
    assert made.present["task"].tolist() == [there]
    assert made.labels["task"][0].tolist() == (label if there else torch.full_like(label, 255)).tolist()


def test_a_background_alone_is_a_label_of_other_maps_of_classes() -> None:
    sample = Sample("a", torch.zeros(3, 1, 3), {"it": torch.zeros(1, 3).long()}, {"it": "semseg"})
    assert collate([sample], [Target("task", "it", "semseg")]).present["task"].tolist() == [True]


def test_present_and_absent_labels_share_a_batch() -> None:
    made = batch(Made(3, has=lambda label, index: index == 1), PARTS, TAGS)
    assert made.present["scene"].tolist() == [False, True, False]
    assert (made.labels["scene"][0] == 255).all() and (made.labels["scene"][1] < 2).all()
    assert made.labels["tags"].tolist() == [[255] * 3, [1, 0, 0], [255] * 3]


def test_depth_outside_its_range_is_absent() -> None:
    near = Target("depth", "depth", "depth", range=(2.0, 4.0))
    assert batch(Made(1), near).labels["depth"][0, 0, 0].tolist() == [0, 2, 3, 4, 0, 0]


def test_only_kept_ids_have_their_label() -> None:
    made = batch(Made(3), PARTS, DEPTH, keep={"scene": frozenset(["i002"])})
    assert made.present["scene"].tolist() == [False, False, True]
    assert made.present["depth"].tolist() == [True] * 3


@pytest.mark.parametrize(("share", "count"), [(0.5, 50), (0.25, 25), (0.125, 13), (1.0, 100), (0.001, 1)])
def test_a_share_keeps_exactly_its_count(share: float, count: int) -> None:
    assert len(kept_ids(Made(100).ids, share, 0, "depth")) == count


def test_a_share_depends_on_seed_task_and_ids_alone() -> None:
    ids = Made(100).ids
    half = kept_ids(ids, 0.5, 0, "depth")
    assert half == kept_ids(tuple(reversed(ids)), 0.5, 0, "depth")
    assert half != kept_ids(ids, 0.5, 1, "depth") and half != kept_ids(ids, 0.5, 0, "normals")
    assert kept_ids(ids, 0.25, 0, "depth") < half


def test_rows_are_the_part_that_one_backward_sees() -> None:
    made = batch(Made(5), PARTS, TAGS).rows(1, 3)
    assert made.ids == ("i001", "i002") and made.images.shape[0] == 2
    assert made.labels["tags"].shape == (2, 3) and made.present["scene"].shape == (2,)


def test_a_batch_moves_as_a_whole() -> None:
    moved = batch(Made(2), PARTS).to("meta")
    assert {each.device.type for each in (moved.images, moved.labels["scene"], moved.present["scene"])} == {
        "meta"
    }
