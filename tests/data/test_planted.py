"""`mtlc data check` names every planted mistake, and training on the same folder stops or skips."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from planted import DAMAGED, PLANTED, copied, drawn

import mtlc
from mtlc.cli import group
from mtlc.training.errors import RunError


@pytest.fixture(scope="module", params=["drawn", "ccp"])
def spec(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "drawn":
        return drawn(root / "data")
    ccp = os.environ.get("CCP_ROOT")
    if not ccp or not Path(ccp).is_dir():
        pytest.skip("CCP_ROOT does not name the Clothing Co-Parsing photos")
    return copied(Path(ccp), root / "data")


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(group, ["data", *map(str, args)])


def test_every_planted_mistake_is_named_with_its_file_and_a_way_out(spec: Path, tmp_path: Path) -> None:
    done = run("check", spec, "-o", tmp_path, "--format", "json")
    assert done.exit_code == 4
    found = json.loads(done.stdout)["findings"]
    for file, (level, what, words) in PLANTED.items():
        (each,) = [f for f in found if f["file"] == file]
        assert (each["level"], each["what"]) == (level, what) and words in each["message"]
        assert each["hint"] or level == "note"
    others = {each["file"] for each in found} - set(PLANTED)
    assert others <= {"parts"}  # a class that no photo shows


def test_the_text_says_the_same_by_file(spec: Path) -> None:
    done = run("check", spec, "--no-pictures")
    lines = done.stdout.splitlines()
    for file, (level, _, words) in PLANTED.items():
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{file} ("))
        assert lines[at + 1].startswith(f"  {level}: ") and words in lines[at + 1]
    assert "train: 30 images" in lines and lines[-1].startswith("7 errors")
    assert any("80 % labelled (24 of 30)" in line for line in lines)


def test_one_picture_a_task_is_drawn(spec: Path, tmp_path: Path) -> None:
    done = run("check", spec, "-o", tmp_path, "--format", "json")
    assert json.loads(done.stdout)["pictures"] == [str(tmp_path / "parts.png")]
    with Image.open(tmp_path / "parts.png") as picture:
        assert picture.width > 600 and len(picture.convert("RGB").getcolors(1 << 24) or ()) > 1000


def test_training_stops_at_the_first_and_tells_its_file(spec: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        mtlc.train(mtlc.build(mtlc.load(spec)), out=tmp_path, device="cpu")
    assert caught.value.exit_code == 4
    assert any(f"{id}." in caught.value.message for id in DAMAGED)


def test_training_skips_them_all_and_names_each_at_the_end(spec: Path, tmp_path: Path) -> None:
    skipping = mtlc.load(spec, {"train.on_bad_sample": "skip"})
    result = mtlc.train(mtlc.build(skipping), out=tmp_path, device="cpu")
    assert set(result.skipped) == {f"train/{id}" for id in DAMAGED}
    assert result.step == 12 and result.test is not None and not result.test.skipped
    recorded = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    named = [id for line in recorded for id in line.get("skipped", ())]
    assert set(named) == DAMAGED and len(named) == result.left_out
