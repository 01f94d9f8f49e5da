"""A task alone: its costs in a spec without the others, in which links that need others are gone."""

from __future__ import annotations

import pytest

from mtlc.analyse.alone import alone
from mtlc.analyse.cost import cost
from mtlc.api import planned
from mtlc.spec import only

SPEC = """
data rooms {{ size = 64x32 }}
shared encoder : tiny {{ width = 8 }}
task semseg
task depth
task edges
links {{
  {}
}}
eval {{ best = semseg }}
"""


def test_a_task_alone_costs_what_its_own_spec_costs(spec):
    found = alone(spec(SPEC.format("all via kem(heads = 2)")))
    own = "data rooms { size = 64x32 }\nshared encoder : tiny { width = 8 }\ntask depth"
    assert found["depth"] == cost(planned(spec(own))).total


def test_what_serves_a_task_by_itself_stays(spec):
    found = alone(spec(SPEC.format("all via trace_back")))
    bare = alone(spec(SPEC.format("all -> depth via attention")))
    assert found["depth"].parameters > bare["depth"].parameters


@pytest.mark.parametrize(
    ("line", "kept", "left"),
    [
        ("all via kem", ["semseg", "edges"], "semseg, edges via kem"),
        ("all via kem", ["edges"], None),
        ("all via trace_back", ["edges"], "edges via trace_back"),
        ("semseg -> depth, edges via attention", ["semseg", "edges"], "semseg -> edges via attention"),
        ("semseg -> depth via attention", ["depth"], None),
        ("all -> all via coherence", ["depth", "edges"], "depth, edges -> depth, edges via coherence"),
        ("all -> all via coherence", ["depth"], None),
        ("semseg <-> depth, edges via attention", ["depth", "edges"], None),
        ("semseg <-> depth, edges via attention", ["semseg", "edges"], "semseg <-> edges via attention"),
    ],
)
def test_a_line_keeps_the_tasks_that_are_left_and_goes_with_too_few(spec, line, kept, left):
    found = only(spec(SPEC.format(line)), kept)
    assert [each.written() for each in found.links] == ([] if left is None else [left])
    assert list(found.tasks) == kept
    planned(found)


def test_the_best_checkpoint_is_not_chosen_by_a_task_that_is_gone(spec):
    whole = spec(SPEC.format("all via kem"))
    assert only(whole, ["semseg"]).eval.best == "semseg"
    assert only(whole, ["depth"]).eval.best == "loss"
