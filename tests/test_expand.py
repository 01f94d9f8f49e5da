"""From spec to steps: layers, stages, names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.graph import TaskGraph, verify
from mtlc.parts.steps import DenseHead, PooledHead
from mtlc.parts.tasks import Tags
from mtlc.spec import Task

THREE = """
data rooms
shared encoder : tiny
task semseg
task depth
task normals
"""


@pytest.fixture
def expanded(spec):
    def make(text: str) -> TaskGraph:
        graph = expand(spec(text), Diagnostics())
        verify(graph)
        return graph

    return make


def reads(graph: TaskGraph, step: str) -> tuple[str, ...]:
    return graph.steps[step].reads


def test_a_shared_layer_is_one_step_and_a_layer_one_per_task(expanded):
    graph = expanded(
        """
        data rooms
        shared encoder : tiny
        layer neck : fpn
        task semseg
        task depth { from = encoder }
        task edges
        """
    )
    assert list(graph.steps)[:3] == ["encoder", "neck_semseg", "neck_edges"]
    assert reads(graph, "semseg_decoder") == ("neck_semseg",)
    assert reads(graph, "depth_decoder") == ("encoder",)
    assert graph.steps["encoder"].task is None
    assert graph.steps["neck_edges"].task == "edges"


def test_a_layer_above_a_layer_is_copied_with_it(expanded):
    graph = expanded("data rooms\nlayer encoder : tiny\nlayer neck : fpn\ntask semseg\ntask depth\n")
    assert reads(graph, "neck_depth") == ("encoder_depth",)
    assert reads(graph, "encoder_depth") == ("image",)


def test_layers_that_no_task_reads_are_not_in_the_graph(expanded):
    graph = expanded("data rooms\nshared encoder : tiny\nshared neck : fpn\ntask depth { from = encoder }\n")
    assert "neck" not in graph.steps


def test_a_branch_is_two_layers_with_the_same_from(expanded):
    graph = expanded(
        """
        data rooms
        shared encoder : tiny
        shared wide : fpn { dim = 32, from = encoder }
        shared slim : fpn { dim = 8, from = encoder }
        task semseg { from = wide }
        task depth
        """
    )
    assert reads(graph, "wide") == reads(graph, "slim") == ("encoder",)
    assert (reads(graph, "semseg_decoder"), reads(graph, "depth_decoder")) == (("wide",), ("slim",))


def test_a_dense_task_is_a_decoder_and_a_head(expanded):
    graph = expanded(THREE)
    assert graph.steps["depth_decoder"].writes == ("depth", "depth_levels")
    assert reads(graph, "depth_head") == ("depth", "image")
    assert graph.steps["normals_head"].part == DenseHead(3)
    assert graph.outputs == {task: f"{task}_prediction" for task in ("semseg", "depth", "normals")}


def test_a_per_image_task_pools_its_layer_and_has_no_decoder(expanded, spec):
    dense = spec(THREE + "links { all via kem }\n")
    span = dense.source.span(0, 1)
    tags = Task("tags", Tags(), "encoder", "tags", ("a", "b"), 2, span)
    graph = expand(replace(dense, tasks={**dense.tasks, "tags": tags}), Diagnostics())
    assert "tags_decoder" not in graph.steps
    assert reads(graph, "tags_head") == ("encoder",)
    assert graph.steps["tags_head"].part == PooledHead(2)


def test_an_arrow_is_one_step_per_target_without_the_target_among_its_sources(expanded):
    graph = expanded(THREE + "links { all -> depth, normals via attention }\n")
    assert reads(graph, "attention_1_depth") == ("depth", "semseg", "normals")
    assert reads(graph, "attention_1_normals") == ("normals", "semseg", "depth")
    assert reads(graph, "semseg_head") == ("semseg", "image")
    assert reads(graph, "depth_head") == ("depth_1", "image")


def test_a_mutual_arrow_reads_the_state_before_the_line_both_ways(expanded):
    graph = expanded(THREE + "links { semseg <-> depth via attention }\n")
    assert reads(graph, "attention_1_semseg") == ("semseg", "depth")
    assert reads(graph, "attention_1_depth") == ("depth", "semseg")


def test_both_directions_between_unlike_sides_do_not_link_within_a_side(expanded):
    graph = expanded(THREE + "links { semseg, depth <-> normals via attention }\n")
    assert reads(graph, "attention_1_semseg") == ("semseg", "normals")
    assert reads(graph, "attention_1_normals") == ("normals", "semseg", "depth")


def test_a_links_line_reads_what_the_lines_above_wrote(expanded):
    graph = expanded(THREE + "links {\n semseg -> depth via attention\n depth -> normals via attention\n}\n")
    assert reads(graph, "attention_2_normals") == ("normals", "depth_1")


def test_everything_on_a_line_reads_the_state_before_it(expanded):
    graph = expanded(THREE + "links { all -> all via attention }\n")
    read = {feature for name in graph.steps if name.startswith("attention") for feature in reads(graph, name)}
    assert read == {"semseg", "depth", "normals"}


def test_a_joint_part_is_one_hub_that_writes_every_stream(expanded):
    graph = expanded(THREE + "links { semseg <-> normals via kem }\n")
    hub = graph.steps["kem_1"]
    assert (hub.reads, hub.writes) == (("semseg", "normals"), ("semseg_1", "normals_1"))
    assert (hub.task, hub.stage) == (None, 1)
    assert reads(graph, "depth_head") == ("depth", "image")


def test_then_is_the_same_line_again_below(expanded):
    graph = expanded(THREE + "links { all via kem then trace_back }\n")
    assert reads(graph, "trace_back_2_depth") == ("depth_1", "depth_levels")


def test_trace_back_reads_the_levels_as_the_decoder_wrote_them(expanded):
    graph = expanded(THREE + "links {\n all -> all via attention\n all via kem\n depth via trace_back\n}\n")
    assert reads(graph, "trace_back_3_depth") == ("depth_2", "depth_levels")


def test_the_place_of_a_link_is_its_line_and_of_an_inherited_decoder_its_default(spec):
    text = THREE + "task all { decoder = linear }\nlinks { all via kem }\n"
    graph = expand(spec(text), Diagnostics())
    assert graph.steps["kem_1"].span.line == 8
    assert {graph.steps[f"{task}_decoder"].span.text for task in ("semseg", "depth")} == {"linear"}


AWKWARD = """
data rooms
shared image_ : tiny
task a : depth
task a_1 : depth
task image : depth
task class : depth
task a_decoder : depth
task kem : depth
links {
  all -> all via attention
  all via kem
}
"""


def test_awkward_names_stay_unique(expanded):
    graph = expanded(AWKWARD)
    features = [feature for step in graph.steps.values() for feature in step.writes]
    assert len(set(features)) == len(features)
    assert set(graph.outputs) == {"a", "a_1", "image", "class", "a_decoder", "kem"}
    assert graph.steps["image_decoder"].writes == ("image_2", "image_levels")
