"""What looking at a whole folder finds beyond single damaged files, and what `mtlc data` prints and draws of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mtlc.cli import group
from mtlc.data.batch import Target
from mtlc.data.inspect import Inspection, inspect
from mtlc.data.inspect.findings import Finding
from mtlc.parts import data as parts

MakeFolder = Callable[..., parts.Folder]
HEAD = """
images: photos/{id}.png
splits: {train: [a, b], test: [c]}
labels:
"""
PARTS = "  parts: {kind: semseg, files: 'l/{id}.png', classes: [ground, sky]}\n"
DEPTH = "  depth: {files: 'd/{id}.png', scale: 1}\n"
NAMES = {"parts": ("ground", "sky"), "depth": (), "tags": ("red", "old")}


def photo(seed: int) -> Any:
    return np.random.default_rng(seed).integers(0, 255, (16, 16, 3), np.uint8)


def photos(**more: Any) -> dict[str, Any]:
    return {f"photos/{id}.png": photo(seed) for seed, id in enumerate("abc")} | more


def looked(part: parts.Folder, **kinds: str) -> Inspection:
    targets = [Target(name, name, kind, len(NAMES[name])) for name, kind in kinds.items()]
    return inspect(part, targets, NAMES)


def only(found: Inspection, what: str) -> Finding:
    (each,) = [each for each in found.findings if each.what == what]
    return each


IDS = {f"l/{id}.png": np.eye(16, dtype=np.uint8) for id in "abc"}


def test_a_sound_folder_has_no_findings_and_exact_counts(make_folder: MakeFolder) -> None:
    found = looked(make_folder(HEAD + PARTS, photos(**IDS)), parts="semseg")
    assert found.findings == [] and not found.failed
    tally = found.tallies["train"]["parts"]
    assert (tally.images, tally.labelled, tally.known, tally.of) == (2, 2, 512, 512)
    assert tally.amounts == [480, 32] and tally.holders == [2, 2]
    assert found.shown == {"parts": [("train", 0), ("train", 1), ("test", 0)]}


def test_the_same_pixels_in_two_splits_are_an_error_and_in_one_a_note(make_folder: MakeFolder) -> None:
    twins = {"photos/b.png": photo(0), "photos/c.png": photo(0)}
    found = looked(make_folder(HEAD + PARTS, photos(**IDS, **twins)), parts="semseg")
    across, within = (each for each in found.findings if each.what == "same-image")
    assert (across.level, across.file, across.ids) == ("error", "photos/c.png", ("c", "a"))
    assert "`photos/a.png` (split `train`)" in across.message and across.hint
    assert (within.level, within.file) == ("note", "photos/b.png")


def test_a_label_without_any_file_is_an_error_with_where_it_was_looked_for(make_folder: MakeFolder) -> None:
    error = only(looked(make_folder(HEAD + PARTS, photos()), parts="semseg"), "no-label")
    assert error.level == "error" and "l/a.png" in error.message and error.hint


def test_a_missing_image_and_its_label_are_both_looked_at(make_folder: MakeFolder) -> None:
    files = photos(**IDS)
    del files["photos/b.png"]
    found = looked(
        make_folder(HEAD + PARTS, files | {"l/b.png": np.full((16, 16), 9, np.uint8)}), parts="semseg"
    )
    assert only(found, "missing-image").file == "photos/b.png"
    assert only(found, "values").file == "l/b.png"


def test_files_of_other_bits_than_most_are_doubtful(make_folder: MakeFolder) -> None:
    odd = IDS | {"l/b.png": np.eye(16, dtype=np.uint16)}
    warning = only(looked(make_folder(HEAD + PARTS, photos(**odd)), parts="semseg"), "bits")
    assert (warning.level, warning.file) == ("warning", "l/b.png")
    assert "has 16 bits a value, most of its files have 8" in warning.message


def test_many_grey_images_are_one_note(make_folder: MakeFolder) -> None:
    grey = {f"photos/{index:02d}.png": np.full((16, 16), index, np.uint8) for index in range(10)}
    labels = {f"l/{index:02d}.png": np.eye(16, dtype=np.uint8) for index in range(10)}
    manifest = (HEAD + PARTS).replace("{train: [a, b], test: [c]}", "{train: 00-09}")
    note = only(looked(make_folder(manifest, grey | labels), parts="semseg"), "grey")
    assert note.message.startswith("10 of 10 images are grey") and len(note.ids) == 10


def test_a_wrong_root_does_not_flood_the_terminal(make_folder: MakeFolder, tmp_path: Path) -> None:
    make_folder((HEAD + PARTS).replace("{train: [a, b], test: [c]}", "{train: 00-99}"), {"x": ""})
    (tmp_path / "s.mtl").write_text(SPEC)
    told, everything = (
        CliRunner().invoke(group, ["data", "check", str(tmp_path / "s.mtl"), "--no-pictures", *more]).stdout
        for more in ((), ("-v",))
    )
    assert "and 61 more files; -v and --format json have them all" in told
    assert told.count("is not there") == 39 and everything.count("is not there") == 100


def test_images_that_no_split_has_are_noted(make_folder: MakeFolder) -> None:
    found = looked(make_folder(HEAD + PARTS, photos(**IDS) | {"photos/z.png": photo(9)}), parts="semseg")
    assert only(found, "unused").ids == ("z",)


def test_classes_that_never_occur_and_labels_that_say_nothing_are_doubtful(make_folder: MakeFolder) -> None:
    blank = {
        f"l/{id}.png": np.full((16, 16), value, np.uint8) for id, value in (("a", 0), ("b", 255), ("c", 1))
    }
    found = looked(make_folder(HEAD + PARTS, photos(**blank)), parts="semseg")
    assert "no training image shows `sky`" in only(found, "never").message
    assert only(found, "empty-label").ids == ("b",)


def test_depths_that_cannot_be_metres_are_doubtful(make_folder: MakeFolder) -> None:
    depth = {f"d/{id}.png": np.full((16, 16), 2500, np.uint16) for id in "abc"}
    doubts = looked(make_folder(HEAD + DEPTH, photos(**depth)), depth="depth").findings
    assert {each.what for each in doubts} == {"range"} and "0.001 for millimetres" in str(doubts[0].hint)


def test_a_broken_table_is_told_and_the_other_labels_are_still_looked_at(make_folder: MakeFolder) -> None:
    table = "  tags: {file: t.csv, classes: [red, old]}\n"
    files = photos(**IDS) | {"t.csv": "id,red\na,1\n", "l/a.png": np.full((16, 16), 9, np.uint8)}
    found = looked(make_folder(HEAD + PARTS + table, files), parts="semseg")
    tables = [each for each in found.findings if each.what == "table"]
    assert {each.split for each in tables} == {"train", "test"} and "no column `old`" in tables[0].message
    assert only(found, "values").file == "l/a.png"


def test_one_id_may_be_in_two_splits_where_each_has_its_folder(make_folder: MakeFolder) -> None:
    manifest = """
images: "{split}/{id}.png"
splits: {train: {glob: "*"}, val: {glob: "*", folder: held}}
labels:
  parts: {kind: semseg, files: "{split}/l/{id}.png", classes: [ground, sky]}
"""
    files = {f"{split}/a.png": photo(len(split)) for split in ("train", "held")}
    labels = {f"{split}/l/a.png": np.eye(16, dtype=np.uint8) for split in ("train", "held")}
    found = looked(make_folder(manifest, files | labels), parts="semseg")
    assert found.findings == [] and found.images == {"train": 1, "val": 1}


# --- the commands

SPEC = """
data folder { root = "root", manifest = "m.yaml", size = 16x16 }
shared encoder : tiny
task parts : semseg
"""


@pytest.fixture
def spec(make_folder: MakeFolder, tmp_path: Path) -> Path:
    make_folder(HEAD + PARTS, photos(**IDS))
    (tmp_path / "s.mtl").write_text(SPEC)
    return tmp_path / "s.mtl"


def test_a_sound_folder_exits_with_0_and_draws_beside_the_runs(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(group, ["data", "check", "s.mtl"])
    assert done.exit_code == 0 and "nothing is wrong with the data" in done.stdout
    assert (tmp_path / "runs" / "s-data" / "parts.png").exists()


def test_warnings_fail_with_strict_alone(spec: Path, tmp_path: Path) -> None:
    for id in "abc":
        Image.fromarray(np.zeros((16, 16), np.uint8)).save(tmp_path / f"root/l/{id}.png")
    codes = [
        CliRunner().invoke(group, ["data", "check", str(spec), "--no-pictures", *more]).exit_code
        for more in ((), ("--strict",))
    ]
    assert codes == [0, 4]


def test_data_that_is_not_there_is_the_environments_fault(spec: Path, tmp_path: Path) -> None:
    from mtlc.training.errors import RunError

    spec.write_text(SPEC.replace('"root"', '"nowhere"'))
    done = CliRunner().invoke(group, ["data", "check", str(spec)])
    assert isinstance(done.exception, RunError) and done.exception.exit_code == 3


def test_show_draws_photos_with_their_labels(spec: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    done = CliRunner().invoke(group, ["data", "show", str(spec), "-o", str(sheet), "--count", "2"])
    assert done.exit_code == 0
    with Image.open(sheet) as picture:
        assert picture.width > 500 and picture.height > 600
    assert CliRunner().invoke(group, ["data", "show", str(spec), "-o", "x.gif"]).exit_code == 2
    assert (
        CliRunner().invoke(group, ["data", "show", str(spec), "-o", str(sheet), "--split", "val"]).exit_code
        == 2
    )


def test_json_has_every_count(spec: Path) -> None:
    done = CliRunner().invoke(group, ["data", "check", str(spec), "--no-pictures", "--format", "json"])
    task = json.loads(done.stdout)["splits"]["train"]["tasks"]["parts"]
    assert task["classes"] == {"ground": {"amount": 480, "images": 2}, "sky": {"amount": 32, "images": 2}}
