"""GradNorm: weights that make gradients alike, longer for the task that is behind."""

from __future__ import annotations

import pytest
import torch

from mtlc.balance.gradnorm import GradNorm

TASKS = ("a", "b", "c")


def made(alpha=0.0, lr=0.025):
    return GradNorm(TASKS, alpha, lr)


def trained(balancer, plain, losses, steps=600):
    """Steps in which a task's gradient has length `plain` before its weight."""
    for _ in range(steps):
        weights = balancer.weights()
        balancer.see_norms(
            {task: weights[task] * plain[task] for task in plain}, {t: losses[t] for t in plain}
        )
    return balancer.weights()


def test_the_objective_is_the_weighted_sum():
    balancer = made()
    losses = {task: torch.tensor(float(i)) for i, task in enumerate(TASKS)}
    assert balancer(losses).item() == 3.0


def test_with_alpha_0_weighted_gradients_become_alike_and_weights_sum_to_the_tasks():
    plain = {"a": 1.0, "b": 2.0, "c": 4.0}
    weights = trained(made(lr=0.005), plain, dict.fromkeys(TASKS, 1.0), steps=3000)
    assert sum(weights.values()) == pytest.approx(3)
    lengths = [weights[task] * plain[task] for task in TASKS]
    assert max(lengths) / min(lengths) < 1.05


def test_a_task_that_is_behind_gets_a_longer_gradient():
    balancer, plain = made(alpha=1.0), dict.fromkeys(TASKS, 1.0)
    trained(balancer, plain, dict.fromkeys(TASKS, 1.0), steps=1)
    weights = trained(balancer, plain, {"a": 1.0, "b": 0.5, "c": 0.5}, steps=200)
    assert weights["a"] > 1.3 * weights["b"]


def test_a_first_step_goes_against_the_sign_of_what_is_too_long():
    weights = trained(made(), {"a": 1.0, "b": 2.0, "c": 3.0}, dict.fromkeys(TASKS, 1.0), steps=1)
    assert weights["a"] > 1 > weights["c"]
    assert weights["b"] == pytest.approx(1, abs=1e-3)


def test_an_absent_task_keeps_its_weight_and_the_others_what_they_share():
    balancer = made()
    trained(balancer, {"a": 1.0, "b": 2.0, "c": 3.0}, dict.fromkeys(TASKS, 1.0), steps=5)
    kept = balancer.weights()["c"]
    weights = trained(balancer, {"a": 1.0, "b": 9.0}, dict.fromkeys(TASKS, 1.0), steps=100)
    assert weights["c"] == kept
    assert sum(weights.values()) == pytest.approx(3)


def test_lengths_that_are_not_finite_and_losses_of_0_change_nothing_for_good():
    balancer = made()
    balancer.see_norms({"a": float("nan"), "b": 1.0}, {"a": 1.0, "b": 1.0})
    balancer.see_norms({"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 0.0})
    assert balancer.weights() == dict.fromkeys(TASKS, 1.0)


def test_it_goes_on_from_its_state_bit_for_bit():
    plain, losses = {"a": 1.0, "b": 2.0, "c": 4.0}, {"a": 1.0, "b": 0.7, "c": 0.2}
    whole, first, second = made(1.5), made(1.5), made(1.5)
    trained(whole, plain, losses, 6)
    trained(first, plain, losses, 3)
    second.load_state_dict(first.state_dict())
    assert trained(second, plain, losses, 3) == whole.weights()
