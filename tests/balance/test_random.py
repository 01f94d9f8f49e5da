"""Weights drawn anew each step."""

import pytest
import torch

from mtlc.balance.random import Random

TASKS = ("a", "b", "c")


def draws(balancer, present=TASKS, *, steps=5):
    result = []
    for _ in range(steps):
        balancer({task: torch.tensor(1.0) for task in present})
        result.append(balancer.weights())
    return result


def test_the_weights_are_a_softmax_of_normal_numbers_from_the_seed():
    normal = torch.randn(3, generator=torch.Generator().manual_seed(11))
    (weights,) = draws(Random(TASKS, seed=11), steps=1)
    assert list(weights.values()) == pytest.approx(torch.softmax(normal, 0).tolist(), rel=1e-6)


def test_each_step_has_its_own_weights_that_sum_to_one():
    steps = draws(Random(TASKS, seed=0), steps=20)
    assert len({weights["a"] for weights in steps}) == 20
    for weights in steps:
        assert sum(weights.values()) == pytest.approx(1)
        assert min(weights.values()) > 0


def test_the_mean_weight_is_the_same_for_every_task():
    steps = draws(Random(TASKS, seed=0), steps=4000)
    for task in TASKS:
        assert sum(weights[task] for weights in steps) / 4000 == pytest.approx(1 / 3, abs=0.015)


def test_the_tasks_of_a_step_share_the_whole_and_an_absent_one_keeps_its_weight():
    balancer = Random(TASKS, seed=3)
    (full,) = draws(balancer, steps=1)
    (part,) = draws(balancer, ("a", "c"), steps=1)
    assert part["a"] + part["c"] == pytest.approx(1)
    assert part["b"] == full["b"]


def test_an_absent_task_does_not_shift_the_draws_of_later_steps():
    one, other = Random(TASKS, seed=3), Random(TASKS, seed=3)
    draws(one, steps=1)
    draws(other, ("b",), steps=1)
    assert draws(one) == draws(other)


def test_the_draws_touch_no_other_generator():
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    draws(Random(TASKS, seed=0))
    assert torch.equal(torch.rand(4), expected)


def test_the_objective_is_the_weighted_sum():
    balancer = Random(("a", "b"), seed=1)
    value = balancer({"a": torch.tensor(2.0), "b": torch.tensor(10.0)}).item()
    assert value == pytest.approx(2 * balancer.weights()["a"] + 10 * balancer.weights()["b"])
