"""What each augmentation does to each kind of label, on arrays small enough to write down."""

import math
from random import Random

import pytest
import torch
from torch import Tensor

from mtlc.data.sample import Sample
from mtlc.data.transforms import Crop, Flip, Jitter, Scale, crop, mirror, pad, resize, transform, turn_hue
from mtlc.parts import data as parts

KINDS = {kind: kind for kind in ("semseg", "depth", "normals", "edges", "saliency", "tags")}


def sample(height: int = 2, width: int = 3) -> Sample:
    """Every pixel of every map is different; normals are unit vectors."""
    count = torch.arange(height * width).view(height, width)
    angle = count / 10
    labels = {
        "semseg": count,
        "depth": 1.0 + count[None],
        "normals": torch.stack([angle.sin(), torch.zeros_like(angle), -angle.cos()]),
        "edges": (count % 2).float()[None],
        "saliency": (count > 2).float()[None],
        "tags": torch.tensor([1.0, 0.0]),
    }
    image = count.float().expand(3, -1, -1) / (height * width)
    return Sample("a", image, labels, KINDS)


def same(first: Sample, second: Sample) -> bool:
    pairs = [(first.image, second.image), *((first.labels[k], second.labels[k]) for k in KINDS)]
    return all(torch.equal(a, b) for a, b in pairs)


def rows(tensor: Tensor) -> list[list[float]]:
    return tensor.squeeze().tolist()


def test_a_mirror_turns_every_map_and_the_x_of_normals() -> None:
    before, after = sample(), mirror(sample())
    assert rows(after.labels["semseg"]) == [[2, 1, 0], [5, 4, 3]]
    assert rows(after.labels["depth"]) == [[3, 2, 1], [6, 5, 4]]
    assert rows(after.labels["edges"]) == [[0, 1, 0], [1, 0, 1]]
    assert rows(after.labels["saliency"]) == [[0, 0, 0], [1, 1, 1]]
    assert torch.equal(after.image, before.image.flip(-1))
    x, y, z = after.labels["normals"]
    turned = before.labels["normals"].flip(-1)
    assert torch.equal(x, -turned[0]) and torch.equal(y, turned[1]) and torch.equal(z, turned[2])
    assert torch.equal(after.labels["tags"], before.labels["tags"])


def test_two_mirrors_are_none() -> None:
    assert same(mirror(mirror(sample())), sample())


def test_flip_mirrors_its_share() -> None:
    rng = Random(0)
    turned = sum(not same(Flip(0.25)(sample(), rng), sample()) for _ in range(2000))
    assert turned / 2000 == pytest.approx(0.25, abs=0.03)
    assert same(Flip(0.0)(sample(), rng), sample())
    assert same(Flip(1.0)(sample(), rng), mirror(sample()))


def test_a_crop_cuts_every_map_at_the_same_place() -> None:
    cut = crop(sample(4, 4), 1, 2, 2, 2)
    assert rows(cut.labels["semseg"]) == [[6, 7], [10, 11]]
    assert rows(cut.labels["depth"]) == [[7, 8], [11, 12]]
    assert torch.equal(cut.image[0] * 16, torch.tensor([[6.0, 7.0], [10.0, 11.0]]))
    assert cut.labels["normals"].shape == (3, 2, 2)
    assert cut.labels["tags"].shape == (2,)


def test_resizing_picks_labels_and_divides_depth_by_the_zoom() -> None:
    large = resize(sample(2, 2), (4, 4))
    twice = [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert rows(large.labels["semseg"]) == twice
    assert rows(large.labels["depth"]) == [[(1 + value) / 2 for value in row] for row in twice]
    assert rows(large.labels["edges"]) == [[value % 2 for value in row] for row in twice]
    small = resize(sample(4, 4), (2, 2))
    assert rows(small.labels["semseg"]) == [[5, 7], [13, 15]]
    assert rows(small.labels["depth"]) == [[12, 16], [28, 32]]


def test_normals_keep_their_length_and_direction_when_resized() -> None:
    large = resize(sample(2, 2), (5, 7)).labels["normals"]
    assert torch.allclose(large.norm(dim=0), torch.ones(5, 7))
    assert set(large[0].flatten().tolist()) == set(sample(2, 2).labels["normals"][0].flatten().tolist())


def test_padding_says_no_label_by_kind() -> None:
    padded = pad(sample(1, 2), (2, 3), 1, 0)
    assert rows(padded.labels["semseg"]) == [[255, 255, 255], [0, 1, 255]]
    assert rows(padded.labels["depth"]) == [[0, 0, 0], [1, 2, 0]]
    assert rows(padded.labels["edges"]) == [[255, 255, 255], [0, 1, 255]]
    assert rows(padded.labels["saliency"]) == [[255, 255, 255], [0, 0, 255]]
    assert padded.labels["normals"].norm(dim=0).tolist() == [[0, 0, 0], [1, 1, 0]]
    assert padded.image[0].tolist() == [[0.25, 0.25, 0.25], [0.0, 0.5, 0.25]]


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_scale_keeps_the_size_and_divides_depth(factor: float) -> None:
    before = sample(8, 8)
    flat = Sample("a", before.image, {**before.labels, "depth": torch.full((1, 8, 8), 4.0)}, KINDS)
    after = Scale(factor, factor)(flat, Random(1))
    assert after.size == (8, 8)
    assert {*after.labels["depth"].flatten().tolist()} == {4 / factor} | ({0} if factor < 1 else set())
    ignored = (after.labels["semseg"] == 255).float().mean().item()
    assert ignored == (0.75 if factor < 1 else 0.0)


def test_crop_zooms_in_and_ignores_nothing() -> None:
    before = sample(10, 10)
    flat = Sample("a", before.image, {**before.labels, "depth": torch.full((1, 10, 10), 4.0)}, KINDS)
    seen = [Crop(0.5)(flat, rng) for rng in map(Random, range(50))]
    depths = {each.labels["depth"][0, 0, 0].item() for each in seen}
    assert min(depths) == pytest.approx(2.0) and max(depths) == pytest.approx(4.0)
    assert all(each.size == (10, 10) and (each.labels["semseg"] < 255).all() for each in seen)


def test_labels_move_with_the_image() -> None:
    """An image that shows its own label still shows it after any change of geometry."""
    ids = torch.arange(36).view(6, 6).repeat_interleave(8, 0).repeat_interleave(8, 1)
    shown = Sample("a", (ids / 36).expand(3, -1, -1), {"semseg": ids}, KINDS)
    for seed in range(20):
        rng, after = Random(seed), shown
        for change in (Flip(0.5), Scale(1.0, 3.0), Crop(0.6)):
            after = change(after, rng)
        gap = (after.image[0] * 36 - after.labels["semseg"]).abs()
        assert gap.median() < 0.05


def test_jitter_changes_colours_only() -> None:
    before = sample(4, 4)
    after = Jitter(0.4)(before, Random(0))
    assert not torch.allclose(after.image, before.image)
    assert after.image.min() >= 0 and after.image.max() <= 1
    assert all(after.labels[kind] is before.labels[kind] for kind in KINDS)


def test_jitter_of_strength_zero_changes_nothing() -> None:
    colours = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0))
    after = Jitter(0.0)(Sample("a", colours, {}, KINDS), Random(0))
    assert torch.allclose(after.image, colours, atol=1e-6)


def test_a_full_turn_of_the_hue_is_none_and_grey_has_no_hue() -> None:
    colours = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(turn_hue(colours, 1.0), colours, atol=1e-5)
    assert not torch.allclose(turn_hue(colours, 0.25), colours, atol=0.05)
    grey = torch.full((3, 2, 2), 0.4)
    assert torch.allclose(turn_hue(grey, 0.3), grey, atol=1e-3)


def test_a_sample_without_labels_can_be_changed() -> None:
    bare = Sample("a", sample(4, 4).image, {}, KINDS)
    for change in (Flip(1.0), Scale(0.5, 0.5), Crop(0.5), Jitter(0.2)):
        assert change(bare, Random(0)).labels == {}


@pytest.mark.parametrize(
    ("part", "made"),
    [
        (parts.Flip(0.3), Flip(0.3)),
        (parts.Scale(0.6, 1.5), Scale(0.6, 1.5)),
        (parts.Crop(0.8), Crop(0.8)),
        (parts.Jitter(0.1), Jitter(0.1)),
    ],
)
def test_every_entry_of_augment_has_its_transform(part: parts.Augment, made: object) -> None:
    assert transform(part) == made


def test_the_zoom_of_a_side_is_the_geometric_mean() -> None:
    stretched = resize(sample(2, 2), (2, 4))
    assert stretched.labels["depth"][0, 0, 0].item() == pytest.approx(1 / math.sqrt(2))
