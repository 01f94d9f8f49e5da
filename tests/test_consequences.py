"""One cause, one error: what follows from a mistake of the text is silent, what has a cause of its own is not."""

from __future__ import annotations

import pytest

from mtlc.api import check
from mtlc.source import Source

SPEC = """data rooms {{ size = 64x64 }}
{layer}
task semseg
{task}
links {{ semseg -> depth via attention }}
{train}
"""


def codes(layer="shared encoder : tiny", task="task depth", train="train { steps = 3 }"):
    text = SPEC.format(layer=layer, task=task, train=train)
    return [each.code for each in check(Source("a.mtl", text)) if each.severity == "error"]


def test_the_spec_without_mistakes_has_none():
    assert codes() == []


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ("task depth { labels = 50] }", "MTL004"),  # 50 is out of bounds only without its `%`
        ("task ; { weight = 2 }", "MTL007"),  # nor has the task a name
        ("task depth weight { = 3 }", "MTL030"),  # nor the value a key
        ("task\ndepth { weight = 3 }", "MTL218"),  # nor is `depth` a block
        ("task depth {\n  decoder = conv_up(dim = 8\n  weight = 2\n}", "MTL003"),
        ("task depth {\n    dim = 8,\n    depth = 1,\n  )\n}", "MTL012"),  # `decoder = conv_up(` is gone
        ("task depth { from = encoder, decoder = conv_updim = 24, depth = 0) }", "MTL004"),
        ("task depth {\n  weight\n  = 3\n}", "MTL012"),
    ],
)
def test_one_slip_in_a_text_is_one_error(task, code):
    assert codes(task=task) == [code]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("task depth { wieght = 3, loss = }", ["MTL101", "MTL011"]),
        ("task depth { weight = -1, decoder = conv_up(dim = 8 }", ["MTL104", "MTL003"]),
        ("task depth { decoder = conv_pu(dim = 8 }", ["MTL106", "MTL003"]),
        ("task depth { weight = , labels = $share }", ["MTL011", "MTL109"]),
        ("task depth {\n  weight\n  labels\n}", ["MTL012", "MTL012"]),
    ],
)
def test_two_mistakes_side_by_side_are_two_errors(task, expected):
    assert codes(task=task) == expected


def test_a_line_of_words_is_taken_for_a_comment():
    found = check(
        Source(
            "a.mtl",
            "the quick brown fox and two words\n"
            + SPEC.format(layer="shared a : tiny", task="task depth", train=""),
        )
    )
    assert [(each.code, each.hint) for each in found] == [("MTL030", "begin a comment with `#`")]


def test_a_layer_that_is_missing_is_one_error_at_all_its_uses():
    found = check(
        Source(
            "a.mtl",
            SPEC.format(
                layer="shared a : tiny\nshared b : fpn { from = x }", task="task depth { from = x }", train=""
            ),
        )
    )
    (each,) = [each for each in found if each.severity == "error"]
    assert (each.code, each.primary.span.line, [label.span.line for label in each.others]) == (
        "MTL203",
        3,
        [5],
    )


def test_without_any_layer_the_names_of_layers_are_not_told_again():
    assert codes(layer="", task="task depth { from = x }") == ["MTL213"]


def test_a_required_key_under_a_wrong_name_is_one_error():
    text = 'data folder { root = ".", manifest = "m.yaml", pixels = 64x64 }\nshared a : tiny\ntask depth'
    (each,) = (each for each in check(Source("a.mtl", text)) if each.code in ("MTL101", "MTL103"))
    assert (each.code, each.hint) == ("MTL101", "did you mean `size`, which data set `folder` needs?")


def test_a_misspelt_task_all_is_taken_for_it():
    text = "data rooms\nshared a : tiny\ntask al { weight = 2 }\ntask depth"
    (each,) = (each for each in check(Source("a.mtl", text)) if each.severity == "error")
    assert (each.code, each.hint) == ("MTL204", "did you mean `task all`?")


def test_without_any_layer_a_phase_that_freezes_one_is_not_told_again():
    assert codes(layer="", train="train { phase warm { steps = 3, freeze = [x] } }") == ["MTL213"]


def test_a_block_that_could_not_be_read_is_not_asked_for_its_label():
    assert codes(task="task depth\ntask far : depth { = depth }\ntask tags { label = }") == [
        "MTL012",
        "MTL011",
    ]
