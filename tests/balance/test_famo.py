"""FAMO: its objective's slopes, and how its shares follow what the losses did."""

from __future__ import annotations

import math

import pytest
import torch

from mtlc.balance.famo import Famo

TASKS = ("a", "b", "c")


def made(lr=0.025, decay=0.0):
    return Famo(TASKS, lr, decay)


def slopes(balancer, values):
    losses = {
        task: torch.tensor(value, dtype=torch.float64, requires_grad=True) for task, value in values.items()
    }
    balancer(losses).backward()
    return {task: loss.grad.item() for task, loss in losses.items()}


def shares(balancer):
    logits = torch.tensor([balancer.get_extra_state()["logits"][task] for task in TASKS])
    return dict(zip(TASKS, torch.softmax(logits, 0).tolist(), strict=True))


def test_the_slopes_are_its_weights_and_sum_to_one():
    balancer = made()
    found = slopes(balancer, {"a": 0.5, "b": 2.0, "c": 8.0})
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    assert found["a"] / found["b"] == pytest.approx(4)  # z/L with equal z
    assert balancer.weights() == pytest.approx(found)


def test_what_fell_fastest_weighs_less_and_equal_falls_change_nothing():
    balancer = made()
    slopes(balancer, {"a": 1.0, "b": 1.0, "c": 1.0})
    balancer.look_again({"a": 0.5, "b": 0.5, "c": 0.5})
    assert shares(balancer) == pytest.approx(dict.fromkeys(TASKS, 1 / 3))
    balancer = made()
    for fall in (0.1, 0.5, 0.3):
        slopes(balancer, {"a": 1.0, "b": 1.0, "c": 1.0})
        balancer.look_again({"a": 1 - fall, "b": 0.95, "c": 1 + fall})
    found = shares(balancer)
    assert found["a"] < found["b"] < found["c"]


def test_the_first_step_is_adam_along_the_softmax():
    balancer = made(lr=0.1)
    slopes(balancer, {"a": 1.0, "b": 1.0, "c": 1.0})
    balancer.look_again({"a": math.exp(-0.3), "b": 1.0, "c": math.exp(0.3)})
    logits = balancer.get_extra_state()["logits"]
    assert logits == pytest.approx(
        {"a": -0.1, "b": 0.0, "c": 0.1}, abs=1e-6
    )  # Adam's first step has length lr


def test_an_absent_task_keeps_its_logit_also_under_decay():
    balancer = made(decay=0.5)
    for _ in range(2):
        slopes(balancer, {"a": 1.0, "b": 1.0, "c": 1.0})
        balancer.look_again({"a": 0.5, "b": 1.0, "c": 1.5})
    kept = balancer.get_extra_state()["logits"]["c"]
    for _ in range(100):
        slopes(balancer, {"a": 1.0, "b": 1.0})
        balancer.look_again({"a": 0.9, "b": 1.0})
    assert balancer.get_extra_state()["logits"]["c"] == kept
    assert slopes(balancer, {"a": 1.0, "b": 1.0}).keys() == {"a", "b"}


def test_it_goes_on_from_its_state_bit_for_bit():
    def steps(balancer, start, end):
        for i in range(start, end):
            slopes(balancer, {"a": 1.0 + i, "b": 1.0, "c": 2.0})
            balancer.look_again({"a": 0.9 + i, "b": 1.1, "c": 1.5 - 0.1 * i})

    whole, first, second = made(), made(), made()
    steps(whole, 0, 6)
    steps(first, 0, 3)
    second.load_state_dict(first.state_dict())
    steps(second, 3, 6)
    assert second.get_extra_state()["logits"] == whole.get_extra_state()["logits"]
