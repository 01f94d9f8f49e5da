"""Whole runs on toy data: what they write, what they say, and how they end."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
from dataclasses import replace

import pytest
import torch
from toy import SPEC, ToyPart, toy

from mtlc.data.errors import DataError
from mtlc.data.open import open_data
from mtlc.training import atomic, evaluations, own_parts
from mtlc.training.checkpoint import read_weights
from mtlc.training.errors import ENVIRONMENT, FAILED, USAGE, RunError
from mtlc.training.failures import clear_data_errors, clear_model_errors
from mtlc.training.lines import Lines
from mtlc.training.loop import train
from mtlc.training.report import Silent
from mtlc.training.run_folder import RunFolder
from mtlc.training.samples import write_samples


class Heard(Silent):
    """Keeps what a run tells."""

    def __init__(self, on_step=lambda done: None):
        self.steps, self.notes, self.evaluations, self.on_step = [], [], [], on_step

    def step(self, done):
        self.steps.append(done)
        self.on_step(done)

    def note(self, text):
        self.notes.append(text)

    def scores(self, step, scores, best):
        self.evaluations.append((step, best))


def run(model, out, report=None, **keys):
    return train(model, out, device="cpu", report=report or Silent(), **keys)


def lines(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_a_tiny_batch_is_learned_by_heart(tmp_path):
    model = toy(
        ToyPart(images=2, test=2), train__batch=2, train__steps=60, train__optimizer="adamw(lr = 1e-2)"
    )
    run(model, tmp_path)
    losses = [line["losses"] for line in lines(tmp_path) if line["kind"] == "train"]
    assert losses[-1]["semseg"] < 0.3 * losses[0]["semseg"]
    assert losses[-1]["depth"] < 0.2 * losses[0]["depth"]


def test_a_run_leaves_its_spec_plan_numbers_checkpoint_scores_and_sheets(tmp_path):
    result = run(toy(ToyPart(test=3)), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "checkpoints", "log.jsonl", "metrics.jsonl", "plan.txt", "samples", "spec.mtl", "test.json"
    }  # fmt: skip
    assert (tmp_path / "spec.mtl").read_text().startswith("mtl 1\n")
    assert len(list((tmp_path / "samples").glob("*.png"))) == 3
    scores = json.loads((tmp_path / "test.json").read_text())
    assert scores["metrics"]["semseg"]["miou"] == result.test.metrics["semseg"]["miou"]
    assert [line["kind"] for line in lines(tmp_path)] == ["train"] * 6 + ["test"]
    assert (result.step, result.steps, result.interrupted) == (6, 6, False)


def test_without_a_validation_split_the_last_is_kept_and_the_run_says_so_once(tmp_path):
    heard = Heard()
    result = run(toy(ToyPart(test=1)), tmp_path, heard)
    assert heard.notes == ["the data has no validation split: only the last checkpoint is kept"]
    assert result.best is None and result.kept == "last"
    assert RunFolder(tmp_path).checkpoints.index().best is None


def test_without_a_test_split_nothing_is_scored_at_the_end(tmp_path):
    heard = Heard()
    result = run(toy(ToyPart(val=1)), tmp_path, heard)
    assert result.test is None and result.validation.split == "val"
    assert heard.notes == ["the data has no test split: nothing is tested at the end"]


def test_the_best_weights_are_kept_and_tested(tmp_path):
    model = toy(ToyPart(val=4, test=4))

    def spoil(done):
        if done.step == 5:
            with torch.no_grad():
                model.module("depth_head").get_parameter("predict.bias").sub_(2)

    heard = Heard(spoil)
    result = run(model, tmp_path, heard)
    assert heard.evaluations[-1] == (6, False)
    best = [step for step, best in heard.evaluations if best][-1]
    assert result.best.step == best < 6
    index = RunFolder(tmp_path).checkpoints.index()
    assert (index.best, index.last) == (f"step-{best:06d}", "step-000006")
    kept = read_weights(RunFolder(tmp_path).kept())
    assert all(torch.equal(kept[name], each) for name, each in model.state_dict().items())


@pytest.mark.parametrize(("best", "higher"), [("loss", False), ("semseg", True), ("depth", False)])
def test_best_is_by_the_loss_or_by_a_tasks_first_metric_in_its_own_direction(tmp_path, best, higher):
    run(
        toy(ToyPart(val=4), eval__best=best, task__depth__weight=2, train__optimizer="adamw(lr = 0.05)"),
        tmp_path,
    )
    validations = [line for line in lines(tmp_path) if line["kind"] == "val"]
    names = {"semseg": "miou", "depth": "rmse"}
    values = [
        line["scores"]["metrics"][best][names[best]] if best in names else line["scores"]["loss"]
        for line in validations
    ]
    for i, line in enumerate(validations):
        earlier = values[:i]
        assert line["best"] == (
            not earlier or (values[i] > max(earlier) if higher else values[i] < min(earlier))
        )
        losses = line["scores"]["losses"]
        assert line["scores"]["loss"] == pytest.approx(losses["semseg"] + 2 * losses["depth"])


def test_evaluations_come_every_so_many_steps_and_at_the_end(tmp_path):
    heard = Heard()
    run(toy(ToyPart(val=1), eval__every=4), tmp_path, heard)
    assert [step for step, _ in heard.evaluations] == [4, 6]
    heard = Heard()
    run(toy(ToyPart(val=1, images=10)), tmp_path / "epochs", heard)
    assert [step for step, _ in heard.evaluations] == [3, 6]


def test_steps_of_a_batch_without_any_label_are_counted_and_said_once(tmp_path):
    heard = Heard()
    model = toy(ToyPart(images=16, blank=("semseg", "depth")), train__batch=2, train__steps=16)
    result = run(model, tmp_path, heard)
    assert result.empty == 14
    assert sum("no label at all" in note for note in heard.notes) == 1
    assert sum(not line["losses"] for line in lines(tmp_path)) == 14


def test_balancing_sees_each_finished_step_and_epoch(tmp_path):
    heard = Heard()
    run(toy(balance="dwa", train__steps=8), tmp_path, heard)
    weights = [done.weights["semseg"] for done in heard.steps]
    assert weights[:4] == [1] * 4  # two epochs of two steps
    assert weights[4] != 1 and weights[4] == weights[5] != weights[6]


def test_reported_weights_are_the_tasks_times_the_balances(tmp_path):
    heard = Heard()
    run(toy(balance="uncertainty", task__depth__weight=4), tmp_path, heard, steps=1)
    assert heard.steps[0].weights == {"semseg": 0.5, "depth": 2.0}


def test_the_same_spec_gives_the_same_weights_and_another_seed_others(tmp_path):
    for name, seed in [("a", 0), ("b", 0), ("c", 1)]:
        run(toy(train__seed=seed), tmp_path / name)
    a, b, c = (RunFolder(tmp_path / name).kept().read_bytes() for name in "abc")
    assert a == b != c


def test_bf16_trains_from_the_same_spec(tmp_path):
    run(toy(train__precision="bf16"), tmp_path)
    assert all(torch.isfinite(each).all() for each in read_weights(RunFolder(tmp_path).kept()).values())


# --- what goes wrong


def test_a_loss_that_is_not_finite_stops_with_step_task_and_sample_and_keeps_the_last_checkpoint(tmp_path):
    with pytest.raises(
        RunError, match=r"step [12]: the loss of `semseg`, `depth` is not finite, in .*train-3"
    ) as caught:
        run(toy(ToyPart(poison=3), train__save=1), tmp_path)
    assert caught.value.exit_code == FAILED
    kept = read_weights(RunFolder(tmp_path).kept())
    assert all(torch.isfinite(each).all() for each in kept.values())


def test_an_image_that_cannot_be_read_stops_with_its_name(tmp_path):
    with pytest.raises(RunError, match="the image of `train-5` is damaged") as caught:
        run(toy(ToyPart(broken=5)), tmp_path)
    assert (caught.value.exit_code, caught.value.hint) == (FAILED, "replace it")


def test_what_fails_inside_the_model_names_the_line_of_the_spec(tmp_path, capfd):
    model = toy()
    model.module("depth_head").forward = lambda *inputs: torch.zeros(2, 3) @ torch.zeros(2, 3)
    with pytest.raises(RunError, match=r"step 1 failed in `depth_head`, toy.mtl:6: mat1 and mat2"):
        run(model, tmp_path)


def test_a_full_disk_stops_the_run_and_keeps_the_checkpoint_before(tmp_path, monkeypatch):
    real, full = os.fsync, []

    def fsync(descriptor):
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", fsync)
    heard = Heard(on_step=lambda done: full.append(1) if done.step == 3 else None)
    with pytest.raises(RunError, match="no space left") as caught:
        run(toy(), tmp_path, heard)
    assert caught.value.exit_code == FAILED
    full.clear()
    assert RunFolder(tmp_path).checkpoints.index().last == "step-000002"
    assert run(toy(), tmp_path, resume=True).step == 6


def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path):
    run(toy(), tmp_path)
    before = (tmp_path / "metrics.jsonl").read_bytes()
    with pytest.raises(RunError, match="holds a run already") as caught:
        run(toy(), tmp_path)
    assert caught.value.exit_code == USAGE and "--resume" in caught.value.hint
    assert (tmp_path / "metrics.jsonl").read_bytes() == before


def test_a_run_folder_that_cannot_be_made_is_one_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*file/run.*: not a directory") as caught:
        run(toy(), tmp_path / "file" / "run")
    assert caught.value.exit_code == USAGE


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_an_error_of_the_environment(tmp_path):
    with pytest.raises(RunError, match="`cuda` is not there") as caught:
        train(toy(), tmp_path / "run", device="cuda")
    assert caught.value.exit_code == ENVIRONMENT
    with pytest.raises(RunError, match="`tpu` is no device") as caught:
        train(toy(), tmp_path / "run", device="tpu")
    assert caught.value.exit_code == USAGE


def test_ctrl_c_ends_after_the_step_with_a_checkpoint(tmp_path):
    heard = Heard(on_step=lambda done: os.kill(os.getpid(), signal.SIGINT) if done.step == 3 else None)
    before = signal.getsignal(signal.SIGINT)
    result = run(toy(ToyPart(test=1), train__save=100), tmp_path, heard)
    assert (result.interrupted, result.step, result.test) == (True, 3, None)
    assert RunFolder(tmp_path).checkpoints.index().last == "step-000003"
    assert signal.getsignal(signal.SIGINT) == before


def test_a_second_ctrl_c_ends_at_once(tmp_path):
    def twice(done):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(toy(), tmp_path, Heard(on_step=twice))
    assert RunFolder(tmp_path).checkpoints.index().last == "step-000000"


def test_a_run_in_plain_lines_puts_scores_on_stdout_and_all_else_on_stderr(tmp_path):
    out, err = io.StringIO(), io.StringIO()
    train(toy(ToyPart(val=2, test=2)), tmp_path, device="cpu", report=Lines(out, err))
    assert out.getvalue().startswith("test (best weights, of step")
    assert "miou" in out.getvalue() and "rmse" in out.getvalue()
    told = err.getvalue().splitlines()
    assert told[0].startswith("6 steps of 4 images (8 in all) on cpu")
    assert any(line.startswith("step 6/6  ") for line in told)
    assert any(line.startswith("val at step 6:") for line in told)
    assert told[-1] == f"done: 6 steps, everything is in {tmp_path}"
    assert "\x1b" not in err.getvalue()


def test_a_spec_with_auxiliary_losses_trains(tmp_path):
    text = SPEC.replace("linear(dim = 8)", "conv_up(dim = 8, depth = 1)").replace(
        "balance", "links { semseg, depth via trace_back }\nbalance"
    )
    run(toy(text=text), tmp_path)
    assert all(line["auxiliary"] > 0 for line in lines(tmp_path) if line["kind"] == "train")


def test_without_a_test_split_the_sheets_show_validation_images(tmp_path):
    assert run(toy(ToyPart(val=2)), tmp_path).test is None
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["val-0.png", "val-1.png"]


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_split_that_cannot_be_opened_is_told_before_the_first_step(tmp_path, monkeypatch, split):
    def opened(part, name, labels=None):
        if name == split:
            raise DataError(f"split `{split}` is empty", "fill it")
        return open_data(part, name, labels)

    monkeypatch.setattr(evaluations, "open_data", opened)
    with pytest.raises(RunError, match=f"split `{split}` is empty"):
        run(toy(ToyPart(val=2, test=2)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_data_process_that_dies_is_no_bug_of_ours_and_any_other_runtime_error_is(tmp_path):
    killed = "DataLoader worker (pid 32492) is killed by signal: Killed. "
    with (
        pytest.raises(RunError, match="a process that reads data died") as caught,
        clear_data_errors(),
        clear_model_errors(toy(), lambda: "step 1"),
    ):
        raise RuntimeError(killed)
    assert "train.workers" in (caught.value.hint or "")
    with pytest.raises(RuntimeError, match="something else"), clear_data_errors():
        raise RuntimeError("something else")


def test_sheets_of_ids_that_give_the_same_file_name_are_all_kept(tmp_path, monkeypatch):
    model = toy(ToyPart(test=2))
    data = open_data(model.plan.data, "test")
    monkeypatch.setattr(data, "ids", ("a/b", "a_b"))
    written = write_samples(model, data, tmp_path, torch.device("cpu"))
    assert len(set(written)) == 2 and all(path.exists() for path in written)


def test_a_python_file_that_cannot_be_read_is_not_called_unwritable(tmp_path):
    spec = replace(toy().plan.spec, plugins=(str(tmp_path / "gone.py"),))
    with pytest.raises(RunError, match=r"cannot read `.*gone\.py`: no such file") as caught:
        own_parts.keep(spec, tmp_path)
    assert caught.value.exit_code == USAGE
