"""A run that was stopped, in whatever way, ends bit for bit as one that was not (on a CPU)."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from interrupted import built
from interrupted import run as run_here

from mtlc.training.checkpoint import STATE
from mtlc.training.errors import USAGE, RunError
from mtlc.training.loop import train
from mtlc.training.report import Silent
from mtlc.training.run_folder import RunFolder

KEPT = ("metrics.jsonl", "test.json", "spec.mtl")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupts."""
    out = tmp_path_factory.mktemp("whole")
    threads = torch.get_num_threads()
    run_here(out, at=-1)
    torch.set_num_threads(threads)
    return out


def assert_equal(out: Path, whole: Path) -> None:
    for name in KEPT:
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    ours, theirs = RunFolder(out).checkpoints, RunFolder(whole).checkpoints
    assert ours.index() == theirs.index()
    for step in {ours.index().last, ours.index().best}:
        assert (ours.folder / step / "model.safetensors").read_bytes() == (
            theirs.folder / step / "model.safetensors"
        ).read_bytes()


def process(out: Path, at: int) -> int:
    """The exit status of a process that trains and, at a step, is killed."""
    script = Path(__file__).with_name("interrupted.py")
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, str(script), str(out), str(at)],
        env=os.environ | {"PYTHONPATH": root},
        timeout=120,
        check=False,
    )
    return done.returncode


def test_killed_at_random_steps_and_resumed_a_run_ends_bit_for_bit_equal(tmp_path, whole):
    steps = sorted(random.Random(2).sample(range(1, 24), 3))
    for step in steps:
        assert process(tmp_path, step) == -signal.SIGKILL
    assert process(tmp_path, -1) == 0
    assert_equal(tmp_path, whole)


class Interrupted(Silent):
    """Asks the run to end at some steps, each once."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def step(self, done):
        if self.steps and done.step == self.steps[0]:
            self.steps.pop(0)
            os.kill(os.getpid(), signal.SIGINT)


class Notes(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def trained(out: Path, report=None, resume=False, **overrides):
    return train(built(**overrides), out, device="cpu", resume=resume, report=report or Silent())


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_interrupted_by_ctrl_c_and_resumed_a_run_ends_bit_for_bit_equal(tmp_path, whole):
    # Steps 12, 18 and 24 are validated: the request comes before that, and leaves it to the next process.
    report = Interrupted(5, 12, 18, 24)
    results = [trained(tmp_path, report, resume=i > 0) for i in range(5)]
    assert [result.step for result in results] == [5, 12, 18, 24, 24]
    assert [result.interrupted for result in results] == [True] * 4 + [False]
    assert_equal(tmp_path, whole)


@pytest.mark.usefixtures("one_thread")
def test_resuming_a_run_that_is_done_repeats_its_test_alone(tmp_path):
    first = trained(tmp_path, train__steps=12)
    before = (tmp_path / "metrics.jsonl").read_bytes()
    told = Notes()
    again = trained(tmp_path, resume=True, train__steps=12, report=told)
    assert again.test == first.test
    assert any(each.startswith("all 12 steps are done: nothing is left") for each in told.notes)
    assert (tmp_path / "metrics.jsonl").read_bytes() == before


@pytest.mark.usefixtures("one_thread")
def test_a_done_run_can_be_made_longer(tmp_path):
    trained(tmp_path, train__steps=6)
    assert trained(tmp_path, resume=True, train__steps=8, train__save=3).step == 8
    assert re.search(r"^  steps += 8$", (tmp_path / "spec.mtl").read_text(), re.MULTILINE)


def test_another_spec_is_refused_with_what_differs(tmp_path):
    trained(tmp_path, train__steps=2)
    with pytest.raises(RunError, match=r"has another spec: `train.seed` was `0` and is now `1`"):
        trained(tmp_path, resume=True, train__steps=2, train__seed=1)


def test_a_run_beyond_the_steps_that_are_asked_for_is_refused(tmp_path):
    trained(tmp_path, train__steps=3)
    with pytest.raises(RunError, match="already at step 3, beyond 2") as caught:
        trained(tmp_path, resume=True, train__steps=2)
    assert caught.value.exit_code == USAGE


def test_resuming_where_there_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="holds no run") as caught:
        trained(tmp_path / "nowhere", resume=True)
    assert caught.value.exit_code == USAGE


def test_resuming_from_a_damaged_checkpoint_names_the_file_and_changes_nothing(tmp_path):
    trained(tmp_path, train__steps=2)
    state = RunFolder(tmp_path).last() / STATE
    state.write_bytes(state.read_bytes()[:1000])
    before = (tmp_path / "metrics.jsonl").read_bytes()
    with pytest.raises(RunError, match=r"state\.pt`: it is not a whole checkpoint"):
        trained(tmp_path, resume=True, train__steps=2)
    assert (tmp_path / "metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.clear(),
        lambda state: state.pop("metrics_size"),
        lambda state: state.update(position={"step": 2}),
        lambda state: state["position"].update(moon=1),
        lambda state: state.update(optimizer={}),
        lambda state: state["optimizer"]["param_groups"].append({}),
        lambda state: state.update(random=3),
    ],
)
def test_the_state_of_something_else_is_refused_in_words(tmp_path, change):
    trained(tmp_path, train__steps=2)
    path = RunFolder(tmp_path).last() / STATE
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    with pytest.raises(RunError, match="the checkpoint's state") as caught:
        trained(tmp_path, resume=True, train__steps=3)
    assert "start the run anew" in (caught.value.hint or "")


def test_a_resumed_run_says_that_lines_of_its_numbers_are_lost(tmp_path):
    trained(tmp_path, train__steps=2)
    path, told = tmp_path / "metrics.jsonl", Notes()
    first = path.read_bytes().index(b"\n") + 1
    path.write_bytes(path.read_bytes()[: first + 20])
    trained(tmp_path, resume=True, train__steps=3, report=told)
    assert any("has lost lines" in each for each in told.notes)
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()][:2] == [1, 3]
