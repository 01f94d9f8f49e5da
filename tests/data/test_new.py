"""`mtlc new` on folders laid out in three ways: what it guesses checks and trains, and nothing is overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import mtlc
from mtlc.cli import group
from mtlc.data.guess.folder import understand
from mtlc.manifest import read_manifest

SIZE = (48, 64)
COUNT = 12


def save(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def scene(index: int) -> dict[str, Any]:
    """A photo of a floor, a wall and a box, and all labels of it; normals point to the camera."""
    random = np.random.default_rng(index)
    parts = np.zeros(SIZE, np.uint8)
    parts[30:] = 1
    top, left = random.integers(5, 30), random.integers(5, 45)
    parts[top : top + 14, left : left + 14] = 2
    photo = (
        random.integers(0, 60, (*SIZE, 3), np.uint8)
        + np.array([[90, 90, 90], [120, 80, 40], [20, 160, 60]], np.uint8)[parts]
    )
    depth = np.array([4000, 2500, 1500], np.uint16)[parts] + np.arange(SIZE[1], dtype=np.uint16)
    depth[0, :5] = 0
    normals = np.array([[0, 0, -1], [0, -1, 0], [0, 0, -1]], np.float32)[parts]
    return {
        "photo": photo.astype(np.uint8),
        "parts": parts,
        "mask": np.where(parts == 2, 255, 0).astype(np.uint8),
        "depth": depth,
        "normals": ((normals + 1) / 2 * 255).round().astype(np.uint8),
    }


def folders(root: Path) -> None:
    """A folder for each sort of file, and a table of tags."""
    for index in range(COUNT):
        made = scene(index)
        save(root / f"images/{index:03d}.jpg", made["photo"])
        save(root / f"masks/{index:03d}.png", made["parts"])
        if index:  # one photo has no normals
            save(root / f"normals/{index:03d}_n.png", made["normals"])
    rows = [f"{index:03d},{index % 2},{int(index < 4)}" for index in range(COUNT)]
    (root / "tags.csv").write_text("\n".join(["photo,sunny,old house", *rows]) + "\n")
    (root / "notes.txt").write_text("not a picture")


def endings(root: Path) -> None:
    """One folder, the sort of file in each name."""
    for index in range(COUNT):
        made = scene(index)
        save(root / f"{index:04d}_rgb.jpg", made["photo"])
        save(root / f"{index:04d}_seg.png", made["parts"])
        save(root / f"{index:04d}_depth.png", made["depth"])


def splits(root: Path) -> None:
    """Folders for the splits, with the same names in each."""
    for split, offset in (("train", 0), ("valid", 50)):
        for index in range(COUNT if split == "train" else 4):
            made = scene(index + offset)
            save(root / f"{split}/images/{index}.png", made["photo"])
            save(root / f"{split}/labels/{index}.png", made["mask"])


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(group, [str(each) for each in args])


LAYOUTS = [
    (folders, {"semseg": "semseg", "normals": "normals", "tags": "tags"}, {"train", "val", "test"}),
    (endings, {"semseg": "semseg", "depth": "depth"}, {"train", "val", "test"}),
    (splits, {"saliency": "saliency"}, {"train", "val"}),
]


@pytest.mark.parametrize(("lay", "kinds", "parts"), LAYOUTS, ids=["folders", "endings", "splits"])
def test_what_is_guessed_checks_and_trains(
    tmp_path: Path, lay: Callable[[Path], None], kinds: dict[str, str], parts: set[str]
) -> None:
    lay(tmp_path / "mine")
    done = run("new", tmp_path / "mine", "-o", tmp_path / "out")
    assert done.exit_code == 0 and "look at" in done.stdout
    spec = tmp_path / "out" / "mine.mtl"
    assert run("fmt", "--check", spec).exit_code == 0
    assert mtlc.check(spec) == []
    read = read_manifest(tmp_path / "out" / "mine.yaml")
    assert {name: label.kind for name, label in read.labels.items()} == kinds
    assert set(read.splits) == parts
    checked = run("data", "check", spec, "--no-pictures", "--format", "json")
    assert checked.exit_code == 0, checked.output
    assert not [each for each in json.loads(checked.stdout)["findings"] if each["level"] == "error"]
    small = {"train.steps": 3, "train.batch": 4, "data.size": "32x48"}
    result = mtlc.train(mtlc.build(mtlc.load(spec, small)), out=tmp_path / "run", device="cpu")
    assert result.step == 3
    recorded = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert set(kinds) == {task for line in recorded for task in line.get("losses", ())}


def test_values_are_meant_as_they_were_stored(tmp_path: Path) -> None:
    from mtlc.data.open import open_data

    for lay in (folders, endings, splits):
        lay(tmp_path / lay.__name__)
        assert run("new", tmp_path / lay.__name__, "-o", tmp_path).exit_code == 0
    whole = {"data.size": "48x64"}
    first = open_data(mtlc.load(tmp_path / "folders.mtl", whole).data, "train").load(1).labels
    assert (first["semseg"].numpy() == scene(1)["parts"]).all()
    assert first["normals"][:, 0, 0].numpy() == pytest.approx([0, 0, -1], abs=0.01)
    assert first["tags"].tolist() == [1, 1]
    depth = open_data(mtlc.load(tmp_path / "endings.mtl", whole).data, "train").load(0).labels["depth"]
    assert depth[0, 47, 0] == pytest.approx(2.5) and depth[0, 0, 0] == 0
    held = open_data(mtlc.load(tmp_path / "splits.mtl", whole).data, "val")
    assert len(held) == 4
    assert (held.load(2).labels["saliency"][0].numpy() == (scene(52)["parts"] == 2)).all()


def test_images_that_are_held_out_have_all_labels(tmp_path: Path) -> None:
    for index in range(20):
        save(tmp_path / f"images/{index:02d}.png", scene(index)["photo"])
        if index < 10:
            save(tmp_path / f"masks/{index:02d}.png", scene(index)["parts"])
    found = understand(tmp_path)
    assert found.splits == {"train": (), "val": ("08",), "test": ("09",)}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    splits(tmp_path / "mine")
    (tmp_path / "mine.yaml").write_text("mine")
    done = run("new", tmp_path / "mine", "-o", tmp_path)
    assert done.exit_code == 2 and "already there" in done.output
    assert (tmp_path / "mine.yaml").read_text() == "mine" and not (tmp_path / "mine.mtl").exists()


def test_a_folder_without_labels_or_photos_is_told(tmp_path: Path) -> None:
    for index in range(3):
        save(tmp_path / "photos" / "images" / f"{index}.jpg", scene(index)["photo"])
        save(tmp_path / "masks" / f"{index}.png", scene(index)["parts"])
    from mtlc.data.errors import DataError

    with pytest.raises(DataError, match="holds no labels that could be guessed"):
        understand(tmp_path / "photos")
    with pytest.raises(DataError, match="holds no photos that could be read"):
        understand(tmp_path / "masks")


def labelled(root: Path, values: Callable[[int], Any]) -> Any:
    """What is understood of photos with one label made by `values`."""
    for index in range(6):
        save(root / f"images/{index}.png", scene(index)["photo"])
        save(root / f"label/{index}.png", values(index))
    (label,) = understand(root).labels
    return label.guess


def test_normals_that_point_away_or_up_are_turned(tmp_path: Path) -> None:
    away = labelled(tmp_path, lambda i: (255 - scene(i)["normals"]).astype(np.uint8))
    assert away.kind == "normals" and away.keys == {"flip": "[y, z]"}


def test_two_values_are_a_mask_and_a_third_of_255_is_ignored(tmp_path: Path) -> None:
    def trimap(index: int) -> Any:
        mask = (scene(index)["parts"] == 2).astype(np.uint8)
        mask[:2] = 255
        return mask

    assert labelled(tmp_path / "a", trimap).keys == {"ignore": "255"}
    one_two = labelled(tmp_path / "b", lambda i: (scene(i)["parts"] == 2).astype(np.uint8) + 1)
    assert (one_two.kind, one_two.keys) == ("saliency", {"above": "1"})


def test_class_ids_are_all_found_and_255_means_nothing(tmp_path: Path) -> None:
    def rare(index: int) -> Any:
        ids = scene(index)["parts"] * 3
        ids[0, 0], ids[1] = (40 if index == 4 else 0), 255
        return ids

    found = labelled(tmp_path, rare)
    assert (
        found.kind == "semseg"
        and found.keys["classes"] == "{class_0: 0, class_3: 3, class_6: 6, class_40: 40}"
    )


def test_colours_for_classes_are_left_out_with_their_reason(tmp_path: Path) -> None:
    folders(tmp_path)
    table = np.array([[0, 0, 0], [255, 0, 0], [0, 255, 90]], np.uint8)
    for index in range(COUNT):
        save(tmp_path / f"colours/{index:03d}.png", table[scene(index)["parts"]])
    assert ("colours/{id}.png", "3 colours stand for classes: save their ids in one channel instead") in (
        understand(tmp_path).passed
    )
