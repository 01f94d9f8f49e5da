"""Planted failures: a NaN label, a NaN loss and an infinite gradient each stop the run with step, task and sample, or
are left out and counted where the spec says so."""

from __future__ import annotations

import copy
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from test_bad_samples import Interrupted
from test_step import batch_of, without_batch_norm
from toy import SHARP, SPEC, ToyPart, toy

from mtlc.lower import Model
from mtlc.nn.losses import L1
from mtlc.page.status import warnings
from mtlc.page.story import read
from mtlc.training import sparing
from mtlc.training.balancing import balancing
from mtlc.training.errors import RunError
from mtlc.training.finite import NotFinite
from mtlc.training.learner import Learner
from mtlc.training.lines import JsonLines, Lines
from mtlc.training.loop import train
from mtlc.training.phases import legs
from mtlc.training.report import Report
from mtlc.training.scaler import LIMIT, Scaler
from mtlc.training.scores import Result

CPU = torch.device("cpu")
EDGES = SPEC.replace("task depth\n", "task depth\ntask edges\n")
SKIP = {"train__on_not_finite": "skip"}


@pytest.fixture
def sharp(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of a depth label that begins with `SHARP` is infinite, its loss is not."""
    whole = L1.forward

    def forward(
        self: L1, prediction: torch.Tensor, label: torch.Tensor, totals: torch.Tensor
    ) -> torch.Tensor:
        marked = prediction[label[:, 0, 0, 0] == SHARP].sum()
        return whole(self, prediction, label, totals) + (marked - marked.detach()).sqrt()

    monkeypatch.setattr(L1, "forward", forward)


def run(out: Path, data: ToyPart, report: Report | None = None, resume: bool = False, **keys: Any) -> Result:
    model = without_batch_norm(toy(data, EDGES, **keys))
    return train(model, out, device="cpu", report=report, resume=resume)


def recorded(out: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] == "train"]


# --- stop


def test_a_nan_in_a_label_of_yes_and_no_stops_the_run_with_step_task_and_sample(tmp_path: Path) -> None:
    what = r"step [12]: label `edges` of `train-2` \(task `edges`\) holds a number that is not finite"
    with pytest.raises(RunError, match=what):
        run(tmp_path, ToyPart(spoilt=2))


def test_a_nan_loss_stops_the_run_with_step_tasks_and_sample(tmp_path: Path) -> None:
    what = r"step [12]: the loss of `semseg`, `depth`, `edges` is not finite, in sample `train-2`$"
    with pytest.raises(RunError, match=what) as caught:
        run(tmp_path, ToyPart(poison=2))
    assert "on_not_finite = skip" in str(caught.value.hint)


@pytest.mark.parametrize("keys", [{}, {"balance": "upgrad"}, {"train__accumulate": 2, "balance": "lps"}])
@pytest.mark.usefixtures("sharp")
def test_an_infinite_gradient_stops_the_run_with_step_task_sample_and_weights(
    tmp_path: Path, keys: dict[str, Any]
) -> None:
    what = (
        r"step [12]: the gradient of `depth` is not finite, in sample `train-2`, at the weights `encoder.*`"
    )
    with pytest.raises(RunError, match=what):
        run(tmp_path, ToyPart(sharp=2), **keys)


def test_a_gradient_that_only_together_is_too_long_names_all_tasks_and_samples() -> None:
    model = without_batch_norm(toy())
    take, largest = learner(model), torch.finfo(torch.float32).max
    weight = next(model.train.parameters())
    calls = iter([torch.inf])
    weight.register_hook(lambda grad: grad + next(calls, 0.0) * largest)
    with pytest.raises(NotFinite, match=r"gradient of `semseg`, `depth` together .* \(all 4 that were"):
        take(batch_of(model), 0)


@pytest.mark.usefixtures("sharp")
def test_looking_for_the_cause_disturbs_neither_batch_norms_nor_random_numbers() -> None:
    model = toy(ToyPart(images=4, sharp=2))
    take, batch = learner(model), batch_of(model)
    other = copy.deepcopy(model)
    with pytest.raises(NotFinite, match="the gradient of `depth`"):
        take(batch, 0)
    drawn = torch.get_rng_state()
    other.train.train()(batch.images)
    assert torch.equal(drawn, torch.get_rng_state())
    for one, another in zip(model.train.buffers(), other.train.buffers(), strict=True):
        torch.testing.assert_close(one, another, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("sharp")
def test_the_cause_is_looked_for_with_the_random_numbers_of_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    model = without_batch_norm(toy(ToyPart(images=4)))
    take, batch, draws = learner(model), batch_of(model), []
    head = model.module("depth_head")
    head.register_forward_hook(lambda *_: draws.append(torch.rand(())))
    next(model.train.parameters()).register_hook(lambda grad: grad * torch.inf)
    with pytest.raises(NotFinite):
        take(batch, 0)
    assert len(draws) == 2 and draws[0] == draws[1]


# --- skip


def test_a_nan_label_is_left_out_with_the_samples_that_cannot_be_read(tmp_path: Path) -> None:
    result = run(tmp_path, ToyPart(spoilt=2), train__on_bad_sample="skip")
    assert set(result.skipped) == {"train/train-2"} and result.left_out == 3
    assert "is not finite" in result.skipped["train/train-2"]


def learner(model: Model, **keys: Any) -> Learner:
    plan = replace(model.plan, spec=replace(model.plan.spec, train=replace(model.plan.train, **keys)))
    return Learner(model, plan, legs(plan)[0], balancing(plan, CPU), Scaler(CPU, plan.train.precision), CPU)


def state(model: Model, take: Learner) -> dict[str, Any]:
    kept = {"weights": model.train.state_dict(), "optimizer": take.optimizer.state_dict()}
    return copy.deepcopy(kept | {"balancing": take._take.balancing.state_dict()})


def same(one: Any, another: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, another)
    if isinstance(one, dict):
        return one.keys() == another.keys() and all(same(one[key], another[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(another) and all(map(same, one, another))
    return bool(one == another)


METHODS = [
    "uncertainty",
    "random",
    "famo",
    "gradnorm",
    "lps",
    "pcgrad { every = 2 }",
    "nash { losses = random }",
    "upgrad { on = last_shared, losses = uncertainty }",
]


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("fault", ["loss", "gradient"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("sharp")
def test_a_step_that_is_left_out_changes_nothing(method: str, fault: str, parts: int) -> None:
    model = toy(ToyPart(), EDGES.replace("balance equal", f"balance {method}"))
    take = learner(model, on_not_finite="skip", accumulate=parts)
    batch = batch_of(model)
    assert take(batch, 0).unfit is None
    before = state(model, take)
    labels, images = dict(batch.labels), batch.images.clone()
    if fault == "loss":
        images[3, 0, 0, 0] = torch.nan
    else:
        labels["depth"] = labels["depth"].clone()
        labels["depth"][3, 0, 0, 0] = SHARP
    taken = take(replace(batch, images=images, labels=labels), 1)
    assert taken.unfit is not None and taken.unfit.case.startswith(f"the {fault} of") and not taken.empty
    assert taken.losses == {} and taken.weights == {}
    assert same(state(model, take), before)
    assert take(batch, 2).unfit is None
    assert not same(state(model, take), before)


@pytest.mark.usefixtures("sharp")
def test_fp16_lowers_its_scale_first_and_then_leaves_the_step_out() -> None:
    model = without_batch_norm(toy(ToyPart(images=4, sharp=2)))
    take = learner(model, on_not_finite="skip", precision="fp16")
    scaler, batch = take._stepper.scaler, batch_of(model)
    first = take(batch, 0)
    assert first.overflow and first.unfit is None
    scaler.row = LIMIT
    for step in (1, 2):  # a second one meets a scaler that has been put right
        scale = scaler.scale
        taken = take(batch, step)
        assert taken.unfit is not None and taken.unfit.ids == ("train-2",) and scaler.scale == scale


def test_steps_left_out_are_counted_named_and_told_once_for_each_case(tmp_path: Path) -> None:
    out, err, objects = io.StringIO(), io.StringIO(), io.StringIO()
    result = run(tmp_path / "lines", ToyPart(poison=2), Lines(out, err), **SKIP)  # three epochs: three times
    case = "the loss of `semseg`, `depth`, `edges` is not finite"
    left = [line["step"] for line in recorded(tmp_path / "lines") if "not_finite" in line]
    assert len(left) == 3 and result.unfit[case].steps == 3 and result.unfit[case].first == left[0]
    assert result.unfit[case].samples == {"train-2": 3}
    said = f"  {case}: 3 times, first in step {left[0]}; sample `train-2` (3 times)"
    assert out.getvalue().splitlines()[:2] == ["3 steps changed nothing, as a number was not finite:", said]
    assert err.getvalue().count("changed nothing: the loss of") == 1
    assert any("train-2" in line and case in line for line in warnings(read(tmp_path / "lines")))
    run(tmp_path / "json", ToyPart(poison=2), JsonLines(objects), **SKIP)
    end = json.loads(objects.getvalue().splitlines()[-1])
    assert end["not_finite"] == {case: {"steps": 3, "first": left[0], "samples": {"train-2": 3}}}


def test_a_run_in_which_every_step_is_left_out_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sparing.MOST == 100
    monkeypatch.setattr(sparing, "MOST", 3)
    with pytest.raises(RunError, match="step 3: 3 steps in a row changed nothing; in this one the loss of"):
        run(tmp_path, ToyPart(images=3, poison=2), **SKIP)


@pytest.mark.usefixtures("sharp")
def test_a_resumed_run_counts_on(tmp_path: Path) -> None:
    keys = {"train__steps": 12, "train__save": 5, "balance": "pcgrad", **SKIP}
    data = ToyPart(poison=2, sharp=5)
    whole = run(tmp_path / "whole", data, **keys)
    report = Interrupted(3, 7)
    for resume in (False, True, True):
        last = run(tmp_path / "cut", data, report, resume, **keys)
    assert last.unfit == whole.unfit and len(whole.unfit) == 2
    assert (tmp_path / "cut/metrics.jsonl").read_bytes() == (tmp_path / "whole/metrics.jsonl").read_bytes()
