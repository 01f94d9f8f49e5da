"""Learning rates over a run, against torch's schedulers and against what the catalogue says."""

from __future__ import annotations

import math

import pytest
import torch
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, PolynomialLR

from mtlc.parts.training import Constant, Cosine, OneCycle, Poly
from mtlc.training.schedule import apply, setting


def weight():
    return [torch.nn.Parameter(torch.zeros(1))]


def ours(optimizer, part, steps, lr):
    for step in range(steps):
        apply(optimizer, setting(part, step, steps), lr)
        group = optimizer.param_groups[0]
        yield group["lr"], group["betas"][0] if "betas" in group else group["momentum"]


def torchs(optimizer, scheduler, steps):
    for _ in range(steps):
        group = optimizer.param_groups[0]
        yield group["lr"], group["betas"][0] if "betas" in group else group["momentum"]
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("make", [lambda p: AdamW(p, lr=2e-3), lambda p: SGD(p, lr=2e-3, momentum=0.5)])
@pytest.mark.parametrize(("steps", "rise"), [(150, 0.3), (7, 0.5), (10, 0.01), (3, 0.3)])
def test_one_cycle_is_torchs_with_its_momentum(make, steps, rise):
    optimizer = make(weight())
    scheduler = OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=rise)
    expected = list(torchs(optimizer, scheduler, steps))
    got = list(ours(make(weight()), OneCycle(rise=rise), steps, 2e-3))
    for one, other in zip(got, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_sgd_without_momentum_stays_without_under_one_cycle():
    got = ours(SGD(weight(), lr=1.0), OneCycle(), 10, 1.0)
    assert {momentum for _, momentum in got} == {0}


def test_poly_and_cosine_without_warm_up_are_torchs():
    for part, make in [
        (Poly(power=0.9), lambda o: PolynomialLR(o, 40, power=0.9)),
        (Cosine(), lambda o: CosineAnnealingLR(o, 40)),
    ]:
        optimizer = SGD(weight(), lr=0.1, momentum=0.9)
        expected = list(torchs(optimizer, make(optimizer), 40))
        got = list(ours(SGD(weight(), lr=0.1, momentum=0.9), part, 40, 0.1))
        for one, other in zip(got, expected, strict=True):
            assert one == pytest.approx(other, rel=1e-6, abs=1e-12)


def test_a_warm_up_rises_by_equal_steps_and_the_curve_spans_the_rest():
    rates = [setting(Poly(power=1.0, warmup=4), step, 14).rate for step in range(14)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[4:] == pytest.approx([1 - i / 10 for i in range(10)])


def test_a_cosine_ends_just_above_its_floor():
    rates = [setting(Cosine(floor=0.1), step, 100).rate for step in range(100)]
    assert rates[0] == 1
    assert 0.1 < rates[-1] < 0.11
    assert rates[50] == pytest.approx(0.55)


@pytest.mark.parametrize(
    "part", [Constant(), Constant(warmup=5), Poly(), Poly(warmup=5), Cosine(), OneCycle()]
)
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 30])
def test_every_rate_of_a_run_of_any_length_is_a_share(part, steps):
    for step in range(steps):
        rate = setting(part, step, steps).rate
        assert math.isfinite(rate)
        assert 0 < rate <= 1
