"""`mtlc data` on several data sets: each is looked at on its own, under its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mtlc.cli import group

SPEC = """
data photos : folder { root = "root", manifest = "m.yaml", size = 16x16 }
data scenes : rooms { size = 16x16, images = 3, val = 2, test = 0 }
shared encoder : tiny
task parts : semseg { label = masks }
task depth
"""
MANIFEST = """
images: photos/{id}.png
splits: {train: [a, b], test: [c]}
labels:
  masks: {kind: semseg, files: 'l/{id}.png', classes: [ground, sky]}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for seed, id in enumerate("abc"):
        for folder, content in (
            ("photos", np.random.default_rng(seed).integers(0, 255, (16, 16, 3), np.uint8)),
            ("l", np.eye(16, dtype=np.uint8)),
        ):
            path = tmp_path / "root" / folder / f"{id}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(content).save(path)
    (tmp_path / "m.yaml").write_text(MANIFEST)
    (tmp_path / "two.mtl").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(group, ["data", *args])


def test_findings_and_counts_stand_under_the_name_of_their_data_set(run, tmp_path: Path) -> None:
    (tmp_path / "root" / "l" / "b.png").write_bytes(b"no image")
    done = run("check", "two.mtl", "--no-pictures")
    assert done.exit_code == 4
    photos, scenes = done.stdout.split("data set scenes\n")
    assert photos.startswith("data set photos\n") and "l/b.png (train)" in photos
    assert "train: 2 images\n  parts  semseg, 50 % labelled (1 of 2)" in photos and "depth" not in photos
    assert "train: 3 images\n  depth  depth, 100 % labelled (3 of 3)" in scenes and "parts" not in scenes
    assert scenes.endswith("nothing is wrong with the data\n")


def test_a_program_gets_each_data_set_by_its_name(run) -> None:
    done = run("check", "two.mtl", "-o", "looks", "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)["data"]
    assert found["photos"]["splits"]["train"]["tasks"]["parts"]["labelled"] == 2
    assert list(found["scenes"]["splits"]) == ["train", "val"] and found["scenes"]["findings"] == []
    assert found["photos"]["pictures"] == [str(Path("looks/photos/parts.png"))]
    assert all(Path(path).exists() for each in found.values() for path in each["pictures"])


def test_show_draws_samples_of_each_data_set_that_has_the_split(run) -> None:
    heights = {}
    for split in ("train", "val", "test"):
        assert run("show", "two.mtl", "-o", f"{split}.png", "--split", split, "--count", "2").exit_code == 0
        heights[split] = Image.open(f"{split}.png").height
    one = run("show", "two.mtl", "-o", "one.png", "--split", "val", "--count", "1")
    assert one.exit_code == 0
    assert heights["train"] > 1.8 * Image.open("one.png").height  # one of each
    assert heights["val"] > 1.8 * Image.open("one.png").height  # two of the only one


def test_an_image_that_one_trains_on_and_another_tests_with_is_an_error(run, tmp_path: Path) -> None:
    """`a` is a training image of photos; `z`, the same pixels, a test image of more. `b` in both trainings is none."""
    for old, new in (("a", "z"), ("b", "y")):
        for folder in ("photos", "l"):
            (tmp_path / "root" / folder / f"{new}.png").write_bytes(
                (tmp_path / "root" / folder / f"{old}.png").read_bytes()
            )
    (tmp_path / "n.yaml").write_text(MANIFEST.replace("[a, b], test: [c]", "[y], test: [z]"))
    more = 'data more : folder { root = "root", manifest = "n.yaml", size = 16x16 }'
    (tmp_path / "two.mtl").write_text(SPEC + more)
    done = run("check", "two.mtl", "--no-pictures", "--format", "json")
    assert done.exit_code == 4
    found = json.loads(done.stdout)["data"]
    assert [each for each in found["photos"]["findings"] if each["level"] == "error"] == []
    (only,) = [each for each in found["more"]["findings"] if each["level"] == "error"]
    assert (only["what"], only["file"], only["split"]) == ("same-image", "photos/z.png", "test")
    assert "`photos/a.png` of data set `photos` (split `train`)" in only["message"]
