"""Curves: scales with round ticks, thinning that keeps means, charts that hold all their points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc.page.chart import Chart, Line, draw
from mtlc.page.curve import smoothed, stairs, thinned
from mtlc.page.html import Html, element
from mtlc.page.scale import Scale, fitted

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
