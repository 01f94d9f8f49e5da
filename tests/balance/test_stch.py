"""Smooth Tchebycheff, plain and on logarithms."""

import math

import numpy as np
import pytest
import torch

from mtlc.balance.positive import BelowZero
from mtlc.balance.stch import Stch

TASKS = ("a", "b", "c")


def stch(tasks=TASKS, mu=1.0, log=False, warmup=4):
    return Stch(tasks, mu, log, warmup)


def leaves(*losses):
    return {
        t: torch.tensor(x, requires_grad=True) for t, x in zip(TASKS, losses, strict=False) if x is not None
    }


def slopes(balancer, *losses):
    given = leaves(*losses)
    value = balancer(given)
    return value.item(), [g.item() for g in torch.autograd.grad(value, list(given.values()))]


def warmed(*nadir, warmup=2, mu=1.0):
    balancer = stch(log=True, warmup=warmup, mu=mu)
    for _ in range(warmup):
        balancer.observe(dict(zip(TASKS, nadir, strict=True)), epoch_end=True)
    return balancer


@pytest.mark.parametrize("mu", [0.05, 1.0, 20.0])
def test_the_value_lies_between_the_largest_and_mu_log_k_more_with_softmax_slopes(mu):
    losses = (0.4, 1.3, 1.1)
    value, slope = slopes(stch(mu=mu), *losses)
    powers = np.exp(np.array(losses) / mu)
    assert value == pytest.approx(mu * math.log(powers.sum()), rel=1e-5)
    assert max(losses) <= value <= max(losses) + mu * math.log(3) + 1e-6
    assert slope == pytest.approx(list(powers / powers.sum()), rel=1e-5)


def test_towards_mu_zero_the_worst_task_alone_counts():
    assert slopes(stch(mu=1e-6), 0.4, 1.3, 1.1) == (pytest.approx(1.3), [0.0, 1.0, 0.0])


@pytest.mark.parametrize("size", [1e30, 3e38])
def test_huge_losses_do_not_overflow(size):
    value, slope = slopes(stch(mu=0.1), size, 1.0, 0.0)
    assert (value, slope) == (pytest.approx(size), [1.0, 0.0, 0.0])


def test_losses_below_zero_are_losses_like_others():
    assert slopes(stch(), -2.0)[0] == pytest.approx(-2.0)


def test_with_log_the_first_epochs_minimise_the_sum_of_the_logarithms():
    value, slope = slopes(stch(log=True), 0.5, 2.0, 4.0)
    assert value == pytest.approx(math.log(0.5 * 2.0 * 4.0), abs=1e-6)
    assert slope == pytest.approx([2.0, 0.5, 0.25])


def test_with_log_the_last_epoch_of_the_warm_up_is_what_losses_are_compared_with():
    balancer = stch(log=True, warmup=2, mu=0.5)
    for epoch in ((9.0, 9.0, 9.0), (0.5, 2.0, 4.0), (7.0, 7.0, 7.0)):  # the third comes after
        balancer.observe(dict(zip(TASKS, epoch, strict=True)), epoch_end=True)
    value, slope = slopes(balancer, 0.4, 0.4, 2.0)
    ratios = np.log([0.4 / 0.5, 0.4 / 2.0, 2.0 / 4.0])
    powers = np.exp(ratios / 0.5)
    assert value == pytest.approx(3 * 0.5 * math.log(powers.sum()), rel=1e-5)
    assert slope == pytest.approx(list(3 * powers / powers.sum() / [0.4, 0.4, 2.0]), rel=1e-5)


def test_with_log_a_factor_on_a_loss_changes_nothing_of_the_direction():
    _, one = slopes(warmed(0.5, 2.0, 4.0), 0.4, 1.0, 2.0)
    _, other = slopes(warmed(0.5, 2000.0, 4.0), 0.4, 1000.0, 2.0)
    assert one == pytest.approx([other[0], other[1] * 1000, other[2]], rel=1e-5)


def test_with_log_a_task_without_labels_in_the_warm_up_adds_its_logarithm_until_an_epoch_has_some():
    balancer = stch(log=True, warmup=1)
    balancer.observe({"a": 0.5, "b": 2.0}, epoch_end=True)
    value, slope = slopes(balancer, 0.5, 2.0, 4.0)
    assert value == pytest.approx(2 * math.log(2) + math.log(4), rel=1e-5)
    assert slope == pytest.approx([2.0, 0.5, 0.25])
    balancer.observe({"c": 4.0}, epoch_end=True)
    assert slopes(balancer, 0.5, 2.0, 4.0)[0] == pytest.approx(3 * math.log(3), rel=1e-5)


def test_with_log_a_task_keeps_the_mean_of_its_last_epoch_with_labels():
    balancer = stch(log=True, warmup=2)
    balancer.observe({"a": 0.5, "b": 2.0}, epoch_end=True)
    balancer.observe({"b": 2.0}, epoch_end=True)
    assert slopes(balancer, 0.5, 2.0)[0] == pytest.approx(2 * math.log(2), rel=1e-5)


def test_with_log_one_task_alone_has_its_gradient_over_its_loss():
    assert slopes(warmed(0.5, 1.0, 1.0), 0.25)[1] == pytest.approx([4.0])


def test_with_log_zero_losses_give_numbers():
    for balancer in (stch(log=True), warmed(0.0, 1.0, 1.0)):
        value, slope = slopes(balancer, 0.0, 1.0, 0.0)
        assert all(map(math.isfinite, [value, *slope]))


def test_with_log_a_loss_below_zero_is_told_with_its_task():
    with pytest.raises(BelowZero, match="`b`"):
        slopes(stch(log=True), 1.0, -0.5)


def test_a_resumed_run_goes_on_in_the_warm_up_and_after_it():
    for epochs in (1, 3):
        one, other = stch(log=True, warmup=2), stch(log=True, warmup=2)
        for epoch in range(epochs):
            one.observe({"a": 1.0 + epoch, "b": 2.0}, epoch_end=True)
        other.load_state_dict(one.state_dict())
        for _ in range(3):
            assert slopes(one, 0.5, 2.0) == slopes(other, 0.5, 2.0)
            one.observe({"a": 0.5}, epoch_end=True)
            other.observe({"a": 0.5}, epoch_end=True)
