"""DOT text: what is drawn, how often, in which colour, and names that would break it."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from mtlc.graph import TaskGraph
from mtlc.render import dot
from mtlc.render.colours import PALETTE, contrast, shade, task_colour

EDGE = re.compile(r'^  "([^"]+)" -> "([^"]+)" \[(.*)\];$', re.MULTILINE)


def edges(text):
    return [(tail, head) for tail, head, _ in EDGE.findall(text) if not tail.startswith(".")]


def looks(text, tail, head):
    return next(look for t, h, look in EDGE.findall(text) if (t, h) == (tail, head))


def test_the_same_graph_gives_the_same_text(linked):
    once, again = linked("all via kem"), linked("all via kem")
    assert dot(*once, "graph") == dot(*again, "graph")


def test_a_hub_is_a_star_of_two_edges_a_task(linked):
    found = edges(dot(*linked("all via kem"), "graph"))
    assert sum(head == "kem_1" for _, head in found) == 3
    assert sum(tail == "kem_1" for tail, _ in found) == 3


def test_no_edge_joins_the_streams_of_a_hub_directly(linked):
    found = edges(dot(*linked("all via kem"), "graph"))
    assert not {pair for pair in found if pair[0].endswith("_decoder")} - {
        (f"{task}_decoder", "kem_1") for task in ("semseg", "depth", "normals")
    }


def test_an_arrow_reads_its_own_stream_solid_and_each_source_dashed_in_its_colour(linked):
    text = dot(*linked("all -> all via coherence"), "graph")
    assert "dashed" not in looks(text, "depth_decoder", "coherence_1_depth")
    for task, colour in (("semseg", PALETTE[0]), ("normals", PALETTE[2])):
        look = looks(text, f"{task}_decoder", "coherence_1_depth")
        assert 'style="dashed"' in look
        assert f'color="{colour}"' in look


def test_a_shared_layer_is_one_node_with_an_edge_for_each_reader(linked):
    text = dot(*linked("all via kem"), "graph")
    assert len(re.findall(r'^  "neck" \[', text, re.MULTILINE)) == 1
    assert Counter(edges(text))[("encoder", "neck")] == 1
    assert sum(tail == "neck" for tail, _ in edges(text)) == 3
    assert r"shared by all" in text


TWO_BRANCHES = """
data rooms
shared encoder : tiny
shared neck : fpn
task semseg
task edges { from = encoder }
task depth
"""


def test_what_part_of_the_tasks_share_names_them(drawn):
    picture = dot(*drawn(TWO_BRANCHES), "graph")
    assert "shared by semseg" in picture
    assert "shared by all" in picture


def test_tasks_of_one_layer_stand_together(drawn):
    picture = dot(*drawn(TWO_BRANCHES), "graph")
    height = {task: _y(picture, f"{task}_decoder") for task in ("semseg", "depth", "edges")}
    assert height["semseg"] > height["depth"] > height["edges"]


def _y(text, name):
    found = re.search(rf'^  "{name}" \[.*pos="[^,]*,([^"]*)"', text, re.MULTILINE)
    assert found
    return float(found[1])


def test_trace_back_is_dotted_from_the_stored_levels_with_their_strides(linked):
    text = dot(*linked("all via trace_back"), "graph")
    for number, stride in enumerate(("1/32", "1/16", "1/8", "1/4"), 1):
        stored = [
            look
            for tail, head, look in EDGE.findall(text)
            if (tail, head) == ("depth_decoder", f"depth_refine_{number}") and "dotted" in look
        ]
        assert len(stored) == 1
        assert f'label="{stride}"' in stored[0]


def test_auxiliary_heads_are_dashed_and_say_training_only(linked):
    text = dot(*linked("all via trace_back"), "graph")
    found = re.findall(r'^  "\w+_auxiliary_\d" \[(.*)\];$', text, re.MULTILINE)
    assert len(found) == 9
    assert all("training only" in look and "dashed" in look for look in found)


def test_first_predictions_are_drawn_dashed_at_the_level_graph_alone(linked):
    graph = linked("all -> all via pad_net \n all via mti")
    text = dot(*graph)
    assert len(re.findall(r'label="auxiliary\\ntraining only"', text)) == 3 + 12
    assert "auxiliary" not in dot(*graph, "spec")


def test_a_hub_that_works_at_scales_takes_the_stored_levels_too(linked):
    text = dot(*linked("all via sequential_attention"), "spec")
    taken = [line for line in text.splitlines() if '-> "sequential_attention_1"' in line]
    assert sum("dotted" in line for line in taken) == 3
    assert len(taken) == 6


def test_the_level_spec_has_one_box_a_part_and_nothing_the_compiler_added(linked):
    text = dot(*linked("semseg <-> depth via attention(at = 8) \n all via trace_back"), "spec")
    assert "refine" not in text
    assert "auxiliary" not in text
    assert "fit " not in text
    assert "give_back" not in text
    assert len(re.findall(r'^  "trace_back_2_\w+" \[', text, re.MULTILINE)) == 3
    assert Counter(edges(text))[("semseg_decoder", "attention_1_depth")] == 1


def test_the_level_spec_does_not_depend_on_the_last_pass(linked):
    links = "all via kem(at = 8) \n all via trace_back"
    assert dot(*linked(links), "spec") == dot(*linked(links, after="adapt"), "spec")


def test_the_level_graph_shows_fits_and_what_is_given_back(linked):
    found = edges(dot(*linked("all via kem(at = 8)"), "graph"))
    assert ("depth_decoder", "depth_for_kem_1") in found
    assert ("depth_for_kem_1", "kem_1") in found
    assert ("kem_1", "depth_1_back") in found
    assert ("depth_decoder", "depth_1_back") in found


@pytest.mark.parametrize("level", ["spec", "graph"])
def test_a_graph_without_shapes_is_drawn_without_them(linked, level):
    graph, spec = linked("all via kem", after="shapes")
    bare = graph.with_steps(replace(step, shapes=()) for step in graph.steps.values())
    text = dot(bare, spec, level)
    assert "64 @ 1/4" not in text
    assert ("kem_1", "depth_head") in edges(text)


def test_shapes_stand_on_the_wires(linked):
    text = dot(*linked("all via kem"), "graph")
    assert 'label="64 @ 1/4…1/32"' in looks(text, "neck", "depth_decoder")
    assert 'label="64 @ 1/4"' in looks(text, "depth_decoder", "kem_1")
    assert 'label="1 @ 1/1"' in looks(text, "depth_head", "depth_prediction")


def test_a_stage_is_captioned_with_its_part_and_what_is_set(linked):
    text = dot(*linked("semseg, depth via kem(slots = 8, at = 8)"), "graph")
    assert "stage 1: kem" in text
    assert "(slots = 8, select = 64, at = 8, …)" in text
    assert '"semseg, depth\\l"' in text


def test_a_slice_draws_its_tasks_in_the_colours_of_the_whole(linked):
    from mtlc.plan import inference

    graph, spec = linked("semseg -> depth via attention")
    text = dot(inference(graph, ["depth"]), spec)
    assert "semseg_head" not in text
    assert f'color="{PALETTE[1]}"' in looks(text, "depth_head", "depth_prediction")


def test_names_that_would_break_dot_are_escaped(linked):
    bad = 'a "b" \\N & &lt; <i> 𝄞 \x07 ; -> }'
    graph, spec = linked("all via kem")
    steps = [_renamed(step, bad) if step.name == "neck" else step for step in graph.steps.values()]
    text = dot(TaskGraph({step.name: step for step in steps}, graph.outputs), spec)
    assert r'"a \"b\" \\N &amp; &amp;lt; <i> 𝄞 � ; -> }" -> "depth_decoder"' in text
    assert r'label="a \"b\" \\N &amp; &amp;lt; <i>' in text


def _renamed(step, name):
    return replace(step, name=name)


def test_no_two_nodes_share_a_name_even_where_a_layer_is_called_image(drawn):
    text = """
    data rooms
    shared depth_prediction : tiny
    task depth
    """
    picture = dot(*drawn(text), "graph")
    nodes = Counter(re.findall(r'^  "([^"]+)" \[', picture, re.MULTILINE))
    assert max(nodes.values()) == 1


def test_two_hundred_tasks_take_seconds_at_most(spec, drawn):
    tasks = "\n".join(f"task t{i} : depth {{ label = depth }}" for i in range(200))
    text = f"data rooms\nshared encoder : tiny\n{tasks}\nlinks {{ all via kem }}"
    graph, made = drawn(text)
    start = time.process_time()
    text = dot(graph, made)
    assert time.process_time() - start < 5
    assert text.count('-> "kem_1"') == 200


def test_colours_are_distinct_and_small_text_reads_on_white():
    assert len(set(PALETTE)) == 10
    assert task_colour(10) == task_colour(0)
    assert all(contrast(shade(colour), "#ffffff") >= 4.5 for colour in PALETTE)


CUT = """
data rooms
shared early : timm { model = "resnet18", stages = [1, 2, 3] }
layer late : timm { model = "resnet18", stages = [4, 5] }
task all { decoder = conv_up(dim = 16, levels = [8, 16]) }
task semseg
task depth
task largest : classify { label = largest }
"""
CHAIN = """
data rooms
layer encoder : timm { model = "resnet18" }
task semseg
task depth
task normals
links { all via cross_stitch(at = encoder) }
"""


def label(text, name):
    return re.search(rf'^  "{name}" \[label="([^"]*)"', text, re.MULTILINE)[1].split("\\n")


def test_a_wire_says_only_what_is_used_and_a_decoder_what_it_chose(drawn):
    text = dot(*drawn(CUT))
    assert 'label="128…256 @ 1/8…1/16"' in looks(text, "late_depth", "depth_decoder")
    assert 'label="512 @ 1/32"' in looks(text, "late_largest", "largest_head")
    assert label(text, "depth_decoder") == ["conv_up", "dim = 16", "depth = 1", "levels = [8, 16]"]
    assert "levels" not in dot(*drawn(CUT.replace(", levels = [8, 16]", "")))


def test_a_layer_of_each_task_has_its_name_beside_its_kind(drawn):
    text = dot(*drawn(CUT))
    assert label(text, "late_depth")[:3] == ["late", "timm", "stages 4 to 5"]


def width(text):
    return max(float(x) for x in re.findall(r'pos="([-\d.]+),', text))


def test_as_the_spec_has_it_an_encoder_is_one_box_with_the_link_of_its_stages_behind_it(drawn):
    both = CHAIN.replace("(at = encoder)", "(at = encoder) then nddr(at = encoder)")
    text = dot(*drawn(both), "spec")
    (mine,) = re.findall(r'^  "(encoder_depth\w*)" \[', text, re.MULTILINE)
    (stitch,) = re.findall(r'^  "(cross_stitch\w*)" \[', text, re.MULTILINE)
    (nddr,) = re.findall(r'^  "(nddr\w*)" \[', text, re.MULTILINE)
    assert label(text, mine) == ["encoder", "timm", "model = resnet18"]
    assert label(text, stitch) == ["cross_stitch", "after each stage", "", "of all"]
    edges = set(re.findall(r'^  "([^"]+)" -> "([^"]+)"', text, re.MULTILINE))
    way = ["image", mine, stitch, nddr, "depth_decoder"]
    assert set(pairwise(way)) <= edges
    assert {head for tail, head in edges if tail == mine} == {stitch}
    assert width(text) < 0.6 * width(dot(*drawn(both), "graph"))


def test_stages_that_the_spec_names_itself_stay_apart(drawn):
    text = dot(*drawn(CUT), "spec")
    assert label(text, "late_depth")[:3] == ["late", "timm", "stages 4 to 5"]
    assert label(text, "early")[:3] == ["early", "timm", "stages 1 to 3"]


def test_many_layers_side_by_side_are_narrow_and_say_themselves_what_they_write(drawn):
    text = dot(*drawn(CHAIN))
    stages = [label(text, name) for name in re.findall(r'^  "(encoder_depth\w*)" \[', text, re.MULTILINE)]
    assert [each[-1] for each in stages] == ["64 @ 1/2", "64 @ 1/4", "128 @ 1/8", "256 @ 1/16", "512 @ 1/32"]
    assert "model =" in stages[0] and not any("model =" in each for each in stages[1:])
    assert width(text) < 1400
    assert 'label="64…512 @ 1/4…1/32"' in text, "what the decoders read"


def test_a_training_wire_begins_where_it_leaves_its_stream(linked):
    text = dot(*linked("all -> all via pad_net"), "graph")
    start = {
        head: float(re.search(r'pos="e,\S+ ([-\d.]+),', looks(text, "depth_decoder", head))[1])
        for head in ("depth_auxiliary_1", "pad_net_1_depth")
    }
    assert start["depth_auxiliary_1"] > start["pad_net_1_depth"] + 30
