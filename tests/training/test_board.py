"""TensorBoard's event files: the numbers of the record, each once, also after a resumption."""

from __future__ import annotations

import json
import sys

import pytest
from toy import ToyPart, toy

from mtlc.training import board
from mtlc.training.board import scalars
from mtlc.training.errors import ENVIRONMENT, RunError
from mtlc.training.loop import train

needs_tensorboard = pytest.mark.skipif(
    board.importlib.util.find_spec("tensorboard") is None, reason="the package tensorboard is not installed"
)


def points(folder):
    """Every scalar as it stands in the event files, without TensorBoard's own tidying up."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    files = sorted((folder / "tensorboard").iterdir())
    events = [event for file in files for event in EventFileLoader(str(file)).Load()]
    return [(v.tag, e.step, v.tensor.float_val[0]) for e in events for v in e.summary.value]


def record(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [(name, line["step"], pytest.approx(value)) for line in lines for name, value in scalars(line)]


@needs_tensorboard
def test_event_files_hold_the_numbers_of_the_record(tmp_path):
    train(toy(ToyPart(val=2, test=2)), tmp_path, device="cpu", tensorboard=True)
    found = points(tmp_path)
    assert found == record(tmp_path)
    names = {name for name, _, _ in found}
    assert {"lr", "loss/depth", "weight/semseg", "val/loss", "val/depth/rmse", "test/semseg/miou"} <= names


@needs_tensorboard
def test_a_resumed_run_goes_on_without_a_point_twice_or_missing(tmp_path):
    data = ToyPart(val=2)
    train(toy(data), tmp_path, device="cpu", tensorboard=True)
    train(toy(data, train__steps=8), tmp_path, device="cpu", resume=True)  # it is not asked for again
    assert [step for name, step, _ in points(tmp_path) if name == "lr"] == [*range(1, 9)]
    assert points(tmp_path) == record(tmp_path)


@needs_tensorboard
def test_a_run_may_get_its_event_files_later(tmp_path):
    train(toy(), tmp_path, device="cpu")
    assert not (tmp_path / "tensorboard").exists()
    train(toy(train__steps=8), tmp_path, device="cpu", resume=True, tensorboard=True)
    assert points(tmp_path) == record(tmp_path)


def test_what_is_no_number_is_left_out():
    line = {
        "kind": "train",
        "step": 1,
        "lr": 0.1,
        "losses": {"a": None},
        "weights": {"a": 1.0},
        "auxiliary": 0.0,
    }
    assert [*scalars(line)] == [("lr", 0.1), ("weight/a", 1.0)]


def test_without_the_package_nothing_begins_and_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(board.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(RunError, match="tensorboard") as caught:
        train(toy(), tmp_path / "run", device="cpu", tensorboard=True)
    assert caught.value.exit_code == ENVIRONMENT and "mtlc[tensorboard]" in caught.value.hint
    assert not (tmp_path / "run").exists()


@needs_tensorboard
def test_a_folder_that_cannot_be_written_or_a_record_that_cannot_be_read_is_one_error(tmp_path):
    lines = tmp_path / "metrics.jsonl"
    lines.write_text('{"kind": "tr\n')
    with pytest.raises(RunError, match="lines that are no JSON"):
        board.Board(tmp_path / "tensorboard", lines)
    lines.write_text("")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        board.Board(tmp_path / "file" / "tensorboard", lines)
