"""Further views of a batch: windows that images, labels and predictions share, and colours of their own."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
import torch
from torch import Tensor

from mtlc.data.batch import Batch
from mtlc.training.views import Window, of_predictions, recolour, view

KINDS = {"scene": "semseg", "depth": "depth", "kind": "classify"}


def batch(size: int = 2, **labels: Tensor) -> Batch:
    images = torch.rand(size, 3, 40, 48, generator=torch.Generator().manual_seed(0))
    there = {task: torch.ones(size, dtype=torch.bool) for task in labels}
    return Batch(images, tuple("abcd"[:size]), labels, there)


def labels(size: int = 2) -> Mapping[str, Tensor]:
    place = torch.arange(40 * 48).reshape(40, 48)
    return {
        "scene": (place % 7).expand(size, 40, 48).contiguous(),
        "depth": torch.full((size, 1, 40, 48), 3.0),
        "kind": torch.arange(size),
    }


def test_labels_are_those_of_the_window() -> None:
    given = batch(**labels())
    seen, windows = view(given, KINDS, [1.5], "1")
    assert seen.images.shape == given.images.shape
    for row, window in enumerate(windows):
        assert (window.height, window.width) == (27, 32)
        inner = given.labels["scene"][
            row, window.top : window.top + window.height, window.left : window.left + window.width
        ]
        assert set(seen.labels["scene"][row].unique().tolist()) == set(inner.unique().tolist())
    assert torch.allclose(seen.labels["depth"], torch.tensor(3.0 / (40 * 48 / (27 * 32)) ** 0.5))
    assert torch.equal(seen.labels["kind"], given.labels["kind"])


def test_predictions_and_labels_of_a_window_meet() -> None:
    ramp = (torch.arange(40.0)[:, None] + torch.arange(48.0)).expand(2, 1, 40, 48)
    seen, windows = view(batch(depth=ramp), KINDS, [1.2, 1.5], "1")
    said = of_predictions(ramp, windows, "depth")
    assert (said - seen.labels["depth"]).abs().max() < 1.5  # a label takes the nearest pixel
    flat = torch.rand(2, 5)
    assert torch.equal(of_predictions(flat, windows, "classify"), flat)


def test_the_whole_image_keeps_its_labels() -> None:
    given = batch(**labels())
    seen, windows = view(given, KINDS, [1.0], "1")
    assert windows == [Window(0, 0, 40, 48)] * 2
    assert all(torch.equal(seen.labels[task], given.labels[task]) for task in given.labels)
    assert torch.equal(of_predictions(given.labels["depth"], windows, "depth"), given.labels["depth"])


def test_a_sample_is_seen_alike_whoever_is_beside_it() -> None:
    given = batch(4, **labels(4))
    whole, windows = view(given, KINDS, [1.0, 1.2, 1.5], "7")
    part, of_part = view(given.rows(2, 4), KINDS, [1.0, 1.2, 1.5], "7")
    assert windows[2:] == of_part and torch.equal(whole.images[2:], part.images)
    other, _ = view(given, KINDS, [1.0, 1.2, 1.5], "8")
    assert not torch.equal(whole.images, other.images)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_colours_change_within_their_range(dtype: torch.dtype) -> None:
    image = torch.rand(3, 24, 32, generator=torch.Generator().manual_seed(0)).to(dtype)
    drawn = [recolour(image, Random(seed)) for seed in range(60)]
    assert all(each.dtype == dtype and each.min() >= 0 and each.max() <= 1 for each in drawn)
    assert sum(not torch.equal(each, image) for each in drawn) > 40
    assert max((each - image).abs().mean() for each in drawn) < 0.4  # magnitudes stay small
