"""The sum."""

import torch

from mtlc.balance.equal import Equal


def test_the_objective_is_the_sum_of_the_losses():
    balancer = Equal(("a", "b"))
    assert balancer({"a": torch.tensor(1.5), "b": torch.tensor(2.0)}).item() == 3.5
    assert balancer.weights() == {"a": 1.0, "b": 1.0}


def test_nothing_is_kept():
    balancer = Equal(("a", "b"))
    assert balancer.observe({"a": 1.0}, epoch_end=True) is False
    assert not balancer.state_dict()
