"""The geometric mean of the losses."""

import math

import pytest
import torch

from mtlc.balance.gls import Gls
from mtlc.balance.positive import BelowZero


def slopes(*losses, dtype=torch.float32):
    tasks = tuple("abcdefgh"[: len(losses)])
    leaves = {t: torch.tensor(x, requires_grad=True, dtype=dtype) for t, x in zip(tasks, losses, strict=True)}
    value = Gls(tasks)(leaves)
    return value.item(), [g.item() for g in torch.autograd.grad(value, list(leaves.values()))]


def test_the_objective_is_the_root_of_the_product_and_a_slope_is_it_over_the_number_times_the_loss():
    value, slope = slopes(0.5, 4.0, 0.8)
    assert value == pytest.approx((0.5 * 4.0 * 0.8) ** (1 / 3))
    assert slope == pytest.approx([value / 3 / loss for loss in (0.5, 4.0, 0.8)])


def test_one_task_alone_has_its_own_gradient():
    assert slopes(0.3) == (pytest.approx(0.3), [pytest.approx(1.0)])


def test_it_is_homogeneous_and_no_more_than_the_mean():
    value, _ = slopes(1.0, 2.0, 9.0)
    assert slopes(5.0, 10.0, 45.0)[0] == pytest.approx(5 * value)
    assert value < 4.0
    assert slopes(4.0, 4.0, 4.0)[0] == pytest.approx(4.0)


def test_a_unit_of_one_loss_does_not_change_the_direction():
    (_, one), (_, other) = slopes(0.5, 2.0), slopes(0.5, 2000.0)
    shares = [one[0], one[1] / 1], [other[0], other[1] * 1000]  # slopes in the loss before its unit changed
    assert shares[0][0] / shares[0][1] == pytest.approx(shares[1][0] / shares[1][1])


@pytest.mark.parametrize("size", [1e-12, 1e30])
def test_a_product_out_of_the_range_of_numbers_has_a_root_in_it(size):
    value, slope = slopes(*[size] * 8)
    assert value == pytest.approx(size, rel=1.1 if size < 1 else 1e-5)
    assert slope == pytest.approx([1 / 8] * 8, rel=1e-4)


def test_a_loss_of_zero_gives_numbers():
    value, slope = slopes(0.0, 1.0)
    assert 0 < value < 1e-5
    assert all(0 < each < math.inf for each in slope)
    assert slopes(0.0, 0.0)[1] == pytest.approx([0.5, 0.5])


def test_a_loss_below_zero_is_told_with_its_task():
    with pytest.raises(BelowZero, match=r"`balance gls` .* `b` is -0\.5"):
        slopes(1.0, -0.5)


def test_the_root_is_that_of_the_tasks_in_the_step():
    balancer = Gls(("a", "b"))
    assert balancer({"a": torch.tensor(3.0)}).item() == pytest.approx(3.0)
    assert balancer.weights() == {"a": pytest.approx(1.0), "b": 0.5}
