"""Every loss-level method of the catalogue against its formula in plain Python, and its slopes by differences."""

from __future__ import annotations

import math

import pytest
import torch
from test_every_method import METHODS, TASKS, make

FIRST, SECOND, NOW = (1.0, 2.0, 5.0), (0.8, 1.9, 1.0), (0.7, 1.1, 3.0)


def soft(scores):
    powers = [math.exp(each) for each in scores]
    return [each / sum(powers) for each in powers]


def weighted(weights):
    return sum(weight * loss for weight, loss in zip(weights, NOW, strict=True))


def lps():
    before, after = ([math.log(1 + loss + 1e-6) for loss in losses] for losses in (FIRST, SECOND))
    left = [b / a / (sum(after) / sum(before)) for a, b in zip(before, after, strict=True)]
    middle = sum(left) / 3
    pushed = [max(middle + 7.5 * (each - middle), 0.0) for each in left]
    return sum(
        w * 3 * middle / sum(pushed) * math.log(1 + x + 1e-6) for w, x in zip(pushed, NOW, strict=True)
    )


REFERENCES = {  # the objective at NOW, after an epoch of FIRST and one of SECOND
    "equal": lambda: sum(NOW),
    "uncertainty": lambda: sum(NOW) / 2,
    "dwa": lambda: weighted(
        3 * each for each in soft([b / a / 2 for a, b in zip(FIRST, SECOND, strict=True)])
    ),
    "lps": lps,
    "gls": lambda: math.prod(NOW) ** (1 / 3),
    "stch": lambda: math.log(sum(map(math.exp, NOW))),
}
TAKES_NO_LOSSES = {"random"}  # whose weights are drawn


def at_now(method):
    balancer = make(method)
    for losses in (FIRST, SECOND):
        balancer.observe(dict(zip(TASKS, losses, strict=True)), epoch_end=True)
    return balancer


def objective(balancer, losses):
    return balancer(
        {t: torch.tensor(x, dtype=torch.float64) for t, x in zip(TASKS, losses, strict=True)}
    ).item()


@pytest.mark.parametrize("method", sorted(set(METHODS) - TAKES_NO_LOSSES))
def test_the_objective_is_that_of_the_formula(method):
    if method not in REFERENCES:
        pytest.skip("has tests of its own: it takes part in the step")
    assert objective(at_now(method), NOW) == pytest.approx(REFERENCES[method](), rel=1e-6)


@pytest.mark.parametrize("method", sorted(REFERENCES))
def test_its_slopes_are_those_of_differences(method):
    leaves = {
        t: torch.tensor(x, dtype=torch.float64, requires_grad=True) for t, x in zip(TASKS, NOW, strict=True)
    }
    slopes = torch.autograd.grad(at_now(method)(leaves), list(leaves.values()))
    for i, slope in enumerate(slopes):
        above, below = ([x + d * (i == j) for j, x in enumerate(NOW)] for d in (1e-5, -1e-5))
        difference = objective(at_now(method), above) - objective(at_now(method), below)
        assert slope.item() == pytest.approx(difference / 2e-5, rel=1e-5)


def test_random_weights_are_above_zero_sum_to_one_and_favour_nobody():
    balancer, sums = make("random"), dict.fromkeys(TASKS, 0.0)
    for _ in range(2000):
        objective(balancer, NOW)
        weights = balancer.weights()
        assert min(weights.values()) > 0 and sum(weights.values()) == pytest.approx(1)
        sums = {task: sums[task] + weights[task] for task in TASKS}
    assert all(each / 2000 == pytest.approx(1 / 3, abs=0.02) for each in sums.values())
