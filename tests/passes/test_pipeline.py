"""Running the passes in order, with verification between them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtlc import passes
from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.graph import IllegalGraph

SPEC = """
data rooms
shared encoder : tiny
task semseg
task depth
links { all via kem(at = 8) then trace_back }
"""


def test_a_trace_sees_each_pass_with_the_graph_before_and_after(spec):
    seen = []
    passes.run_passes(expand(spec(SPEC), Diagnostics()), Diagnostics(), trace=lambda *each: seen.append(each))
    assert [name for name, _, _ in seen] == ["shapes", "adapt", "unfold"]
    assert seen[1][1] is seen[0][2]
    assert len(seen[1][2].steps) > len(seen[1][1].steps)


def test_after_stops_there(spec):
    graph = passes.run_passes(expand(spec(SPEC), Diagnostics()), Diagnostics(), after="shapes")
    assert "trace_back_2_depth" in graph.steps
    assert "semseg_for_kem_1" not in graph.steps


def test_a_pass_that_leaves_an_illegal_graph_is_our_mistake(spec, monkeypatch):
    def careless(graph, diagnostics):
        return replace(graph, steps={n: s for n, s in graph.steps.items() if n != "encoder"})

    monkeypatch.setattr(passes, "PIPELINE", (passes.shapes, careless, passes.adapt))
    with pytest.raises(IllegalGraph, match="before it is written"):
        passes.run_passes(expand(spec(SPEC), Diagnostics()), Diagnostics())


def test_the_passes_change_nothing_when_they_run_again(spec):
    graph = passes.run_passes(expand(spec(SPEC), Diagnostics()), Diagnostics())
    assert passes.run_passes(graph, Diagnostics()) == graph
