"""Rows of gradients: inner products and sums, whatever memory autograd gave the gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtlc.training import rows as module
from mtlc.training.rows import Rows
from mtlc.training.trunk import owned, through

TASKS = ("a", "b", "c")
SHAPES = {"conv": (4, 3, 2, 2), "bias": (5,), "scale": (1,), "point": (6, 2, 1, 1)}


def parameters():
    made = {name: torch.empty(shape, dtype=torch.float64) for name, shape in SHAPES.items()}
    made["conv"] = made["conv"].to(memory_format=torch.channels_last)
    return {name: nn.Parameter(each) for name, each in made.items()}


def gradients(here):
    return {name: torch.randn_like(each) for name, each in here.items()}


def flat(gradient, names):
    return torch.cat([gradient[name].flatten() for name in names])


@pytest.mark.parametrize("window", [1, 7, 32, 1000])
def test_inner_products_are_those_of_the_gradients(monkeypatch, window):
    monkeypatch.setitem(module.WINDOW, "cpu", window)
    here = parameters()
    kept, given = Rows(TASKS, here), {task: gradients(here) for task in ("c", "a")}
    kept.begin(["c", "a"])
    for task, each in given.items():
        kept.add(task, {name: gradient.clone() for name, gradient in each.items()})
    groups = {"first": ["conv", "bias"], "second": ["scale", "point"]}
    found = kept.grams(groups, scale=2.0)
    for group, names in groups.items():
        matrix = torch.stack([flat(given[task], names) for task in ("a", "c")]) / 2
        torch.testing.assert_close(found[group], matrix @ matrix.T, rtol=1e-13, atol=1e-13)


def test_no_more_columns_are_multiplied_at_once_than_a_window_has():
    windows = list(module._windows([5, 0, 9, 2], 4))
    assert [sum(part.stop - part.start for _, part in each) for each in windows] == [4, 4, 4, 4]


def test_rows_become_their_weighted_sum_in_the_layout_of_the_parameters():
    here = parameters()
    kept, given = Rows(TASKS, here), {task: gradients(here) for task in TASKS}
    kept.begin(TASKS)
    for task in TASKS:
        half = {name: each / 2 for name, each in given[task].items()}
        kept.add(task, owned(here, half.values(), []))
        kept.add(task, half)
    kept.combine([0.5, -2.0, 3.0])
    for name, each in here.items():
        wanted = 0.5 * given["a"][name] - 2 * given["b"][name] + 3 * given["c"][name]
        torch.testing.assert_close(each.grad, wanted, rtol=1e-13, atol=1e-13)
        assert each.grad.stride() == each.stride()


def test_what_a_task_does_not_reach_is_nothing_of_its_row():
    here = parameters()
    kept, given = Rows(TASKS, here), gradients(here)
    kept.begin(["a", "b"])
    kept.add("b", {"bias": given["bias"].clone()})
    assert torch.equal(kept.grams({"all": list(here)}, 1.0)["all"][0], torch.zeros(2, dtype=torch.float64))
    kept.combine([1.0, 2.0])
    torch.testing.assert_close(here["bias"].grad, 2 * given["bias"])
    assert not here["conv"].grad.any()


def test_a_row_that_is_not_finite_is_seen():
    here = parameters()
    kept = Rows(("a",), here)
    kept.begin(["a"])
    kept.add("a", gradients(here))
    assert kept.finite()
    kept.add("a", {"point": torch.full((6, 2, 1, 1), torch.inf, dtype=torch.float64)})
    assert not kept.finite()


def test_gradients_that_share_memory_are_told_apart():
    """Autograd gives one tensor to both terms of a sum, and one number to all terms of another."""
    one, two = (nn.Parameter(torch.randn(3)) for _ in range(2))
    at_cut = torch.randn(3)
    found = through([one + two], [at_cut], {"one": one, "two": two}, keep=False)
    found["one"].zero_()
    assert torch.equal(found["two"], at_cut) and at_cut.any()
    found = through([one.sum()], [torch.tensor(2.0)], {"one": one}, keep=False)
    assert found["one"].mul_(2).tolist() == [4.0, 4.0, 4.0]


def test_a_gradient_of_another_layout_gets_its_parameters():
    weight = nn.Parameter(torch.empty(4, 3, 2, 2).to(memory_format=torch.channels_last))
    point = nn.Parameter(torch.empty(4, 3, 1, 1).to(memory_format=torch.channels_last))
    given = torch.randn(4, 3, 2, 2), torch.randn(4, 3, 1, 1)
    found = owned({"weight": weight, "point": point}, given, [])
    assert torch.equal(found["weight"], given[0]) and found["weight"].stride() == weight.stride()
    assert found["point"] is given[1]  # where a size is 1 there is one order only
