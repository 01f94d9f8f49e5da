"""Loss prioritisation: its five steps by hand, and the invariants that follow from them."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc.balance.lps import Lps, clamped, mean, prior, priorities, spread

TASKS = ("a", "b", "c")
quick = settings(max_examples=80, deadline=None, derandomize=True)
projected = st.floats(1e-3, 20)
three = st.tuples(projected, projected, projected).map(lambda values: dict(zip(TASKS, values, strict=True)))


def lps(tasks=TASKS, spread=7.5, every="epoch", epsilon=1e-6, renormalise="mean"):
    return Lps(tasks, spread, every, epsilon, renormalise)


def raw(values):
    """Losses whose projections are the given numbers."""
    return {task: math.expm1(value) - 1e-6 for task, value in values.items()}


def named(*values):
    return dict(zip(TASKS, values, strict=True))


def run(balancer, *windows):
    after = []
    for window in windows:
        balancer.observe(raw(window), epoch_end=True)
        after.append(balancer.weights())
    return after


def test_the_objective_projects_each_loss_from_the_first_step_on():
    balancer = lps()
    value = balancer({"a": torch.tensor(2.0), "b": torch.tensor(0.0)}).item()
    assert value == pytest.approx(math.log(3 + 1e-6) + math.log(1 + 1e-6), rel=1e-6)


def test_the_first_window_weighs_by_the_inverse_with_mean_one():
    (weights,) = run(lps(spread=1.0), named(1.0, 0.5, 0.25))
    assert weights == pytest.approx(named(3 / 7, 6 / 7, 12 / 7))


def test_later_windows_weigh_by_how_much_of_each_loss_is_left():
    *_, weights = run(lps(spread=1.0), named(1.0, 1.0, 1.0), named(0.9, 0.5, 0.4))
    assert weights == pytest.approx(named(0.9 / 0.6, 0.5 / 0.6, 0.4 / 0.6))


def test_the_papers_spread_of_seven_and_a_half_needs_the_clamp():
    left = priorities(named(0.95, 0.30, 0.285), named(1.0, 0.4, 0.3))
    pushed = spread(left, 7.5)
    assert pushed["b"] == pytest.approx(-0.13, abs=0.005)
    assert clamped(pushed, mean(left))["b"] == 0


@pytest.mark.parametrize(("renormalise", "expected"), [("mean", mean), ("one", lambda _: 1.0)])
def test_the_clamp_gives_the_mean_that_was_asked_for(renormalise, expected):
    *_, weights = run(lps(renormalise=renormalise), named(1.0, 0.4, 0.3), named(0.95, 0.30, 0.285))
    left = priorities(named(0.95, 0.30, 0.285), named(1.0, 0.4, 0.3))
    assert min(weights.values()) == 0
    assert mean(weights) == pytest.approx(expected(left))


def test_after_the_first_window_the_objective_does_not_jump():
    for renormalise in ("mean", "one"):
        (weights,) = run(lps(renormalise=renormalise), named(3.0, 0.1, 0.02))
        assert mean(weights) == pytest.approx(1)


@quick
@given(three, st.floats(0.01, 0.99), st.floats(0, 20))
def test_losses_that_shrink_alike_get_equal_weights_at_any_spread(before, factor, kappa):
    now = {task: value * factor for task, value in before.items()}
    *_, weights = run(lps(spread=kappa), before, now)
    assert weights == pytest.approx(named(1.0, 1.0, 1.0), abs=1e-4)


@quick
@given(three, three)
def test_before_the_spread_the_weights_average_to_one_by_the_shares_of_the_losses(before, now):
    weights = priorities(now, before)
    whole = sum(before.values())
    assert sum(before[t] / whole * weights[t] for t in TASKS) == pytest.approx(1)


@quick
@given(three, st.floats(0, 20))
def test_the_spread_keeps_the_mean(weights, kappa):
    assert mean(spread(weights, kappa)) == pytest.approx(mean(weights), abs=1e-9)


@quick
@given(three, st.floats(0.01, 20))
def test_the_spread_keeps_the_order_and_moves_each_from_the_mean_by_its_factor(weights, kappa):
    pushed = spread(weights, kappa)
    for one in TASKS:
        for other in TASKS:
            difference = kappa * (weights[one] - weights[other])
            assert pushed[one] - pushed[other] == pytest.approx(difference, abs=1e-9)


@quick
@given(three)
def test_a_spread_of_one_changes_nothing_and_of_zero_makes_equal(weights):
    assert spread(weights, 1.0) == pytest.approx(weights)
    assert spread(weights, 0.0) == pytest.approx(dict.fromkeys(TASKS, mean(weights)))


@quick
@given(three, three, st.floats(0.1, 10))
def test_the_slowest_falling_task_has_the_largest_weight(before, now, kappa):
    *_, weights = run(lps(spread=kappa), before, now)
    slowest = max(TASKS, key=lambda task: now[task] / before[task])
    assert weights[slowest] >= max(weights.values()) * (1 - 1e-6)


@quick
@given(st.lists(three, min_size=1, max_size=5), st.floats(0, 20), st.sampled_from(["mean", "one"]))
def test_no_weight_is_negative_and_one_is_positive(windows, kappa, renormalise):
    for weights in run(lps(spread=kappa, renormalise=renormalise), *windows):
        assert min(weights.values()) >= 0
        assert max(weights.values()) > 0


def test_the_projection_rises_from_almost_zero_with_a_slope_of_one_over_one_plus_loss():
    losses = torch.tensor([0.0, 0.1, 1.0, 50.0], requires_grad=True)
    values = torch.stack([lps(("a",))({"a": loss}) for loss in losses])
    (slopes,) = torch.autograd.grad(values.sum(), losses)
    assert values[0].item() == pytest.approx(1e-6, rel=1e-3)
    assert (values.diff() > 0).all()
    torch.testing.assert_close(slopes, 1 / (1 + losses.detach() + 1e-6))


def test_the_weights_enter_the_objective_as_constants():
    balancer = lps()
    run(balancer, named(1.0, 0.4, 0.3))
    losses = {task: torch.tensor(0.5, requires_grad=True) for task in TASKS}
    slopes = torch.autograd.grad(balancer(losses), list(losses.values()))
    expected = [weight / 1.500001 for weight in balancer.weights().values()]
    assert [slope.item() for slope in slopes] == pytest.approx(expected, rel=1e-5)


def test_the_weights_are_projected_means_and_not_means_of_projections():
    balancer = lps(("a", "b"), spread=1.0, every=2)
    for loss in (0.0, 2.0):
        balancer.observe({"a": loss, "b": 3.0}, epoch_end=False)
    a, b = 1 / math.log(2 + 1e-6), 1 / math.log(4 + 1e-6)
    assert balancer.weights() == pytest.approx({"a": 2 * a / (a + b), "b": 2 * b / (a + b)})


@pytest.mark.parametrize("epsilon", [1e-6, 5e-324])
def test_zero_losses_give_finite_weights(epsilon):
    balancer = lps(epsilon=epsilon)
    for window in (named(0.0, 1.0, 2.0), named(0.0, 0.0, 0.0), named(1e38, 0.0, 1.0), named(0.0, 0.0, 0.0)):
        balancer.observe(window, epoch_end=True)
        assert all(0 <= weight < math.inf for weight in balancer.weights().values())
        assert mean(balancer.weights()) > 0


def test_a_task_that_joins_later_starts_at_weight_one_before_the_spread():
    *_, weights = run(lps(spread=1.0), {"a": 1.0, "b": 1.0}, {"a": 0.6, "b": 0.3, "c": 5.0})
    assert weights == pytest.approx({"a": 0.6 / 0.45, "b": 0.3 / 0.45, "c": 1.0})


def test_an_absent_task_is_compared_with_its_own_last_window():
    full, away, back = named(1.0, 0.8, 0.5), {"a": 0.9, "b": 0.7}, named(0.8, 0.6, 0.4)
    *_, weights = run(lps(spread=1.0), full, away, back)
    left = (0.8 + 0.6 + 0.4) / (0.9 + 0.7 + 0.5)
    assert weights == pytest.approx(named(0.8 / 0.9 / left, 0.6 / 0.7 / left, 0.4 / 0.5 / left))


def test_prior_is_safe_for_losses_of_any_size():
    assert prior({"a": 5e-324, "b": 1.0}) == pytest.approx({"a": 2.0, "b": 0.0})
