"""Dynamic weight average against its formula by hand."""

import math

import pytest

from mtlc.balance.dwa import Dwa


def run(balancer, *windows):
    """One step a window; the weights after each."""
    after = []
    for window in windows:
        balancer.observe(window, epoch_end=True)
        after.append(balancer.weights())
    return after


def dwa(tasks=("a", "b"), temperature=2.0, every="epoch"):
    return Dwa(tasks, temperature, every)


def test_the_weights_of_the_third_window_follow_the_ratio_of_the_first_two():
    first, second = run(dwa(), {"a": 4.0, "b": 2.0}, {"a": 1.0, "b": 1.8})
    assert first == {"a": 1.0, "b": 1.0}
    a, b = math.exp(0.25 / 2), math.exp(0.9 / 2)
    assert second == pytest.approx({"a": 2 * a / (a + b), "b": 2 * b / (a + b)})


def test_the_ratio_is_of_means_over_the_windows_and_of_the_last_two_only():
    balancer = dwa(every=2)
    for loss in (9.0, 9.0, 3.0, 5.0, 1.0, 1.0):
        balancer.observe({"a": loss, "b": 1.0}, epoch_end=False)
    (expected,) = run(dwa(), {"a": 4.0, "b": 1.0}, {"a": 1.0, "b": 1.0})[1:]
    assert balancer.weights() == pytest.approx(expected)


def test_a_window_of_steps_does_not_end_with_the_epoch():
    balancer = dwa(every=3)
    assert [balancer.observe({"a": 1.0 + i, "b": 1.0}, epoch_end=True) for i in range(6)] == [False] * 5 + [
        True
    ]


def test_the_weights_sum_to_the_number_of_tasks():
    weights = run(dwa(("a", "b", "c")), *({"a": 3.0 / i, "b": 1.0, "c": i * 1.0} for i in range(1, 6)))
    for after in weights:
        assert sum(after.values()) == pytest.approx(3)


def test_they_still_do_while_a_task_is_absent_and_when_it_returns():
    full = {"a": 3.0, "b": 2.0, "c": 1.0}
    *_, away, back = run(
        dwa(("a", "b", "c")), full, {"a": 1.0, "b": 2.0, "c": 5.0}, {"a": 0.3, "b": 1.9}, full
    )
    assert sum(away.values()) == pytest.approx(3)
    assert sum(back.values()) == pytest.approx(3)
    assert away["a"] < away["b"]


def test_a_returning_task_is_compared_with_its_own_last_window():
    *_, back = run(dwa(), {"a": 4.0, "b": 1.0}, {"b": 1.0}, {"a": 1.0, "b": 1.0})
    assert back == pytest.approx(run(dwa(), {"a": 4.0, "b": 1.0}, {"a": 1.0, "b": 1.0})[-1])


def test_equal_ratios_give_ones():
    assert run(dwa(), {"a": 4.0, "b": 0.2}, {"a": 2.0, "b": 0.1})[-1] == pytest.approx({"a": 1.0, "b": 1.0})


def test_a_high_temperature_gives_ones():
    weights = run(dwa(temperature=1e6), {"a": 4.0, "b": 0.2}, {"a": 1.0, "b": 0.2})[-1]
    assert weights == pytest.approx({"a": 1.0, "b": 1.0}, abs=1e-5)


def test_multiplying_one_tasks_loss_by_a_constant_changes_nothing():
    windows = [{"a": 4.0, "b": 0.2}, {"a": 1.0, "b": 0.15}, {"a": 0.9, "b": 0.1}]
    scaled = [{"a": w["a"] * 1000, "b": w["b"]} for w in windows]
    assert run(dwa(), *windows)[-1] == pytest.approx(run(dwa(), *scaled)[-1])


def test_a_loss_that_stays_at_zero_counts_as_not_falling():
    assert run(dwa(), {"a": 0.0, "b": 1.0}, {"a": 0.0, "b": 1.0})[-1] == pytest.approx({"a": 1.0, "b": 1.0})
