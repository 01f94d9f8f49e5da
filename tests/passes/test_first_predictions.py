"""What `pad_net` and `mti` predict in training only."""

from __future__ import annotations

from mtlc.graph import Auxiliary
from mtlc.parts.links import Link
from mtlc.parts.part import Level
from mtlc.parts.steps import FirstHead
from mtlc.plan import inference

SPEC = """
data rooms
shared encoder : tiny {{ width = 8 }}
task all {{ decoder = conv_up(dim = 12) }}
task semseg
task depth {{ decoder = conv_up(dim = {dim}) }}
{edges}
links {{
  {line}
}}
"""


def text(line: str, edges: str = "task edges", dim: int = 12) -> str:
    return SPEC.format(line=line, edges=edges, dim=dim)


def heads(graph) -> dict[str, str]:
    """The feature that each first prediction reads."""
    return {name: s.reads[0] for name, s in graph.steps.items() if isinstance(s.part, FirstHead)}


def gates(graph) -> int:
    return sum(len(step.reads) - 1 for step in graph.steps.values() if isinstance(step.part, Link))


def losses(graph) -> int:
    return len(graph.outputs) + len(graph.auxiliaries)


# pad_net


def test_every_stream_on_the_line_is_predicted_from_once(passed):
    graph = passed(text("all -> all via pad_net(supervise = 0.5)"))
    assert heads(graph) == {f"{task}_auxiliary_1": task for task in ("semseg", "depth", "edges")}
    assert set(graph.auxiliaries) == {
        Auxiliary(task, f"{task}_auxiliary_1", 0.5) for task in ("semseg", "depth", "edges")
    }
    assert graph.steps["semseg_auxiliary_1"].part == FirstHead(graph.steps["semseg_head"].part.outputs)
    assert all(graph.steps[name].training for name in heads(graph))


def test_both_stages_have_one_weight_unless_said_otherwise(passed):
    assert {each.weight for each in passed(text("all -> all via pad_net")).auxiliaries} == {1.0}


def test_it_reads_the_stream_itself_where_the_link_reads_it_fitted(passed):
    graph = passed(text("all -> all via pad_net(at = 8)", dim=16))
    assert set(heads(graph).values()) == {"semseg", "depth", "edges"}
    assert graph.steps["depth_auxiliary_1"].task == "depth"


def test_a_stream_that_its_own_head_reads_has_its_first_prediction_there(passed):
    graph = passed(text("all -> semseg, depth via pad_net"))
    assert set(heads(graph).values()) == {"semseg", "depth"}
    assert graph.steps["edges_head"].reads[0] == "edges"


def test_an_auxiliary_task_costs_its_gates_and_one_loss(passed):
    whole = passed(text("all -> semseg, depth via pad_net"))
    without = passed(text("all -> semseg, depth via pad_net", edges=""))
    assert gates(whole) - gates(without) == 2
    assert losses(whole) - losses(without) == 1


def test_each_line_has_its_own(passed):
    graph = passed(text("semseg -> depth via pad_net then pad_net\n  depth -> semseg via pad_net"))
    assert list(heads(graph).values()) == ["depth", "semseg", "depth_1", "semseg", "semseg"]


def test_without_weight_nothing_is_predicted(passed):
    for part in ("all -> all via pad_net(supervise = 0)", "all via mti(supervise = 0)"):
        graph = passed(text(part))
        assert not heads(graph) and not graph.auxiliaries


def test_inference_keeps_the_sources_and_drops_their_first_predictions(passed):
    kept = inference(passed(text("all -> all via pad_net")), ["semseg"])
    assert {"depth_decoder", "edges_decoder", "pad_net_1_semseg"} <= set(kept.steps)
    assert not heads(kept) and "pad_net_1_depth" not in kept.steps


# mti


def test_every_scale_of_every_task_is_predicted_from_the_coarsest_first(passed):
    graph = passed(text("all via mti(supervise = 0.25)"))
    tasks = ("semseg", "depth", "edges")
    names = [f"{task}_auxiliary_{number}" for task in tasks for number in (1, 2, 3, 4)]
    assert graph.auxiliaries == tuple(Auxiliary(name.split("_")[0], name, 0.25) for name in names)
    levels = [graph.steps[f"depth_auxiliary_{number}"].part.level for number in (1, 2, 3, 4)]
    assert levels == [3, 2, 1, 0]
    assert heads(graph)["depth_auxiliary_4"] == "depth_1_levels"


def test_the_levels_it_writes_are_as_wide_as_it_runs(passed):
    graph = passed(text("all via mti(dim = 10, at = 8)"))
    assert graph.levels()["depth_1_levels"] == (Level(10, 8), Level(10, 16), Level(10, 32))
    assert graph.levels()["depth_1"] == (Level(12, 4),)
    assert graph.steps["depth_auxiliary_1"].part.arguments(
        (graph.levels()["depth_1_levels"], graph.levels()["image"])
    ) == {"dim": 10, "stride": 32, "outputs": 1, "level": 2}


def test_a_slice_computes_what_all_tasks_find_but_only_its_own_stream(passed):
    graph = passed(text("all via mti"))
    streams = [f"mti_1_{task}" for task in ("semseg", "depth", "edges")]
    assert [name for name in graph.steps if name.startswith("mti_1_")] == streams
    assert graph.steps["mti_1_depth"].reads == ("depth_1_levels", "semseg_1_levels", "edges_1_levels")
    assert graph.steps["mti_1_depth"].task == "depth"
    kept = inference(graph, ["depth"]).steps
    assert "mti_1" in kept and [name for name in streams if name in kept] == ["mti_1_depth"]


def test_one_task_alone_has_scales_of_its_own(passed):
    text = SPEC.format(line="all via mti then sequential_attention", dim=12, edges="")
    graph = passed(text.replace("task semseg\n", ""))
    assert graph.steps["mti_1"].reads == ("depth", "depth_levels")
    assert graph.steps["sequential_attention_2"].writes == ("depth_2",)
    assert len(graph.auxiliaries) == 4


def test_inference_has_none_of_its_predictions(passed):
    kept = inference(passed(text("all via mti")))
    assert not heads(kept) and not any(step.training for step in kept.steps.values())


def test_the_passes_make_nothing_twice(passed):
    graph = passed(text("all via mti\n  all via trace_back\n  all -> all via pad_net"))
    assert len(graph.auxiliaries) == 12 + 9 + 3
    assert len({each.feature for each in graph.auxiliaries}) == 24
