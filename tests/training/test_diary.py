"""The log of a run: each process that worked on it, when, where, and how it ended."""

from __future__ import annotations

import json

import pytest
from toy import ToyPart, toy

from mtlc.training.errors import RunError
from mtlc.training.loop import rehearse, train


def log(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_run_and_its_resumption_write_when_and_where_they_began_and_ended(tmp_path):
    train(toy(ToyPart(test=1)), tmp_path, device="cpu")
    train(toy(ToyPart(test=1), train__steps=8), tmp_path, device="cpu", resume=True)
    lines = [line for line in log(tmp_path) if line["event"] != "note"]
    assert [(line["event"], line["step"]) for line in lines] == [
        ("start", 0),
        ("end", 6),
        ("start", 6),
        ("end", 8),
    ]
    assert lines[0]["device"].startswith("cpu (") and lines[0]["tasks"] == ["semseg", "depth"]
    assert lines[0]["versions"].keys() == {"mtlc", "torch", "python"}
    assert lines[0]["time"] <= lines[1]["time"] <= lines[2]["time"]


def test_notes_are_kept(tmp_path):
    train(toy(), tmp_path, device="cpu")
    notes = [line["text"] for line in log(tmp_path) if line["event"] == "note"]
    assert any("no validation split" in note for note in notes)


def test_a_run_that_fails_says_after_which_step_and_why(tmp_path):
    with pytest.raises(RunError):
        train(toy(ToyPart(poison=3)), tmp_path, device="cpu")
    last = log(tmp_path)[-1]
    assert last["event"] == "failed" and last["step"] < 6 and "not finite" in last["message"]


def test_a_refused_run_writes_nothing_into_the_folder_of_another(tmp_path):
    train(toy(), tmp_path, device="cpu")
    before = log(tmp_path)
    with pytest.raises(RunError, match="holds a run already"):
        train(toy(), tmp_path, device="cpu")
    assert log(tmp_path) == before


def test_a_rehearsal_takes_one_step_evaluates_nothing_and_leaves_nothing(tmp_path, monkeypatch):
    steps = []

    class Heard:
        def __getattr__(self, name):
            return lambda *said: steps.append((name, *said))

    monkeypatch.chdir(tmp_path)
    rehearse(toy(ToyPart(val=2, test=2), eval__every=1), device="cpu", report=Heard())
    assert [each[0] for each in steps if each[0] != "note"] == ["start", "step", "close"]
    assert not list(tmp_path.iterdir())
