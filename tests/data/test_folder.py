"""A folder of one's own: which labels an image has, how values are read, and what a bad file is told as."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mtlc.data.errors import DataError, MissingData
from mtlc.data.folder import Folder
from mtlc.data.sample import Sample
from mtlc.data.transforms import pad
from mtlc.parts import data as parts
from mtlc.parts.part import Place

MakeFolder = Callable[..., parts.Folder]
HEAD = """
images: photos/{id}.png
splits: {train: [a, b]}
labels:
"""
PARTS = HEAD + "  parts: {kind: semseg, files: 'l/{id}.png', classes: {ground: 0, sky: [7, 8]}, ignore: 99}\n"


def photo(height: int = 16, width: int = 16, value: int = 100) -> Any:
    return np.full((height, width, 3), value, np.uint8)


def ids(value: int = 0, height: int = 16, width: int = 16) -> Any:
    return np.full((height, width), value, np.uint8)


def first(part: parts.Folder, split: str = "train") -> Sample:
    return Folder(part, split).load(0)


def refusal(part: parts.Folder, split: str = "train") -> DataError:
    with pytest.raises(DataError) as caught:
        Folder(part, split).load(0)
    assert caught.value.hint
    return caught.value


# --- what is read


def test_a_sample_has_the_labels_that_its_files_have(make_folder: MakeFolder) -> None:
    data = Folder(
        make_folder(PARTS, {"photos/a.png": photo(), "photos/b.png": photo(), "l/b.png": ids(7)}), "train"
    )
    assert data.ids == ("a", "b") and len(data) == 2
    assert set(data.load(0).labels) == set() and set(data.load(1).labels) == {"parts"}
    assert data.labelled("parts") == {"b"}
    assert data.labels["parts"] == parts.Label("semseg", ("ground", "sky"))


def test_raw_ids_become_classes_and_the_rest_is_ignored(make_folder: MakeFolder) -> None:
    raw = ids()
    raw[0, :4] = [0, 7, 8, 99]
    label = first(make_folder(PARTS, {"photos/a.png": photo(), "l/a.png": raw})).labels["parts"]
    assert label.dtype == torch.int64 and label.shape == (16, 16)
    assert label[0, :4].tolist() == [0, 1, 1, 255]


@pytest.mark.parametrize(("other", "value"), [("ignore", 255), ("sky", 1)])
def test_other_says_what_unknown_ids_are(make_folder: MakeFolder, other: str, value: int) -> None:
    part = make_folder(
        PARTS.replace("99}", f"99, other: {other}}}"), {"photos/a.png": photo(), "l/a.png": ids(3)}
    )
    assert (first(part).labels["parts"] == value).all()


def test_a_palette_image_gives_its_indices(make_folder: MakeFolder, tmp_path: Path) -> None:
    part = make_folder(PARTS, {"photos/a.png": photo(), "l/x": ""})
    image = Image.new("P", (16, 16), 7)
    image.putpalette([255, 0, 0] * 256)
    image.save(tmp_path / "root/l/a.png")
    assert (first(part).labels["parts"] == 1).all()


def test_images_are_resized_smoothly_and_labels_by_picking(make_folder: MakeFolder) -> None:
    image, label = photo(32, 64, 0), ids(0, 32, 64)
    image[:, 1::2], label[:, 1::2] = 255, 7
    sample = first(make_folder(PARTS, {"photos/a.png": image, "l/a.png": label}))
    assert sample.image.shape == (3, 16, 16) and sample.image.dtype == torch.float32
    assert (sample.image[:, :, 2:-2] - 0.5).abs().max() < 0.02
    assert set(sample.labels["parts"].flatten().tolist()) <= {0, 1}


def test_depth_is_in_metres_and_zero_where_nothing_was_measured(make_folder: MakeFolder) -> None:
    raw = np.full((16, 16), 2500, np.uint16)
    raw[0, :3] = [0, 65535, 500]
    manifest = HEAD + "  depth: {files: 'd/{id}.png', scale: 0.001, offset: -0.5, ignore: [0, 65535]}\n"
    depth = first(make_folder(manifest, {"photos/a.png": photo(), "d/a.png": raw})).labels["depth"]
    assert depth.shape == (1, 16, 16) and depth.dtype == torch.float32
    assert depth[0, 0, :4].tolist() == [0, 0, 0, 2.0]


def test_depth_that_is_not_finite_was_not_measured(make_folder: MakeFolder) -> None:
    raw = np.full((16, 16), 3.0, np.float32)
    raw[0, :3] = [np.nan, np.inf, -1]
    manifest = HEAD + "  depth: {files: 'd/{id}.npy', scale: 1}\n"
    depth = first(make_folder(manifest, {"photos/a.png": photo(), "d/a.npy": raw})).labels["depth"]
    assert depth[0, 0, :4].tolist() == [0, 0, 0, 3]


def test_normals_of_eight_bits_are_unit_vectors_with_turned_axes(make_folder: MakeFolder) -> None:
    raw = photo(value=0)
    raw[:, :] = [255, 128, 128]
    raw[0, 0], raw[0, 1] = 0, 128  # nothing stored, and no direction
    manifest = HEAD + "  normals: {files: 'n/{id}.png', flip: [x]}\n"
    normals = first(make_folder(manifest, {"photos/a.png": photo(), "n/a.png": raw})).labels["normals"]
    assert normals.shape == (3, 16, 16)
    assert normals[:, 0, 0].tolist() == [0, 0, 0] and normals[:, 0, 1].tolist() == [0, 0, 0]
    assert normals[0, 1, 1].item() == pytest.approx(-1, abs=1e-4)
    assert torch.allclose(normals[:, 1:].norm(dim=0), torch.ones(15, 16))


@pytest.mark.parametrize("axes", ["hwc", "chw"])
def test_float_normals_are_taken_as_they_are(make_folder: MakeFolder, axes: str) -> None:
    raw = np.zeros((16, 16, 3), np.float32)
    raw[..., 2] = -2.0
    stored = raw if axes == "hwc" else raw.transpose(2, 0, 1)
    manifest = HEAD + "  normals: {files: 'n/{id}.npy'}\n"
    normals = first(make_folder(manifest, {"photos/a.png": photo(), "n/a.npy": stored})).labels["normals"]
    assert normals[:, 3, 3].tolist() == [0, 0, -1]


def test_a_mask_is_one_above_its_threshold(make_folder: MakeFolder) -> None:
    raw = ids()
    raw[0, :4] = [0, 100, 200, 255]
    manifest = (
        HEAD + "  saliency: {files: 'm/{id}.png', above: 127, ignore: 255}\n  edges: {files: 'm/{id}.png'}\n"
    )
    labels = first(make_folder(manifest, {"photos/a.png": photo(), "m/a.png": raw})).labels
    assert labels["saliency"][0, 0, :4].tolist() == [0, 0, 1, 255]
    assert labels["edges"][0, 0, :4].tolist() == [0, 1, 1, 1]


DERIVED = PARTS + "  front: {kind: saliency, from: parts, derive: foreground}\n"
DERIVED += "  edges: {from: parts, derive: borders}\n"


def test_labels_are_derived_after_resizing_and_after_changes(make_folder: MakeFolder) -> None:
    raw = ids(0, 64, 64)
    raw[:, 32:] = 7
    data = Folder(make_folder(DERIVED, {"photos/a.png": photo(64, 64), "l/a.png": raw}), "train")
    assert data.load(0).labels["front"][0, 0].tolist() == [0] * 8 + [1] * 8
    assert data.load(0).labels["edges"][0, 0].sum() == 3
    widened = data.load(0, lambda each: pad(each, (16, 20), 0, 0)).labels
    assert widened["edges"][0, 0].tolist() == [0] * 6 + [1] * 3 + [0] * 7 + [255] * 4
    assert widened["front"][0, 0].tolist() == [0] * 8 + [1] * 8 + [255] * 4
    assert data.labelled("edges") == data.labelled("parts") == {"a"}


def test_only_wanted_labels_are_read(make_folder: MakeFolder) -> None:
    part = make_folder(DERIVED, {"photos/a.png": photo(), "l/a.png": ids(7)})
    assert set(Folder(part, "train", ["edges"]).load(0).labels) == {"edges"}
    broken = make_folder(DERIVED + "  depth: {files: 'd/{id}.png', scale: 1}\n", {"d/a.png": "no image"})
    assert set(Folder(broken, "train", ["parts"]).load(0).labels) == {"parts"}


def test_the_first_pattern_that_has_a_file_is_taken(make_folder: MakeFolder) -> None:
    manifest = HEAD.replace("photos/{id}.png", "['photos/{id}.jpg', 'photos/{id}.png']")
    part = make_folder(manifest + "  edges: {files: 'm/{id}.png'}\n", {"photos/a.png": photo()})
    assert first(part).id == "a"


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 4)])
def test_a_photo_of_any_mode_becomes_rgb(make_folder: MakeFolder, shape: tuple[int, ...]) -> None:
    part = make_folder(PARTS, {"photos/a.png": np.full(shape, 51, np.uint8)})
    assert torch.allclose(first(part).image, torch.full((3, 16, 16), 0.2))


def test_a_sixteen_bit_photo_keeps_its_brightness(make_folder: MakeFolder) -> None:
    part = make_folder(PARTS, {"photos/a.png": np.full((16, 16), 51 * 257, np.uint16)})
    assert torch.allclose(first(part).image, torch.full((3, 16, 16), 0.2))


def test_a_photo_is_turned_as_its_exif_entry_says(make_folder: MakeFolder, tmp_path: Path) -> None:
    part = make_folder(PARTS, {"photos/x": "", "l/a.png": ids(7, 32, 16)})
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(16, 32)).save(tmp_path / "root/photos/a.png", exif=exif)
    assert set(first(part).labels) == {"parts"}


def test_a_cached_sample_is_the_same_and_needs_no_file(make_folder: MakeFolder, tmp_path: Path) -> None:
    raw = ids()
    raw[3:, 5:] = 8
    data = Folder(make_folder(DERIVED, {"photos/a.png": photo(), "l/a.png": raw}), "train")
    before = data.load(0)
    (tmp_path / "root/photos/a.png").unlink()
    after = data.load(0)
    assert torch.equal(before.image, after.image)
    assert all(torch.equal(before.labels[name], after.labels[name]) for name in before.labels)


# --- splits


def test_a_glob_finds_the_images_that_are_there(make_folder: MakeFolder) -> None:
    manifest = PARTS.replace("{train: [a, b]}", "{train: {glob: '*', without: test}, test: {glob: 'x*'}}")
    files = {f"photos/{name}.png": photo() for name in ("b", "x1", "a", "x2")}
    part = make_folder(manifest, {**files, "photos/c.jpg": photo()})
    assert Folder(part, "train").ids == ("a", "b") and Folder(part, "test").ids == ("x1", "x2")


def test_a_file_names_the_ids_of_a_split(make_folder: MakeFolder) -> None:
    manifest = PARTS.replace("[a, b]", "{file: train.txt}")
    part = make_folder(manifest, {"train.txt": "b\n\n# not this one\na\n"})
    assert Folder(part, "train").ids == ("b", "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a\nb\na\n", "line 3: id `a` stands already in line 1"), ("../a\n", "line 1: `../a` cannot be an id")],
)
def test_a_bad_file_of_ids_is_told_by_line(make_folder: MakeFolder, text: str, message: str) -> None:
    part = make_folder(PARTS.replace("[a, b]", "{file: train.txt}"), {"train.txt": text})
    assert message in refusal(part).message


def test_a_missing_file_of_ids_is_told(make_folder: MakeFolder) -> None:
    part = make_folder(PARTS.replace("[a, b]", "{file: train.txt}"), {"photos/a.png": photo()})
    assert "looked for" in refusal(part).message and "train.txt" in refusal(part).message


def test_an_empty_split_is_told_with_where_it_looked(make_folder: MakeFolder) -> None:
    part = make_folder(PARTS.replace("[a, b]", "{glob: 'z*'}"), {"photos/a.png": photo()})
    assert "split `train`" in refusal(part).message and "photos/z*.png" in refusal(part).message


def test_a_split_that_the_manifest_lacks_is_told(make_folder: MakeFolder) -> None:
    part = make_folder(PARTS, {"photos/a.png": photo()})
    assert Folder.splits(part) == ("train",)
    assert "no split `val`" in refusal(part, "val").message


# --- bad data


def test_a_missing_image_names_file_id_and_split(make_folder: MakeFolder) -> None:
    message = refusal(make_folder(PARTS, {"l/a.png": ids()})).message
    assert "image of `a`" in message and "split `train`" in message and "photos/a.png" in message


@pytest.mark.parametrize("name", ["photos/a.png", "l/a.png"])
@pytest.mark.parametrize("cut", [0, 20, 60])
def test_a_truncated_file_is_told(make_folder: MakeFolder, tmp_path: Path, name: str, cut: int) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (16, 16, 3), np.uint8) * 7
    part = make_folder(PARTS, {"photos/a.png": noise, "l/a.png": noise[..., 0]})
    path = tmp_path / "root" / name
    path.write_bytes(path.read_bytes()[:cut])
    assert str(path) in refusal(part).message and "`a`" in refusal(part).message


def test_a_truncated_jpeg_is_told(make_folder: MakeFolder, tmp_path: Path) -> None:
    part = make_folder(PARTS.replace("photos/{id}.png", "photos/{id}.jpg"), {"photos/a.jpg": photo(64, 64)})
    path = tmp_path / "root/photos/a.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    assert "damaged" in refusal(part).message


def test_a_label_of_another_size_than_its_image_is_told(make_folder: MakeFolder) -> None:
    message = refusal(make_folder(PARTS, {"photos/a.png": photo(), "l/a.png": ids(0, 16, 18)})).message
    assert "`parts` of `a` is 16x18 but its image 16x16" in message and "l/a.png" in message


def test_an_unknown_class_id_is_told_with_id_file_and_value(make_folder: MakeFolder) -> None:
    error = refusal(make_folder(PARTS, {"photos/a.png": photo(), "l/a.png": ids(42)}))
    assert "`parts` of `a`" in error.message and "class id 42" in error.message and "l/a.png" in error.message
    assert "`other: ignore`" in str(error.hint)


def test_a_coloured_label_is_told(make_folder: MakeFolder) -> None:
    raw = photo()
    raw[0, 0] = [1, 2, 3]
    assert "coloured" in refusal(make_folder(PARTS, {"photos/a.png": photo(), "l/a.png": raw})).message


def test_a_folder_in_place_of_an_image_is_told(make_folder: MakeFolder) -> None:
    assert "photos/a.png" in refusal(make_folder(PARTS, {"photos/a.png/x": "x"})).message


def test_objects_in_an_array_file_are_not_unpickled(make_folder: MakeFolder, tmp_path: Path) -> None:
    part = make_folder(
        HEAD + "  depth: {files: 'd/{id}.npy', scale: 1}\n", {"photos/a.png": photo(), "d/x": ""}
    )
    np.save(tmp_path / "root/d/a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    assert "damaged" in refusal(part).message


def test_a_missing_root_says_where_it_looked_and_what_to_set(make_folder: MakeFolder) -> None:
    part = make_folder(PARTS, {})
    unset = parts.Folder(Place(None, "MY_ROOT"), part.manifest, part.size)
    with pytest.raises(MissingData, match="`MY_ROOT` is not set") as caught:
        Folder(unset, "train")
    assert "export MY_ROOT=" in str(caught.value.hint)
    gone = parts.Folder(Place("/nowhere/at/all", "MY_ROOT"), part.manifest, part.size)
    with pytest.raises(MissingData, match="looked for the folder `/nowhere/at/all`"):
        Folder(gone, "train")


# --- what is there, and what is no more


def test_a_label_file_that_vanishes_is_an_error_and_not_an_unlabelled_image(make_folder: MakeFolder) -> None:
    part = make_folder(PARTS, {"photos/a.png": photo(), "photos/b.png": photo(), "l/b.png": ids(7)})
    data = Folder(part, "train")
    assert data.labelled("parts") == {"b"}
    (data.root / "l" / "b.png").unlink()
    with pytest.raises(DataError, match=r"of `b`.* was there when its files were counted, and is gone"):
        data.load(1)
    assert not data.load(0).labels


def test_an_id_longer_than_a_file_name_can_be_is_an_image_that_is_not_there(make_folder: MakeFolder) -> None:
    text = PARTS.replace("[a, b]", f"[{'x' * 300}, b]")
    assert "is not there: looked for" in refusal(make_folder(text, {"photos/b.png": photo()})).message


def test_a_folder_that_is_closed_to_us_is_told_as_such(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    data = Folder(make_folder(PARTS, {"photos/a.png": photo(), "photos/b.png": photo()}), "train")
    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(DataError, match="cannot be looked for: permission denied"):
        data.load(0)
