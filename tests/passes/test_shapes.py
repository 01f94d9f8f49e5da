"""What every step writes, and what is said where shapes do not fit."""

from __future__ import annotations

import pytest

from mtlc.parts.part import Level

TWO = "data rooms\nshared encoder : tiny { width = 8 }\ntask semseg\ntask depth\n"


def levels(*pairs: tuple[int, int]) -> tuple[Level, ...]:
    return tuple(Level(*pair) for pair in pairs)


def test_an_encoder_writes_one_level_per_stage_finest_first(passed):
    assert passed(TWO).levels()["encoder"] == levels((8, 4), (16, 8), (32, 16), (64, 32))


def test_a_plain_vit_writes_its_last_block(passed):
    text = 'data rooms\nshared encoder : timm { model = "vit_tiny_patch16_224" }\ntask depth\n'
    assert passed(text).levels()["encoder"] == levels((192, 16))


def test_fpn_writes_a_level_for_each_stride_of_at_least_4_that_it_reads(passed):
    encoder = 'shared e : timm { model = "efficientnet_lite0" }'
    found = passed(f"data rooms\n{encoder}\nshared n : fpn {{ dim = 8 }}\ntask depth\n").levels()
    assert [level.stride for level in found["e"]] == [2, 4, 8, 16, 32]
    assert found["n"] == levels((8, 4), (8, 8), (8, 16), (8, 32))


def test_a_decoder_writes_its_stream_at_the_finest_stride_it_reads_and_keeps_its_levels(passed):
    found = passed(TWO + "task all { decoder = conv_up(dim = 12, levels = [16, 8]) }\n").levels()
    assert found["depth"] == levels((12, 8))
    assert found["depth_levels"] == levels((12, 8), (12, 16))


def test_aspp_streams_the_coarsest_level_it_may_read(passed):
    for strides, stride in (("auto", 32), ("[8, 4]", 8)):
        found = passed(TWO + f"task all {{ decoder = aspp(dim = 12, levels = {strides}) }}\n").levels()
        assert found["depth"] == found["depth_levels"] == levels((12, stride))


@pytest.mark.parametrize("part", ["mti", "sequential_attention"])
def test_scales_meet_where_the_levels_below_the_streams_do(passed, found, part):
    """The finest scale is the stream, brought to the finest stride of all."""
    text = TWO + "task edges { decoder = linear(levels = [8, 16, 32]) }\n"
    assert passed(text + f"links {{ all via {part} }}\n").levels()["edges_1"] == levels((64, 8))
    less = TWO + f"task edges {{ decoder = linear(levels = [4, 16, 32]) }}\nlinks {{ all via {part} }}\n"
    assert [each.code for each in found(less)] == ["MTL307"]
    assert not found(less.replace(part, f"{part}(at = 8)"))


def test_every_step_has_shapes_after_the_passes(passed):
    graph = passed(
        TWO + "links {\n all via kem(at = 8)\n all -> all via coherence then attention(at = 16)\n"
        " all via trace_back\n}\n"
    )
    assert all(len(step.shapes) == len(step.writes) for step in graph.steps.values())


@pytest.mark.parametrize(
    ("text", "code", "said", "line"),
    [
        ("shared a : tiny\nshared b : tiny\ntask depth", "MTL301", "reads the image, not the layer `a`", 3),
        ("shared a : fpn\ntask depth", "MTL301", "not the image", 2),
        ("shared a : tiny\ntask depth { decoder = linear(levels = [2]) }", "MTL303", "asks for stride 2", 3),
        ("shared a : tiny\ntask depth\ntask edges\nlinks { all via kem(at = 5) }", "MTL304", "not at 5", 5),
        ("shared a : tiny\ntask depth\ntask edges\nlinks { all via kem(heads = 5) }", "MTL305", "5 heads", 5),
        ("shared a : tiny\ntask depth\ntask edges\nlinks { all via kem(etf = 65) }", "MTL306", "65", 5),
        (
            "shared a : tiny\ntask depth\ntask edges\nlinks { all via sequential_attention(heads = 5) }",
            "MTL305",
            "5 heads",
            5,
        ),
        (
            "shared a : tiny\ntask depth\ntask edges { decoder = aspp(levels = [4]) }\nlinks { all via mti }",
            "MTL307",
            "one task has levels of stride 8, 16, 32, another no level",
            5,
        ),
        ("shared a : tiny\ntask depth { decoder = aspp(levels = [6]) }", "MTL303", "asks for stride 6", 3),
        (
            "shared a : tiny\ntask depth\ntask edges\nlinks { all -> all via attention(heads = 3) }",
            "MTL305",
            "3 heads",
            5,
        ),
    ],
)
def test_a_mistake_in_shapes_is_said_once_with_its_place_and_a_way_out(found, text, code, said, line):
    (only,) = found(f"data rooms\n{text}\n")
    assert (only.code, only.primary.span.line) == (code, line)
    assert said in only.message
    assert only.hint


def test_the_default_of_all_tasks_is_one_cause(found):
    tasks = "task all { decoder = conv_up(levels = [6]) }\ntask semseg\ntask depth\ntask edges\n"
    (only,) = found(f"data rooms\nshared a : tiny\n{tasks}")
    assert only.primary.span.text == "[6]"


def test_a_layer_with_a_copy_per_task_is_one_cause(found):
    (only,) = found("data rooms\nlayer a : tiny\nlayer b : tiny\ntask semseg\ntask depth\n")
    assert only.primary.span.line == 3


def test_two_causes_are_both_said(found):
    text = TWO + "links {\n all via kem(heads = 5)\n all -> all via attention(at = 7)\n}\n"
    assert [each.code for each in found(text)] == ["MTL305", "MTL304"]


def test_what_depends_on_an_unknown_shape_is_silent(found):
    text = (
        "data rooms\nshared a : fpn\ntask semseg\ntask depth { decoder = linear(levels = [2]) }\n"
        "links { all via kem(heads = 5) }\n"
    )
    assert [each.code for each in found(text)] == ["MTL301"]


def test_heads_must_divide_the_width_that_the_part_runs_at_not_that_of_the_streams(found):
    wide = TWO.replace("task depth", "task depth { decoder = linear(dim = 30) }")
    assert not found(wide + "links { all via kem(dim = 8, heads = 4) }\n")
    (only,) = found(wide + "links { all via kem(heads = 4) }\n")
    assert "width of 30" in only.message
