"""Optimisers from their entries in a spec."""

from __future__ import annotations

import torch
from torch import nn

from mtlc.parts.training import Adam, Adamw, Sgd
from mtlc.training.optimizer import make_optimizer


def stepped(part, mult=1.0, **groups):
    weight = nn.Parameter(torch.ones(3))
    optimizer = make_optimizer(part, {mult: [weight]}, **groups)
    weight.grad = torch.ones(3)
    optimizer.step()
    return weight.detach()


def expected(make):
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.ones(3)
    make([weight]).step()
    return weight.detach()


def test_each_optimiser_is_torchs_with_the_keys_of_the_spec():
    betas = (0.8, 0.9)
    for part, make in [
        (Adamw(lr=0.1, weight_decay=0.5, betas=betas),
         lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.5, betas=betas)),
        (Adam(lr=0.1, weight_decay=0.5, betas=betas),
         lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.5, betas=betas)),
        (Sgd(lr=0.1, momentum=0.9, weight_decay=0.5, nesterov=True),
         lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.5, nesterov=True)),
    ]:  # fmt: skip
        assert torch.equal(stepped(part), expected(make))


def test_weights_may_have_a_multiple_of_the_learning_rate():
    expected_of = lambda lr: expected(lambda p: torch.optim.SGD(p, lr=lr, momentum=0.9))  # noqa: E731
    assert torch.equal(stepped(Sgd(lr=0.01), mult=20.0), expected_of(0.2))


def test_what_balancing_learns_is_not_decayed():
    learned = nn.Parameter(torch.ones(2))
    learned.grad = torch.zeros(2)
    stepped(Adamw(lr=0.1, weight_decay=0.5), balance=[learned])
    assert torch.equal(learned.detach(), torch.ones(2))


def test_frozen_weights_are_left_out():
    frozen = nn.Parameter(torch.ones(2), requires_grad=False)
    optimizer = make_optimizer(Sgd(), {1.0: [frozen, nn.Parameter(torch.ones(1))]})
    assert len(optimizer.param_groups[0]["params"]) == 1
