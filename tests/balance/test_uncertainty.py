"""Learned log-variances."""

import math

import pytest
import torch

from mtlc.balance.uncertainty import Uncertainty


def descended(losses, *, steps=100, lr=1.0):
    balancer = Uncertainty(tuple(losses), init=0.0)
    optimizer = torch.optim.SGD(balancer.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        balancer({task: torch.tensor(loss) for task, loss in losses.items()}).backward()
        optimizer.step()
    return balancer


def test_the_objective_at_the_start_is_half_the_losses_times_exp_of_minus_init_plus_half_init():
    balancer = Uncertainty(("a", "b"), init=0.4)
    expected = 0.5 * math.exp(-0.4) * (1.0 + 3.0) + 2 * 0.5 * 0.4
    assert balancer({"a": torch.tensor(1.0), "b": torch.tensor(3.0)}).item() == pytest.approx(expected)


def test_at_a_fixed_loss_s_moves_to_its_logarithm_and_the_weight_to_half_its_inverse():
    balancer = descended({"a": 0.5, "b": 4.0})
    assert balancer.log_variances["task_a"].item() == pytest.approx(math.log(0.5), abs=1e-3)
    assert balancer.log_variances["task_b"].item() == pytest.approx(math.log(4.0), abs=1e-3)
    assert balancer.weights() == pytest.approx({"a": 1.0, "b": 0.125}, rel=1e-3)


def test_an_absent_tasks_s_gets_no_gradient_and_stays_under_momentum():
    balancer = Uncertainty(("a", "b"), init=0.0)
    optimizer = torch.optim.Adam(balancer.parameters(), lr=0.1)
    both = {"a": torch.tensor(3.0), "b": torch.tensor(3.0)}
    balancer(both).backward()
    optimizer.step()
    kept = balancer.weights()["b"]
    optimizer.zero_grad()
    balancer({"a": both["a"]}).backward()
    assert balancer.log_variances["task_b"].grad is None
    optimizer.step()
    assert balancer.weights()["b"] == kept


@pytest.mark.parametrize("name", ["keys", "training", "forward", "_parameters", "é", "T_destination"])
def test_a_task_may_have_any_name(name):
    balancer = Uncertainty((name, "task_" + name), init=0.0)
    balancer({name: torch.tensor(1.0)}).backward()
    assert balancer.weights() == {name: 0.5, "task_" + name: 0.5}
    assert len(balancer.state_dict()) == 2
