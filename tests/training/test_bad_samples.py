"""What training does with samples that cannot be read: stop, or leave them out, count and name them."""

from __future__ import annotations

import io
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from interrupted import DATA, TEXT
from toy import SPEC, ToyPart, toy

from mtlc.parts.part import Size
from mtlc.training.errors import RunError
from mtlc.training.lines import JsonLines, Lines
from mtlc.training.loop import train
from mtlc.training.report import Done, Report, Silent
from mtlc.training.scores import Result

BAD = ToyPart(damaged=(2, 5))


def run(
    out: Path, data: ToyPart, report: Report | None = None, resume: bool = False, **keys: object
) -> Result:
    overrides = {"train__on_bad_sample": "skip", **keys}
    return train(toy(data, SPEC, **overrides), out, device="cpu", report=report, resume=resume)


def recorded(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_by_default_a_damaged_sample_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"the image of `train-[25]` is damaged") as caught:
        run(tmp_path, BAD, train__on_bad_sample="stop")
    assert caught.value.exit_code == 4


def test_skipped_samples_are_counted_and_named(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    result = run(tmp_path, BAD, Lines(out, err))  # 6 steps of 4 are three epochs of 8
    assert result.left_out == 6 and set(result.skipped) == {"train/train-2", "train/train-5"}
    assert out.getvalue().splitlines()[0] == "left out 2 damaged samples (6 times in training):"
    assert "  train/train-2: the image of `train-2` is damaged" in out.getvalue()
    assert err.getvalue().count("left out: the image of `train-2` is damaged") == 1
    listed = [id for line in recorded(tmp_path) for id in line.get("skipped", ())]
    assert sorted(listed) == ["train-2"] * 3 + ["train-5"] * 3


def test_json_lines_end_with_the_skipped_samples(tmp_path: Path) -> None:
    out = io.StringIO()
    run(tmp_path, BAD, JsonLines(out))
    end = json.loads(out.getvalue().splitlines()[-1])
    assert end["left_out"] == 6
    assert end["skipped"]["train/train-5"] == "the image of `train-5` is damaged"


def test_a_step_of_damaged_samples_alone_changes_nothing_and_says_so(tmp_path: Path) -> None:
    err = io.StringIO()
    data = ToyPart(size=Size(64, 64), images=2, damaged=(1,))
    ends = []
    for seed in range(20):  # until the first of the two is the damaged one
        model = toy(data, SPEC, train__on_bad_sample="skip", train__batch=1, train__steps=1, train__seed=seed)
        before = {name: each.clone() for name, each in model.train.state_dict().items()}
        result = train(model, tmp_path / str(seed), device="cpu", report=Lines(io.StringIO(), err))
        same = all(torch.equal(before[name], each) for name, each in model.train.state_dict().items())
        assert same == bool(result.left_out) == bool(result.empty)
        ends.append(same)
        if set(ends) == {True, False}:
            break
    assert set(ends) == {True, False}
    assert "the batch of step 1 has no sample that could be read: such steps change nothing" in err.getvalue()


def test_where_every_training_sample_is_damaged_the_run_ends(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="none of the 3 training samples can be read") as caught:
        run(tmp_path, ToyPart(images=3, damaged=(0, 1, 2)))
    assert "mtlc data check" in str(caught.value.hint)


def test_evaluations_leave_them_out_too(tmp_path: Path) -> None:
    result = run(tmp_path, replace(BAD, val=4, test=6))
    assert result.test is not None and result.validation is not None
    assert set(result.test.skipped) == {"test-2", "test-5"} and set(result.validation.skipped) == {"val-2"}
    assert result.test.counted["depth"]["images"] == 4
    assert {"val/val-2", "test/test-5"} <= set(result.skipped)


class Interrupted(Silent):
    """Asks the run to end at some steps, each once."""

    def __init__(self, *steps: int) -> None:
        self.steps = list(steps)

    def step(self, done: Done) -> None:
        if self.steps and done.step == self.steps[0]:
            self.steps.pop(0)
            os.kill(os.getpid(), signal.SIGINT)


def test_a_resumed_run_that_skips_is_bit_for_bit_the_uninterrupted_one(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    data = replace(DATA, damaged=(1, 4))
    keys = {"train__on_bad_sample": "skip", "train__steps": 14, "train__save": 5, "eval__every": 6}

    def go(out: Path, report: Report | None = None, resume: bool = False, **more: object) -> Result:
        return train(toy(data, TEXT, **keys, **more), out, device="cpu", report=report, resume=resume)

    whole = go(tmp_path / "whole")
    report = Interrupted(3, 9)
    for resume in (False, True, True):
        last = go(tmp_path / "cut", report, resume)
    torch.set_num_threads(threads)
    assert (last.left_out, last.skipped) == (whole.left_out, whole.skipped) and whole.left_out
    for name in ("metrics.jsonl", "test.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    ours, theirs = (sorted((tmp_path / each).rglob("model.safetensors")) for each in ("cut", "whole"))
    assert [each.read_bytes() for each in ours] == [each.read_bytes() for each in theirs]
