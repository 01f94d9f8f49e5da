"""fp16: the loss is scaled, the gradient is what fp32's is, and a step that overflows changes nothing."""

from __future__ import annotations

import copy
import json

import pytest
import torch
from test_step import SUPERVISED, batch_of, stepper, without_batch_norm
from toy import ToyPart, toy

from mtlc.training import scaler as scaler_file
from mtlc.training.errors import FAILED, RunError
from mtlc.training.finite import NotFinite
from mtlc.training.loop import train
from mtlc.training.report import Silent
from mtlc.training.run_folder import RunFolder
from mtlc.training.scaler import LIMIT, Scaler


@pytest.fixture(autouse=True)
def low(monkeypatch):
    """A first scale at which these small models do not overflow."""
    monkeypatch.setattr(scaler_file, "FIRST", 2.0**8)


def gradients(model, **keys):
    """The gradient with which the optimiser would step."""
    take = stepper(model, **keys)
    found = []

    def keep():
        weights = [*model.train.parameters(), *take.balancer.parameters()]
        found.extend(each.grad.clone() for each in weights if each.grad is not None)

    take.optimizer.step = lambda *_: keep()
    taken = take(batch_of(model))
    return taken, found


def close(one, another, share):
    assert len(one) == len(another)
    whole = torch.cat([each.flatten() for each in another]).norm()
    apart = torch.cat([(x - y).flatten() for x, y in zip(one, another, strict=True)]).norm()
    assert apart <= share * whole


@pytest.mark.parametrize("balance", ["equal", "uncertainty", "lps"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_gradient_of_fp16_is_that_of_fp32_but_for_rounding(balance, accumulate):
    model = without_batch_norm(toy(ToyPart(bare=("depth",)), SUPERVISED, balance=balance))
    exact, expected = gradients(copy.deepcopy(model), accumulate=accumulate)
    taken, got = gradients(model, precision="fp16", accumulate=accumulate)
    assert taken.losses == pytest.approx(exact.losses, rel=1e-2)
    close(got, expected, 4e-2)


def test_the_gradient_is_clipped_at_its_own_size_not_at_the_scaled_one():
    _, got = gradients(toy(), precision="fp16", clip=1e-3)
    assert torch.nn.utils.get_total_norm(got).item() == pytest.approx(1e-3, rel=1e-3)
    _, whole = gradients(toy(), precision="fp16", clip=1e3)
    _, free = gradients(toy(), precision="fp16")
    close(whole, free, 0.0)


def poisoned(model, when=lambda: True):
    """One weight's gradient is infinite."""
    weight = next(model.train.parameters())
    weight.register_hook(lambda grad: grad * torch.inf if when() else grad)
    return model


def test_a_step_that_overflows_moves_no_weight_and_halves_the_scale():
    model = poisoned(toy())
    before = copy.deepcopy(dict(model.train.named_parameters()))
    take = stepper(model, precision="fp16", clip=1.0)
    first = take.scaler.scale
    assert take(batch_of(model)).overflow
    assert take.scaler.scale == first / 2
    assert all(torch.equal(each, before[name]) for name, each in model.train.named_parameters())


def test_the_row_of_skipped_steps_ends_with_one_that_is_taken():
    bad = [True]
    model = poisoned(toy(), lambda: bad[0])
    take = stepper(model, precision="fp16")
    for _ in range(3):
        take(batch_of(model))
    assert take.scaler.row == 3
    bad[0] = False
    assert not take(batch_of(model)).overflow
    assert take.scaler.row == 0


def test_after_so_many_skipped_steps_in_a_row_it_stops_with_the_weights():
    model = poisoned(toy())
    take = stepper(model, precision="fp16")
    take.scaler.row = LIMIT - 1
    batch = batch_of(model)
    assert take(batch).overflow
    with pytest.raises(NotFinite, match=r"the gradient of .* is not finite, in .* at the weights `encoder"):
        take(batch)


def test_other_precisions_scale_nothing_and_still_stop_at_the_first_gradient_that_is_not_finite():
    scaler = Scaler(torch.device("cpu"), "bf16")
    assert (scaler.enabled, scaler.scale) == (False, 1.0)
    with pytest.raises(NotFinite):
        stepper(poisoned(toy()), precision="bf16")(batch_of(toy()))


def lines(out):
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


class Heard(Silent):
    """Knows the step that is being taken; may stop the run after one."""

    def __init__(self, done=0, last=None):
        self.done, self.last, self.notes = done, last, []

    def step(self, done):
        self.done = done.step
        if done.step == self.last:
            raise KeyboardInterrupt

    def note(self, text):
        self.notes.append(text)


def run(out, heard, bad=(2, 3), **keys):
    model = poisoned(toy(train__precision="fp16", train__save=1), lambda: heard.done + 1 in bad)
    return train(model, out, device="cpu", report=heard, **keys)


def test_a_run_counts_and_says_its_skipped_steps(tmp_path):
    heard = Heard()
    result = run(tmp_path, heard)
    assert result.overflows == 2
    assert [line["step"] for line in lines(tmp_path) if line.get("overflow")] == [2, 3]
    assert heard.notes[-2:] == [
        "the fp16 gradient of step 2 overflowed: such steps change nothing and lower its scale",
        "2 steps changed nothing, as the fp16 gradient overflowed",
    ]


def test_a_resumed_run_has_the_scale_of_the_whole_one(tmp_path):
    run(tmp_path / "whole", Heard())
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", Heard(last=4))
    run(tmp_path / "cut", Heard(done=3), resume=True)
    cut, whole = (RunFolder(tmp_path / name).last() for name in ("cut", "whole"))
    assert (cut / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    states = [torch.load(each / "state.pt", weights_only=True)["scaler"] for each in (cut, whole)]
    assert states[0] == states[1]
    assert states[0]["scaler"]["scale"] == 2**6


def test_a_run_that_only_overflows_fails_with_a_way_out(tmp_path):
    with pytest.raises(RunError, match=f"step {LIMIT + 1}: the gradient of .* is not finite") as caught:
        run(tmp_path, Heard(), bad=range(100), steps=40)
    assert caught.value.exit_code == FAILED
    assert caught.value.hint
