"""The plan: what trains, what infers, and its text."""

from __future__ import annotations

from mtlc.api import planned
from mtlc.graph import verify
from mtlc.plan import graph_text, inference, text

SPEC = """
data rooms { size = 64x64 }
shared encoder : tiny
task semseg { labels = 25%, weight = 2 }
task depth { decoder = linear(levels = [8]) }
task edges
links { semseg <-> depth via attention(at = 8) then trace_back }
balance dwa
""".replace(" then trace_back", "\n  semseg via trace_back\n ")


def test_inference_keeps_only_what_the_tasks_need(spec):
    plan = planned(spec(SPEC))
    only = inference(plan.graph, ["edges"])
    verify(only)
    assert list(only.steps) == ["encoder", "edges_decoder", "edges_head"]
    assert only.outputs == {"edges": "edges_prediction"}


def test_inference_of_all_drops_what_only_training_needs(spec):
    plan = planned(spec(SPEC))
    dropped = [name for name in plan.graph.steps if name not in plan.infer.steps]
    assert dropped == ["semseg_auxiliary_1", "semseg_auxiliary_2", "semseg_auxiliary_3"]


def test_tasks_that_help_each_other_are_kept_together(spec):
    plan = planned(spec(SPEC))
    assert "depth_decoder" in inference(plan.graph, ["semseg"]).steps
    assert list(inference(plan.graph, ["semseg"]).outputs) == ["semseg"]


def test_the_text_says_all_that_training_needs(spec):
    said = text(planned(spec(SPEC)))
    titles = [line for line in said.splitlines() if line and not line.startswith(" ")]
    assert titles == ["data", "tasks", "links", "steps", "auxiliaries", "balance", "train", "eval"]
    for line in (
        "  size     64x64",
        "  semseg  semseg  reads encoder  label 25% of semseg  channels 15  cross_entropy x 2",
        "  1  semseg <-> depth via attention(at = 8)",
        "  semseg_auxiliary_1  the loss of semseg x 0.5",
        "  kind         dwa",
        "  batch          8",
    ):
        assert line in said.splitlines(), line


def test_the_text_of_a_step_says_where_it_belongs_what_it_reads_and_what_it_writes(spec):
    (line,) = (each for each in text(planned(spec(SPEC))).splitlines() if "semseg_1_back " in each)
    said = "semseg_1_back stage 1 semseg give_back semseg, semseg_1_raw, semseg_for_attention_1_semseg"
    assert " ".join(line.split()) == said + " -> semseg_1 64/4"


def test_equal_specs_have_equal_texts_and_another_value_changes_it(spec):
    assert text(planned(spec(SPEC))) == text(planned(spec("\n# said\n" + SPEC)))
    assert text(planned(spec(SPEC))) != text(planned(spec(SPEC, "train.clip=1")))


def test_a_graph_has_a_text_before_its_shapes_are_known(spec):
    from mtlc.diagnostics import Diagnostics
    from mtlc.expand import expand

    said = graph_text(expand(spec(SPEC), Diagnostics()))
    assert "image -> encoder ?" in said
