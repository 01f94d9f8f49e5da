"""The table of costs as text."""

from __future__ import annotations

import pytest

from mtlc.analyse.alone import alone
from mtlc.analyse.cost import cost
from mtlc.analyse.table import count, table
from mtlc.api import planned


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (43_149, "43.1k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (1_234_567, "1.23M"),
        (2_000_000_000, "2G"),
        (3_456_000_000_000, "3.46T"),
    ],
)
def test_a_count_has_three_digits_and_a_suffix(number, said):
    assert count(number) == said


SPEC = """
data rooms { size = 64x32 }
shared encoder : tiny { width = 8 }
task semseg { decoder = linear(dim = 16, levels = [8, 16]) }
task depth { decoder = linear(dim = 16, levels = [8]) }
links { semseg via trace_back }
"""


def test_the_table_names_every_step_then_what_is_shared_then_the_total(spec):
    plan = planned(spec(SPEC))
    lines = table(cost(plan), alone(plan.spec)).splitlines()
    rows = lines[1 : lines.index("")]
    assert lines[0].split("  ")[0] == "step"
    assert [row.split()[0] for row in rows] == list(plan.graph.steps)
    assert [row.split()[2] for row in rows][:3] == ["all", "semseg", "depth"]
    assert rows[list(plan.graph.steps).index("semseg_auxiliary_1")].endswith("training")
    below = [line.split(":")[0] for line in lines[lines.index("") + 1 :]]
    assert below == [
        "shared by all",
        "semseg",
        "depth",
        "total for one 64x32 image",
        "one model for each task",
        "in training only",
    ]


def test_the_shares_of_inference_add_up(spec):
    plan = planned(spec(SPEC))
    lines = table(cost(plan), alone(plan.spec)).splitlines()
    shares = [float(line.split()[-1][:-1]) for line in lines if line.endswith("%")]
    assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares))


def test_a_task_alone_shares_nothing(spec):
    plan = planned(spec("data rooms\nshared encoder : tiny\ntask depth\n"))
    text = table(cost(plan), alone(plan.spec))
    assert "shared" not in text
