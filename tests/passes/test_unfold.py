"""Trace-back as refinements and training-only predictions."""

from __future__ import annotations

from mtlc.graph import Auxiliary
from mtlc.parts.part import Level
from mtlc.parts.steps import AuxiliaryHead, Refine
from mtlc.plan import inference

SPEC = """
data rooms
shared encoder : tiny {{ width = 8 }}
task semseg
task depth {{ decoder = conv_up(dim = 16, levels = {levels}) }}
links {{ {line} }}
"""


def text(levels: str = "auto", line: str = "depth via trace_back(supervise = 0.25, reduction = 8)") -> str:
    return SPEC.format(levels=levels, line=line)


def refinements(graph) -> list[str]:
    return [name for name, step in graph.steps.items() if isinstance(step.part, Refine)]


def test_there_is_one_refinement_per_level_deepest_first(passed):
    graph = passed(text())
    names = refinements(graph)
    assert names == [f"depth_refine_{i}" for i in (1, 2, 3, 4)]
    assert [graph.steps[name].part.level for name in names] == [3, 2, 1, 0]
    assert [graph.steps[name].part.last for name in names] == [False, False, False, True]
    assert {graph.steps[name].part.reduction for name in names} == {8}


def test_each_refinement_reads_what_the_one_before_traced_and_the_decoders_levels(passed):
    graph = passed(text())
    reads = [graph.steps[name].reads for name in refinements(graph)]
    assert reads[0] == ("depth", "depth_levels")
    assert reads[2] == ("depth_traced_2", "depth_levels")
    assert graph.steps["depth_refine_4"].writes == ("depth_1",)
    assert graph.steps["depth_head"].reads == ("depth_1", "image")


def test_all_but_the_last_are_supervised_in_training_only(passed):
    graph = passed(text())
    heads = [step for step in graph.steps.values() if isinstance(step.part, AuxiliaryHead)]
    assert [step.reads for step in heads] == [(f"depth_fused_{i}", "image") for i in (1, 2, 3)]
    assert all(step.training and step.part == AuxiliaryHead(16, 1) for step in heads)
    assert graph.auxiliaries == tuple(Auxiliary("depth", f"depth_auxiliary_{i}", 0.25) for i in (1, 2, 3))


def test_with_one_level_there_is_nothing_to_supervise(passed):
    graph = passed(text(levels="[8]"))
    assert refinements(graph) == ["depth_refine_1"]
    assert graph.steps["depth_refine_1"].part.last
    assert graph.auxiliaries == ()


def test_without_weight_nothing_is_supervised(passed):
    graph = passed(text(line="all via trace_back(supervise = 0)"))
    assert len(refinements(graph)) == 8
    assert graph.auxiliaries == ()


def test_the_inference_graph_has_no_training_only_step(passed):
    graph = passed(text(line="all via trace_back"))
    assert any(step.training for step in graph.steps.values())
    kept = inference(graph)
    assert not any(step.training for step in kept.steps.values())
    assert kept.auxiliaries == ()


def test_each_stream_is_traced_alone_and_twice_where_asked(passed):
    graph = passed(text(line="all via trace_back then trace_back"))
    assert len(refinements(graph)) == 16
    assert graph.steps["depth_refine_1_2"].reads == ("depth_1", "depth_levels")
    assert len({each.feature for each in graph.auxiliaries}) == 12


def test_shapes_after_unfolding_are_those_that_shapes_promised(passed):
    before, after = passed(text(), "adapt").levels(), passed(text()).levels()
    assert before["depth_1"] == after["depth_1"] == (Level(16, 4),)
    assert after["depth_fused_2"] == (Level(32, 16),)
    assert after["depth_traced_2"] == (Level(16, 16),)
