"""Weights of a link that learn at a multiple of the learning rate: in a step, in phases, over an interruption."""

from __future__ import annotations

import os
import signal

import pytest
import torch
from toy import SPEC, ToyPart, toy

from mtlc.training.checkpoint import WEIGHTS
from mtlc.training.learner import Learner
from mtlc.training.loop import train
from mtlc.training.report import Silent
from mtlc.training.run_folder import RunFolder

MIXED = SPEC.replace("shared encoder", "layer encoder").replace(
    "balance equal", "links { all via cross_stitch(at = encoder, lr_mult = MULT) }\nbalance equal"
)
ON_STREAMS = SPEC.replace("balance equal", "links { all via nddr(lr_mult = MULT) }\nbalance equal")


def mixed(mult, text=MIXED, phases="", data=None, **overrides):
    text = text.replace("MULT", str(mult)).replace("  steps = 6\n", phases)
    plain = {} if phases else {"train__steps": 1}
    return toy(data, text, **({"train__optimizer": "sgd(lr = 1, momentum = 0)"} | plain | overrides))


def movement(out, model) -> dict[str, torch.Tensor]:
    """How far each weight has moved over a run."""
    before = {name: each.clone() for name, each in model.train.named_parameters()}
    train(model, out, device="cpu")
    return {name: each.detach() - before[name] for name, each in model.train.named_parameters()}


@pytest.mark.parametrize(("text", "word"), [(MIXED, "cross_stitch"), (ON_STREAMS, "nddr")])
@pytest.mark.parametrize("schedule", ["constant", "constant(warmup = 3)"])
def test_a_step_moves_the_links_weights_so_much_further_and_the_others_as_before(
    tmp_path, text, word, schedule
):
    plain = movement(tmp_path / "one", mixed(1, text, train__schedule=schedule))
    faster = movement(tmp_path / "ten", mixed(10, text, train__schedule=schedule))
    for name, moved in plain.items():
        if name.startswith(word):
            assert moved.abs().max() > 0
            torch.testing.assert_close(faster[name], 10 * moved, rtol=1e-3, atol=2e-6)
        else:
            assert torch.equal(faster[name], moved)


PHASES = (
    "  phase warm { steps = 3, freeze = [encoder], optimizer = sgd(lr = 0.01) }\n"
    "  phase all { steps = 4, optimizer = adamw(lr = 1e-3) }\n"
)


def phased():
    keys = {"train__save": 2, "train__schedule": "one_cycle"}
    return mixed(5, phases=PHASES, data=ToyPart(images=6, val=2), **keys)


def test_each_phase_has_the_multiple_of_its_own_rate(tmp_path, monkeypatch):
    rates, take = [], Learner.__call__

    def heard(self, batch, step):
        taken = take(self, batch, step)
        groups = self.optimizer.param_groups
        own = {id(p) for name, p in self.module.named_parameters() if name.startswith("cross_stitch")}
        fast = [group["lr"] for group in groups if {id(p) for p in group["params"]} & own]
        others = [group["lr"] for group in groups if not {id(p) for p in group["params"]} & own]
        rates.append((*fast, *others, self.rate(step)))
        return taken

    monkeypatch.setattr(Learner, "__call__", heard)
    train(phased(), tmp_path, device="cpu")
    assert len(rates) == 7
    for fast, other, said in rates:
        assert other == said
        assert fast == pytest.approx(5 * other)
    assert max(rate for _, _, rate in rates[:3]) > 5 * max(rate for _, _, rate in rates[3:])


class Stops(Silent):
    def __init__(self, at):
        self.at = at

    def step(self, done):
        if done.step == self.at:
            os.kill(os.getpid(), signal.SIGINT)


def test_interrupted_in_and_between_phases_a_run_ends_bit_for_bit_equal(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(phased(), whole, device="cpu")
    for step in (2, 3, 5):
        train(phased(), parts, device="cpu", resume=step > 2, report=Stops(step))
    train(phased(), parts, device="cpu", resume=True)
    last = RunFolder(whole).checkpoints.index().last
    ours, theirs = ((out / "checkpoints" / last / WEIGHTS).read_bytes() for out in (parts, whole))
    assert ours == theirs
    assert (parts / "metrics.jsonl").read_bytes() == (whole / "metrics.jsonl").read_bytes()
