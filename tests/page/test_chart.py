"""Curves: scales with round ticks, thinning that keeps means, charts that hold all their points."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc.page.chart import Chart, Line, draw
from mtlc.page.curve import corners, held, smoothed, stairs, thinned, together
from mtlc.page.html import Html, element
from mtlc.page.scale import Scale, fitted, labels

VALUES = st.lists(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=1, max_size=30)


@settings(deadline=None)
@given(VALUES)
def test_every_value_has_its_place_on_the_axis_and_ticks_are_few(values):
    scale = fitted(values, 200.0, 20.0)
    assert all(19.9 <= scale(value) <= 200.1 for value in values)
    ticks = scale.ticks(4)
    air = 1e-6 * (scale.high - scale.low)
    assert len(ticks) <= 24 and all(scale.low - air <= tick <= scale.high + air for tick in ticks)


def test_ticks_are_round():
    assert Scale(0, 120, 0, 1).ticks(4) == [0, 50, 100]
    assert Scale(0.9, 120, 0, 1, log=True).ticks(4) == pytest.approx([1, 2, 5, 10, 20, 50, 100])


def test_values_far_apart_are_shown_on_a_logarithmic_axis_unless_one_is_zero():
    assert (
        fitted([0.01, 5], 0, 1).log
        and not fitted([0, 5], 0, 1).log
        and not fitted([0.01, 5], 0, 1, log=False).log
    )


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=2000))
def test_a_thinned_curve_fits_and_ends_where_the_curve_ends(values):
    points = list(enumerate(values))
    thin = thinned(points, 100)
    assert len(thin) <= 100 and thin[-1][0] == points[-1][0]
    assert min(values) - 1e-9 <= min(y for _, y in thin) and max(y for _, y in thin) <= max(values) + 1e-9


def test_a_smoothed_line_stays_a_line():
    points = [(float(x), 2.0 * x) for x in range(100)]
    assert [y for _, y in smoothed(points)] == pytest.approx([y for _, y in points])
    assert stairs([(0, 1.0), (1, 1.0), (2, 1.0), (3, 2.0)]) and not stairs(points)


def test_one_point_and_none_are_charts_too():
    lone = draw(Chart("loss", [Line("", "#000000", [(5, 0.5)])], 10))
    assert "<circle" in lone and "from 0.5000 at step 5" in lone
    assert "no value yet" in draw(Chart("loss", [Line("", "#000000", [])], 0))


def test_text_is_escaped_where_it_enters_and_markup_is_not():
    bold = element("b", "a < b & c", title='say "x"', class_="y", hidden=True, lang=None)
    assert bold == '<b title="say &quot;x&quot;" class="y" hidden>a &lt; b &amp; c</b>'
    assert element("p", bold, ["<", Html("<br>")]) == f"<p>{bold}&lt;<br></p>"


def test_numbers_in_charts_are_finite():
    assert "nan" not in draw(Chart("loss", [Line("", "#0", [(1, 1e-300), (2, 1e300)])], 2)).lower()


@settings(deadline=None)
@given(VALUES)
def test_labels_of_ticks_are_as_different_as_the_ticks(values):
    ticks = fitted(values, 200.0, 20.0).ticks(4)
    said = labels(ticks)
    assert len(set(said)) == len(said) and max(map(len, said), default=0) <= 12
    assert [float(each) for each in said] == pytest.approx(ticks, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (3.095, 3.112, ["3.095", "3.100", "3.105", "3.110"]),
        (0, 2, ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        (0, 2e-5, ["0", "5.0e-06", "1.0e-05", "1.5e-05", "2.0e-05"]),
        (1e6, 1.2e6, ["1.00e+06", "1.05e+06", "1.10e+06", "1.15e+06", "1.20e+06"]),
    ],
)
def test_ticks_close_together_have_the_digits_that_tell_them_apart(low, high, said):
    assert labels(Scale(low, high, 0, 1).ticks(4)) == said


@settings(deadline=None)
@given(VALUES)
def test_an_axis_has_two_ticks_or_more(values):
    scale = fitted(values, 200.0, 20.0, log=False)
    assert len(scale.ticks(4)) > 1


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1000])
def test_steps_are_whole_numbers(steps):
    said = labels(Scale(0, steps, 0, 1, least=1).ticks(4))
    assert len(set(said)) == len(said) >= 2 and all("." not in each for each in said)


def test_a_weight_that_jumps_is_drawn_as_stairs():
    points = [(1.0, 1.0), (2.0, 1.0), (3.0, 2.0), (4.0, 2.0)]
    assert corners(points) == [(1.0, 1.0), (3.0, 2.0), (4.0, 2.0)]
    assert held(corners(points)) == [(1.0, 1.0), (3.0, 1.0), (3.0, 2.0), (4.0, 2.0), (4.0, 2.0)]
    drawn = draw(Chart("weight", [Line("a", "#000000", corners(points), steps=True)], 4))
    places = [each.split(",") for each in re.search(r'points="([^"]*)"', drawn)[1].split()]
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(places)), "nothing slopes"


def test_lines_that_run_together_take_turns():
    one = [(float(n), 1.0) for n in range(10)]
    other = [(float(n), 1.0 if n < 3 else 2.0) for n in range(10)]
    assert together(one, other) and not together(one, [(x, y + 0.1) for x, y in other])
    lines = [Line(name, "#000000", one, turn=(n, 2)) for n, name in enumerate("ab")]
    drawn = draw(Chart("weight", lines, 10))
    assert drawn.count("stroke-dasharray") == 2 and drawn.count("stroke-dashoffset") == 1


def test_what_begins_has_a_line_and_where_there_is_room_a_name():
    begins = [(0.0, "warm"), (50.5, "joint"), (51.5, "last_of_all")]
    drawn = draw(Chart("loss", [Line("", "#000000", [(1, 1.0), (100, 0.5)])], 100, begins=begins))
    assert drawn.count('class="begin"') == 2
    assert ">warm</text>" in drawn and ">joint</text>" in drawn and ">last_of_all</text>" not in drawn
