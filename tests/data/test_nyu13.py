"""`nyu13`: the released files are read as they are, and normals come out in the camera frame whatever their signs."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from mtlc.api import check
from mtlc.data.errors import DataError, MissingData
from mtlc.data.nyu13 import Nyu13
from mtlc.data.open import open_data, splits
from mtlc.data.rooms.render import render
from mtlc.data.signs import flipped_axes
from mtlc.data.transforms import mirror
from mtlc.parts import data as parts
from mtlc.parts.part import Place, Size
from mtlc.source import Source

SIZE = Size(48, 64)
Part = Callable[..., parts.Nyu13]


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """Write rendered rooms in the released layout: 12 images of train, 2 of val."""

    def make(signs: tuple[int, ...] = (1, 1, 1), size: Size = SIZE) -> parts.Nyu13:
        for folder, count in (("train", 12), ("val", 2)):
            for each in range(count):
                write(tmp_path / folder, each, signs)
        return parts.Nyu13(root=Place(str(tmp_path), "NYU13_ROOT"), size=size)

    return make


def frame(scene: int):
    return render(3, scene, 0, *SIZE)


def write(folder: Path, scene: int, signs: tuple[int, ...]) -> None:
    made = frame(scene)
    label = (made.semseg % 13).astype(np.float64)
    label[:3] = -1
    depth, normal = made.depth.copy(), made.normals * np.array(signs)
    depth[:, :2], normal[4:6] = 0, 0
    files = {
        "image": made.image.astype(np.float64),
        "label": label,
        "depth": depth[..., None].astype(np.float64),
        "normal": normal.astype(np.float64),
    }
    for name, array in files.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        np.save(folder / name / f"{scene}.npy", array)


def test_both_splits_are_read_in_the_order_of_their_numbers(part: Part) -> None:
    made = part()
    assert splits(made) == ("train", "test")
    train = open_data(made, "train")
    assert train.ids == tuple(str(n) for n in range(12)) and len(open_data(made, "test")) == 2
    assert train.labelled("depth") == set(train.ids)


def test_values_are_those_of_the_files(part: Part) -> None:
    sample, made = open_data(part(), "train").load(1), frame(1)
    image = torch.from_numpy(made.image).permute(2, 0, 1)
    torch.testing.assert_close(sample.image, image, atol=0.5 / 255 + 1e-6, rtol=0)
    classes = sample.labels["semseg"]
    assert classes.dtype == torch.int64 and (classes[:3] == 255).all()
    assert (classes[3:].numpy() == made.semseg[3:] % 13).all()
    depth = sample.labels["depth"]
    assert depth.shape == (1, *SIZE) and (depth[..., :2] == 0).all()
    torch.testing.assert_close(depth[0, :, 2:], torch.from_numpy(made.depth[:, 2:]).float())
    normals = sample.labels["normals"]
    assert (normals[:, 4:6] == 0).all()
    length = normals[:, 6:].norm(dim=0)
    torch.testing.assert_close(length, torch.ones_like(length))


@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3)), ids=str)
def test_normals_come_out_in_the_camera_frame_whatever_their_signs_in_the_files(
    part: Part, signs: tuple[int, ...]
) -> None:
    normals = open_data(part(signs), "train", ["normals"]).load(2).labels["normals"]
    right = torch.from_numpy(frame(2).normals).permute(2, 0, 1).float()
    torch.testing.assert_close(normals[:, 6:], right[:, 6:], atol=1e-5, rtol=1e-5)


def test_what_shows_nothing_changes_no_sign() -> None:
    flat = np.zeros((9, 9, 3))
    assert flipped_axes([]) == ()
    assert flipped_axes([(flat, np.ones((9, 9)))]) == ()
    wall = np.broadcast_to([0.0, 0.0, 1.0], (9, 9, 3))
    assert flipped_axes([(wall, np.ones((9, 9)))]) == (2,)
    assert flipped_axes([(wall * np.nan, np.full((9, 9), np.nan))]) == ()


def test_a_step_to_another_surface_says_nothing_of_normals() -> None:
    leaning = np.broadcast_to([0.5, 0.0, -0.8], (9, 40, 3))
    depth = np.tile(1 + 0.01 * np.arange(40), (9, 1))  # farther to the right
    depth[:, 20:] -= 0.9
    assert flipped_axes([(leaning, depth)]) == ()
    assert flipped_axes([(leaning * [-1, 1, 1], depth)]) == (0,)


def test_images_of_another_size_are_resized(part: Part) -> None:
    sample = open_data(part(size=Size(24, 32)), "train").load(0)
    assert {label.shape[-2:] for label in sample.labels.values()} == {(24, 32)}
    assert sample.image.shape == (3, 24, 32)


def test_only_wanted_labels_are_loaded_and_a_missing_file_is_a_missing_label(part: Part) -> None:
    made = part()
    data = open_data(made, "train", ["depth", "semseg"])
    (data.folder / "depth" / "4.npy").unlink()  # type: ignore[attr-defined]
    assert set(data.load(4).labels) == {"semseg"}
    assert data.labelled("depth") == set(data.ids) - {"4"}
    assert set(data.load(3).labels) == {"depth", "semseg"}


def test_a_change_sees_whole_samples(part: Part) -> None:
    data = open_data(part(), "train")
    turned, plain = data.load(0, mirror).labels["normals"], data.load(0).labels["normals"]
    assert torch.equal(turned[0], -plain[0].flip(-1)) and torch.equal(turned[1:], plain[1:].flip(-1))


def test_a_missing_root_is_named_with_where_it_looked() -> None:
    with pytest.raises(MissingData, match="looked for the folder `data/nyu13`") as caught:
        open_data(parts.Nyu13(), "train")
    assert "export NYU13_ROOT=" in str(caught.value.hint)


def test_a_root_without_the_files_names_the_folder_that_lacks(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="image`"):
        open_data(parts.Nyu13(root=Place(str(tmp_path))), "test")
    (tmp_path / "val" / "image").mkdir(parents=True)
    with pytest.raises(DataError, match="is empty"):
        open_data(parts.Nyu13(root=Place(str(tmp_path))), "test")
    with pytest.raises(DataError, match="no split `val`"):
        Nyu13(parts.Nyu13(root=Place(str(tmp_path))), "val")


@pytest.mark.parametrize(
    ("file", "array", "said"),
    [
        ("image", np.full((48, 64, 3), 2.0), "values from 0 to 1"),
        ("image", np.zeros((48, 64)), "is not H×W×3"),
        ("label", np.full((48, 64), 13), "class id 13"),
        ("label", np.full((48, 64), 0.5), "no whole numbers"),
        ("depth", np.ones((24, 64, 1)), "is 24x64 but its image 48x64"),
    ],
)
def test_a_wrong_file_is_told_with_its_id(part: Part, file: str, array: np.ndarray, said: str) -> None:
    data = open_data(part(), "train")
    np.save(data.folder / file / "5.npy", array)  # type: ignore[attr-defined]
    with pytest.raises(DataError, match=said) as caught:
        data.load(5)
    assert "`5`" in caught.value.message


def test_a_spec_over_it_knows_its_classes_and_has_no_edges() -> None:
    spec = "data nyu13\nshared encoder : tiny\ntask semseg { classes = 13 }\n"
    assert not check(Source("a.mtl", spec + "task depth\ntask normals"))
    assert [each.code for each in check(Source("a.mtl", spec + "task edges"))] == ["MTL401"]
