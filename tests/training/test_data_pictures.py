"""Labels drawn over photos: what is known is coloured, what is not is pale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mtlc.spec import Spec
from mtlc.training.data_pictures import MARK, over
from mtlc.training.pictures import label_panel, said
from mtlc.training.pictures.palette import class_colours
from mtlc.training.samples import span_of

PHOTO = np.full((2, 3, 3), 100, np.uint8)
CASES = {
    "semseg": torch.tensor([[0, 1, 255], [0, 1, 255]]),
    "depth": torch.tensor([[[1.0, 2.0, 0.0], [1.0, 2.0, 0.0]]]),
    "normals": torch.tensor([0.0, 0.0, -1.0])[:, None, None]
    * torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]),
    "edges": torch.tensor([[[0.0, 1.0, 255.0], [0.0, 1.0, 255.0]]]),
}


@pytest.mark.parametrize("kind", CASES)
def test_the_photo_is_pale_where_nothing_is_known(kind: str) -> None:
    drawn = over(PHOTO, kind, CASES[kind], (1.0, 2.0) if kind == "depth" else None)
    assert (drawn[:, 2] > 190).all() and not (drawn[:, 1] == drawn[:, 2]).all()


def test_classes_and_masks_have_their_colours() -> None:
    drawn = over(PHOTO, "semseg", CASES["semseg"], None)
    expected = 0.35 * PHOTO[0, 0] + 0.65 * class_colours(2)[1]
    assert np.abs(drawn[0, 1] - expected).max() <= 1
    mask = over(PHOTO, "edges", CASES["edges"], None)
    assert (mask[:, 0] == PHOTO[:, 0]).all() and np.abs(mask[0, 1] - (0.35 * 100 + 0.65 * MARK)).max() <= 1


def test_a_label_alone_has_a_panel_of_every_kind() -> None:
    names = ("red", "old", "big")
    assert label_panel("t", "depth", CASES["depth"]).bar is not None
    assert [each.name for each in label_panel("t", "semseg", CASES["semseg"], names=names).swatches] == [
        "red",
        "old",
    ]
    assert label_panel("t", "edges", CASES["edges"]).bar is None
    assert [
        each.name for each in label_panel("t", "tags", torch.tensor([1.0, 255, 1]), names=names).tags
    ] == ["red", "big"]
    assert [
        each.value for each in label_panel("t", "regress", torch.tensor([0.5, 2]), names=names).numbers
    ] == [0.5, 2]


def test_labels_of_whole_images_are_said_in_words() -> None:
    names = ("red", "old", "big")
    assert said("tags", torch.tensor([0.0, 1.0, 255.0]), names) == ["old"]
    assert (
        said("classify", torch.tensor(2), names) == ["big"]
        and said("classify", torch.tensor(-1), names) == []
    )
    assert said("regress", torch.tensor([1.5, float("nan"), 3.0]), names) == ["red 1.5", "big 3"]


def test_a_label_alone_gives_no_probabilities() -> None:
    shown = label_panel("t", "tags", torch.tensor([1.0, 255, 1]), names=("red", "old", "big"))
    assert [(each.probability, each.labelled) for each in shown.tags] == [(None, None)] * 2
    assert shown.row == "label"
    assert label_panel("t", "tags", torch.tensor([0.0, 0.0])).note == "label: none"


def test_pictures_of_a_task_with_a_range_share_its_colours(spec: Callable[..., Spec]) -> None:
    read = spec("data rooms\nshared encoder : tiny\ntask near : depth { range = [0.5, 8.0] }\ntask depth\n")
    assert span_of(read.tasks["near"]) == (0.5, 8.0) and span_of(read.tasks["depth"]) is None
