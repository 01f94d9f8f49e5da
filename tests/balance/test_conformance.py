"""Every gradient-level method of the catalogue: its formula, its promises, and what it does at the edges."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields

import conformance
import numpy as np
import pytest
from conformance import Refused, Subject, apart, direction, formula, tasks_of
from gradient_matrices import (
    SAMPLERS,
    SOLVABLE,
    WITHOUT_SUMS_OF_ZERO,
    agreeing,
    dependent,
    many,
    opposed,
    partly_stationary,
    plain,
    stationary,
    uneven,
)
from gradient_references import REFERENCES
from our_methods import METHODS, SUBJECTS, built, subject

from mtlc.balance.gradients.method import GradientMethod, NoSolution
from mtlc.parts import gradients as catalogue
from mtlc.parts.part import named

PARTS = named(catalogue.GradientBalancer)
every_method = pytest.mark.parametrize("method", METHODS)
every_setting = pytest.mark.parametrize("method", SUBJECTS, ids=lambda each: each.name)
BARGAINS = ("nash", "fairgrad")  # no solution where a sum of gradients vanishes


def promising(promise: str):
    return pytest.mark.parametrize("method", [word for word in METHODS if promise in PARTS[word].promises])


def unit(matrix):
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def weights(method: Subject, matrix):
    return built(method.method, tasks_of(matrix), **method.settings)(matrix @ matrix.T, tasks_of(matrix))


def test_every_method_has_a_reference_and_a_setting_here():
    assert set(METHODS) <= set(REFERENCES)
    assert set(METHODS) <= {each.method for each in SUBJECTS}
    assert [subject(word).make(("a",)) for word in METHODS]


@every_setting
def test_the_formula_is_that_of_an_independent_reference(method):
    assert formula(method, count=2) < 1e-9


@every_setting
def test_the_reference_has_a_direction_on_nearly_all_matrices(method):
    reference = REFERENCES[method.method](**method.settings)
    solvable = [m for m in many((*SOLVABLE, uneven), 1) if len(m) < 5]  # pcgrad's has too many orders there
    assert sum(bool(reference(matrix)) for matrix in solvable) >= 0.8 * len(solvable)


@every_setting
def test_lengths_that_differ_by_a_million_cost_no_accuracy(method):
    assert formula(method, (uneven,), count=2) < 1e-9


@pytest.mark.parametrize("word", ["upgrad", "dualproj", "mgda", "aligned"])
def test_dependent_gradients_cost_no_accuracy(word):
    assert formula(subject(word), (dependent, stationary, partly_stationary), count=2) < 1e-7


@pytest.mark.parametrize("c", [0.4, 0.9])
def test_cagrad_is_exact_where_a_sum_of_gradients_vanishes(c):
    method = subject("cagrad", c=c, rescale=None)
    assert formula(method, (dependent, stationary), count=2) < 1e-9


EXACTLY_G = {"pcgrad", "mgda", "upgrad", "dualproj", "aligned", "imtl_g", "config"}


@every_setting
def test_one_task_alone_gives_a_positive_multiple_of_its_gradient(method):
    found = conformance.one_task(method)
    assert found.held
    if method.method in EXACTLY_G:
        assert found.shown == "g"


@every_method
def test_the_order_of_the_tasks_does_not_matter(method):
    assert conformance.any_order(subject(method)).held  # of pcgrad: the draws go by name


@promising(catalogue.NO_CONFLICT)
def test_it_opposes_no_task_on_any_matrix(method):
    assert conformance.no_conflict(subject(method)).held


@promising(catalogue.NO_CONFLICT_OF_INDEPENDENT)
def test_it_opposes_no_task_where_gradients_are_independent(method):
    assert conformance.no_conflict(subject(method), WITHOUT_SUMS_OF_ZERO).held
    assert not conformance.no_conflict(subject(method), (stationary,)).held


@promising(catalogue.LINEAR)
def test_it_is_linear_in_the_length_of_each_gradient(method):
    assert conformance.linear(subject(method)).held


@promising(catalogue.SCALE_FREE)
def test_its_direction_does_not_change_with_the_lengths(method):
    assert conformance.scale_free(subject(method)).held


PROMISED = {
    catalogue.NO_CONFLICT: conformance.no_conflict,
    catalogue.LINEAR: conformance.linear,
    catalogue.SCALE_FREE: conformance.scale_free,
}


@every_method
@pytest.mark.parametrize("promise", PROMISED)
def test_what_is_not_promised_is_not_kept_either(method, promise):
    promised = PARTS[method].promises
    if promise in promised or (method, promise) in [("fairgrad", catalogue.SCALE_FREE)]:
        return  # at alpha 1, its default, fairgrad is nash
    assert not PROMISED[promise](subject(method)).held


@every_setting
def test_rows_of_any_length_and_zeros_give_numbers_or_a_refusal(method):
    assert conformance.extremes(method).held


@every_setting
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(method, bad):
    gram = np.eye(3)
    gram[0, 1] = gram[1, 0] = bad
    with pytest.raises(NoSolution, match="not finite"):
        built(method.method, ("a", "b", "c"), **method.settings)(gram, ("a", "b", "c"))


def test_weights_that_overflow_are_refused():
    class Overflowing(GradientMethod):
        def weigh(self, gram, tasks):
            return np.full(len(gram), np.inf)

    with pytest.raises(NoSolution, match="a weight is not finite"):
        Overflowing(("a",))(np.eye(1), ("a",))


ZERO = {  # one gradient of 0 among others
    "upgrad": "as without it, times (K - 1)/K",
    "dualproj": "as without it, times (K - 1)/K",
    "aligned": "as without it, times (K - 1)/K",
    "pcgrad": "as without it",
    "imtl_g": "as without it",
    "config": "as without it",
    "mgda": "direction 0",
    "cagrad": "another direction",
    "nash": "refused",
    "fairgrad": "refused",
}


@every_method
def test_a_gradient_of_zero_does_what_its_method_says(method):
    assert conformance.zero_row(subject(method)).shown == ZERO[method]


def test_a_bargain_without_a_gradient_names_the_task():
    for word in BARGAINS:
        with pytest.raises(NoSolution, match="`depth` is 0"):
            built(word, ("seg", "depth"))(np.diag([1.0, 0.0]), ("seg", "depth"))


OPPOSED = {"aligned": "-0.5 g", "cagrad": "-0.2 g", "nash": "refused", "fairgrad": "refused"}


@every_method
def test_two_opposed_gradients_cancel_or_are_told(method):
    assert conformance.two_opposed(subject(method)).shown == OPPOSED.get(method, "0")


@promising(catalogue.NO_CONFLICT)
def test_where_nothing_helps_without_harm_the_direction_is_zero_or_there_is_none(method):
    found = conformance.stops(subject(method))
    assert found.held
    assert found.shown == ("refused" if method in BARGAINS else "0")


def scale_of(word):
    return np.mean if PARTS[word].mean else np.sum


@pytest.mark.parametrize("word", ["upgrad", "dualproj", "pcgrad"])
def test_where_nothing_conflicts_it_is_the_mean_or_the_sum_as_its_scale_says(word):
    for matrix in many((agreeing,), 1):
        assert apart(direction(subject(word), matrix), scale_of(word)(matrix, axis=0)) < 1e-12


def test_of_two_tasks_pcgrad_opposes_none_and_is_twice_upgrad():
    for matrix in np.random.default_rng(0).standard_normal((40, 2, 3)):
        found = direction(subject("pcgrad"), matrix)
        assert (matrix @ found).min() >= -1e-12
        assert apart(found, 2 * direction(subject("upgrad"), matrix)) < 1e-9


def test_pcgrad_takes_another_order_at_each_step_and_the_same_ones_again_with_its_seed():
    matrix = next(m for m in many((opposed,), 3) if len(m) == 5)
    runs = []
    for seed in (1, 1, 2):
        method = built("pcgrad", tasks_of(matrix), seed=seed)
        runs.append([tuple(method(matrix @ matrix.T, tasks_of(matrix))) for _ in range(6)])
    assert runs[0] == runs[1] != runs[2]
    assert len(set(runs[0])) > 1


def test_mgda_of_two_tasks_has_its_closed_form():
    for one, other in np.random.default_rng(0).standard_normal((40, 2, 3)):
        share = np.clip((other - one) @ other / ((one - other) @ (one - other)), 0, 1)
        assert weights(subject("mgda"), np.array([one, other])) == pytest.approx([share, 1 - share], abs=1e-9)


def test_mgda_gains_its_own_squared_length_for_each_task_that_has_weight_and_no_less_for_others():
    for matrix in many((*SOLVABLE, dependent), 2):
        found, share = direction(subject("mgda"), matrix), weights(subject("mgda"), matrix)
        gains = matrix @ found
        assert gains.min() >= found @ found - 1e-9
        assert gains[share > 1e-9] == pytest.approx(found @ found, abs=1e-9)
        assert share.sum() == pytest.approx(1)


def test_mgda_with_unit_gradients_chooses_the_same_weights_at_any_lengths():
    method, rng = subject("mgda", normalise="l2"), np.random.default_rng(0)
    for matrix in many((plain,), 2):
        scaled = rng.uniform(1e-3, 1e3, (len(matrix), 1)) * matrix
        assert weights(method, scaled) == pytest.approx(weights(method, matrix), abs=1e-9)


def test_cagrad_stays_within_c_of_the_mean_and_helps_the_worst_off_no_less_than_it():
    for c, matrix in itertools.product((0.0, 0.2, 0.9, 2.0), many(SAMPLERS[:-1], 1)):
        found, mean = direction(subject("cagrad", c=c, rescale=None), matrix), matrix.mean(0)
        assert np.linalg.norm(found - mean) <= c * np.linalg.norm(mean) + 1e-9 * np.linalg.norm(matrix)
        assert (matrix @ found).min() >= (matrix @ mean).min() - 1e-9 * np.linalg.norm(matrix) ** 2


def test_cagrad_without_reach_is_the_mean_and_divides_it_as_it_says():
    for matrix in many((plain,), 1):
        assert apart(direction(subject("cagrad", c=0.0), matrix), matrix.mean(0)) < 1e-12
        free = direction(subject("cagrad", c=0.4, rescale=None), matrix)
        for rescale, divisor in (("square", 1.16), ("linear", 1.4)):
            assert apart(direction(subject("cagrad", c=0.4, rescale=rescale), matrix), free / divisor) < 1e-12


@pytest.mark.parametrize("c", [1.0, 3.0])
def test_from_c_of_one_on_cagrad_opposes_no_task(c):
    assert conformance.no_conflict(subject("cagrad", c=c)).held


def test_cagrad_with_a_long_reach_goes_where_mgda_does():
    for matrix in many((plain,), 2):
        far, shortest = direction(subject("cagrad", c=1e4), matrix), direction(subject("mgda"), matrix)
        if np.linalg.norm(shortest) > 0.05:
            assert unit(far[None])[0] @ unit(shortest[None])[0] > 1 - 1e-4


def test_imtl_g_projects_equally_on_all_unit_gradients_and_its_weights_sum_to_one():
    negative = 0
    for matrix in many((plain, uneven), 2):
        found, share = direction(subject("imtl_g"), matrix), weights(subject("imtl_g"), matrix)
        assert share.sum() == pytest.approx(1)
        assert unit(matrix) @ found == pytest.approx(
            np.full(len(matrix), (unit(matrix) @ found)[0]), rel=1e-6
        )
        negative += share.min() < 0
    assert negative  # which is no mistake


def test_imtl_g_weighs_two_tasks_by_the_length_of_the_other():
    matrix = np.array([[3.0, 0.0], [0.6, 0.8]])
    assert weights(subject("imtl_g"), matrix) == pytest.approx([1 / 4, 3 / 4])


def test_aligned_gradients_are_orthogonal_and_as_long_as_the_least_singular_value():
    for matrix in many((plain,), 1):
        values = np.linalg.svd(matrix, compute_uv=False)
        found = direction(subject("aligned"), matrix)
        assert np.linalg.norm(found) == pytest.approx(values.min() / math.sqrt(len(matrix)))
    assert direction(subject("aligned"), 2 * np.eye(3)) == pytest.approx(np.full(3, 2 / 3))


def test_nash_gains_one_over_its_weight_for_each_task_and_has_length_root_k():
    for matrix in many((plain, uneven), 2):
        alpha = weights(subject("nash", max_norm=None), matrix)
        assert alpha.min() > 0
        assert matrix @ matrix.T @ alpha * alpha == pytest.approx(np.ones(len(alpha)), rel=1e-8)
        assert np.linalg.norm(alpha @ matrix) == pytest.approx(math.sqrt(len(alpha)))
        assert np.linalg.norm(direction(subject("nash", max_norm=1.0), matrix)) == pytest.approx(1)
        shortened = weights(subject("nash", max_norm=9.0), matrix)
        assert shortened == pytest.approx(alpha)  # only a longer direction is


def test_nash_weighs_orthogonal_gradients_by_the_inverse_of_their_lengths():
    assert weights(subject("nash", max_norm=None), np.diag([4.0, 0.5])) == pytest.approx([0.25, 2.0])


@pytest.mark.parametrize("alpha", [0.3, 1.0, 5.0])
def test_fairgrad_gains_what_its_equation_says_for_each_task(alpha):
    for matrix in many((plain, opposed), 2):
        x = weights(subject("fairgrad", alpha=alpha), matrix)
        assert x.min() > 0
        assert matrix @ matrix.T @ x == pytest.approx(x ** (-1 / alpha), rel=1e-8)


def test_fairgrad_with_alpha_one_is_nash():
    for matrix in many((plain,), 1):
        nash = direction(subject("nash", max_norm=None), matrix)
        assert apart(direction(subject("fairgrad", alpha=1.0), matrix), nash) < 1e-9


def test_config_has_equal_cosines_and_is_as_long_as_the_projections_together():
    for matrix in many((plain, uneven), 2):
        found = direction(subject("config"), matrix)
        cosines = unit(matrix) @ found / np.linalg.norm(found)
        assert cosines.min() > 0
        assert cosines == pytest.approx(np.full(len(matrix), cosines[0]), rel=1e-6)
        assert np.linalg.norm(found) == pytest.approx((matrix @ found).sum() / np.linalg.norm(found))


@every_method
def test_a_resumed_run_has_the_directions_of_an_uninterrupted_one(method):
    names = ("a", "b", "c", "d")
    calls = [m for m in many((opposed,), 4) if len(m) == 4]
    one, other = built(method, names), built(method, names)
    for matrix in calls[:3]:
        one(matrix @ matrix.T, names)
    other.load_state_dict(one.state_dict())
    for matrix in calls[3:]:
        gram = matrix @ matrix.T
        assert np.array_equal(one(gram, names), other(gram, names))
        assert np.array_equal(one(gram[1:, 1:], names[1:]), other(gram[1:, 1:], names[1:]))


@every_method
def test_tasks_that_are_absent_change_nothing_for_the_others(method):
    matrix = next(m for m in many((opposed,), 1) if len(m) == 4)
    gram, names = matrix @ matrix.T, ("a", "b", "c", "d")
    whole, without = built(method, names), built(method, names)
    whole(gram[:2, :2], names[:2])
    without(gram[2:, 2:], names[2:])
    assert np.array_equal(whole(gram, names), without(gram, names))


@every_method
def test_the_part_says_paper_scale_and_cost_and_its_promises_are_known(method):
    part = PARTS[method]
    assert part.paper and part.scale and part.cost
    known = {catalogue.NO_CONFLICT, catalogue.NO_CONFLICT_OF_INDEPENDENT, catalogue.ANY_ORDER}
    assert set(part.promises) <= known | {catalogue.LINEAR, catalogue.SCALE_FREE}
    assert {"on", "scope", "every", "on_failure"} <= {each.name for each in fields(part)}


def test_the_suite_finds_a_method_that_breaks_its_promises():
    def summed(tasks):
        return lambda matrix, present: matrix.sum(0) if len(matrix) > 1 else -matrix[0]

    wrong = Subject("upgrad", summed)
    assert formula(wrong) > 0.1
    for check in (conformance.one_task, conformance.no_conflict, conformance.not_finite):
        assert not check(wrong).held or check is conformance.not_finite
    assert conformance.not_finite(wrong).shown == "passed on"


def test_a_refusal_is_no_direction():
    with pytest.raises(Refused):
        direction(subject("nash"), np.array([[1.0, 0.0], [-1.0, 0.0]]))


def test_cagrad_takes_of_several_best_directions_the_nearest_to_the_mean():
    matrix = np.array([[1.0, 0.0], [-2.0, 0.0], [0.0, 3.0]])
    assert direction(subject("cagrad", c=1.0, rescale=None), matrix) == pytest.approx([0.0, 1.0], abs=1e-7)
