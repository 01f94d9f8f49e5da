"""Unequal streams: fitted in front of a link, the change given back behind it."""

from __future__ import annotations

from mtlc.parts.part import Level
from mtlc.parts.steps import Fit, GiveBack

THREE = """
data rooms
shared encoder : tiny {{ width = 8 }}
task semseg {{ decoder = linear(dim = 16) }}
task depth {{ decoder = linear(dim = {dim}, levels = {levels}) }}
task normals {{ decoder = linear(dim = 16) }}
"""
EQUAL = THREE.format(dim=16, levels="auto")
WIDE = THREE.format(dim=24, levels="auto")
COARSE = THREE.format(dim=16, levels="[8, 16]")


def kinds(graph, kind) -> list[str]:
    return [name for name, step in graph.steps.items() if isinstance(step.part, kind)]


def test_equal_shapes_insert_nothing(passed):
    links = "links {\n all via kem\n all -> all via attention then coherence\n}\n"
    before, after = passed(EQUAL + links, "shapes"), passed(EQUAL + links, "adapt")
    assert list(after.steps) == list(before.steps)


def test_at_the_streams_own_stride_inserts_nothing(passed):
    assert not kinds(
        passed(EQUAL + "links {\n all via kem(at = 4)\n all -> all via attention(at = 4)\n}\n"), Fit
    )


def test_an_arrow_fits_its_sources_to_the_target_and_gives_nothing_back(passed):
    graph = passed(WIDE + "links { all -> depth via coherence }\n")
    assert kinds(graph, Fit) == ["semseg_for_coherence_1_depth", "normals_for_coherence_1_depth"]
    assert graph.steps["semseg_for_coherence_1_depth"].part == Fit(24, 4)
    link = graph.steps["coherence_1_depth"]
    assert link.reads == ("depth", "semseg_for_coherence_1_depth", "normals_for_coherence_1_depth")
    assert link.writes == ("depth_1",)
    assert not kinds(graph, GiveBack)


def test_an_arrow_fits_only_the_sources_that_differ(passed):
    graph = passed(COARSE + "links { all -> semseg via attention }\n")
    assert kinds(graph, Fit) == ["depth_for_attention_1_semseg"]
    assert graph.levels()["depth_for_attention_1_semseg"] == (Level(16, 4),)


def test_at_in_arrow_form_fits_the_target_too_and_gives_its_change_back(passed):
    graph = passed(EQUAL + "links { semseg -> depth via attention(at = 8) }\n")
    assert kinds(graph, Fit) == ["depth_for_attention_1_depth", "semseg_for_attention_1_depth"]
    assert graph.steps["attention_1_depth"].shapes == ((Level(16, 8),),)
    assert graph.steps["depth_1_back"].reads == ("depth", "depth_1_raw", "depth_for_attention_1_depth")
    assert graph.levels()["depth_1"] == (Level(16, 4),)


def test_a_set_runs_at_the_smallest_width_and_the_finest_stride(passed):
    graph = passed(THREE.format(dim=24, levels="[8]") + "links { all via kem }\n")
    assert graph.steps["kem_1"].shapes == ((Level(16, 4),),) * 3
    assert kinds(graph, Fit) == ["depth_for_kem_1"]
    assert kinds(graph, GiveBack) == ["depth_1_back"]
    assert graph.levels()["depth_1"] == (Level(24, 8),)


def test_dim_and_at_say_where_a_set_runs(passed):
    graph = passed(WIDE + "links { all via kem(dim = 8, at = 16) }\n")
    assert graph.steps["kem_1"].shapes == ((Level(8, 16),),) * 3
    assert len(kinds(graph, Fit)) == len(kinds(graph, GiveBack)) == 3
    assert graph.levels()["depth_1"] == (Level(24, 4),)


def test_each_stream_gets_its_own_change_back(passed):
    graph = passed(WIDE + "links { all via kem(dim = 8) }\n")
    hub = graph.steps["kem_1"]
    for index, task in enumerate(("semseg", "depth", "normals")):
        back = graph.steps[f"{task}_1_back"]
        assert back.reads == (task, hub.writes[index], hub.reads[index])
        assert (back.writes, back.task, back.stage) == ((f"{task}_1",), task, 1)


def test_later_lines_read_what_was_given_back(passed):
    graph = passed(WIDE + "links { all via kem(dim = 8) then kem(dim = 8) }\n")
    assert graph.steps["depth_1_for_kem_2"].reads == ("depth_1",)
    assert graph.steps["depth_head"].reads == ("depth_2", "image")


def test_inserted_steps_belong_to_the_task_of_their_stream_and_to_the_line(passed):
    graph = passed(WIDE + "links { all via kem then kem(at = 8) }\n")
    made = {name: graph.steps[name].task for name in kinds(graph, Fit) + kinds(graph, GiveBack)}
    assert made["depth_for_kem_1"] == made["depth_1_for_kem_2"] == made["depth_2_back"] == "depth"
    assert made["semseg_1_for_kem_2"] == "semseg"
    assert graph.steps["semseg_1_for_kem_2"].span == graph.steps["kem_2"].span
