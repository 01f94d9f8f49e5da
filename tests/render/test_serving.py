"""The level `gradients`: which tasks each step's parameters serve, in colours, and where a method weighs gradients."""

from __future__ import annotations

import re

import pytest

from mtlc.cli.render_command import serving
from mtlc.render import dot, svg
from mtlc.render.colours import NEUTRAL, task_colour, tint

SETS = """
data rooms { size = 32x32 }
shared encoder : tiny { width = 8 }
shared neck : fpn { dim = 8 }
task semseg
task depth
task edges { from = encoder, decoder = linear(dim = 8, levels = [4, 8]) }
links { semseg -> depth via attention(heads = 2) \n semseg, depth via nddr }
"""


@pytest.fixture
def text(drawn):
    def read(more=""):
        graph, spec = drawn(SETS + more)
        return dot(graph, spec, "gradients", serving(spec, graph))

    return read


def node(text, name):
    return next(line.strip() for line in text.splitlines() if line.strip().startswith(f'"{name}" ['))


def test_a_step_has_a_stripe_for_each_task_that_its_parameters_serve(text):
    found = text()
    for step, tasks in {"encoder": (0, 1, 2), "neck": (0, 1), "semseg_decoder": (0, 1)}.items():
        colours = ":".join(tint(task_colour(task)) for task in tasks)
        assert f'fillcolor="{colours}"' in node(found, f".serves.{step}")
    assert '".serves.edges_decoder"' not in found and '".serves.nddr_2"' not in found


def test_sets_of_tasks_have_letters_and_stand_below_with_what_they_share(text):
    found = text()
    assert re.search(r"A  [\d.]+k?\\nB  [\d.]+k", node(found, "encoder"))
    assert "A  all tasks: " in found and "B  semseg, depth: " in found
    assert re.search(r"nddr\\nsemseg  [\d.k]+\\ndepth  [\d.k]+", node(found, "nddr_2"))


def test_without_a_gradient_level_method_it_says_that_gradients_are_summed(text):
    found = text("balance uncertainty")
    assert "gradients are summed" in found and "one backward pass, of the weighted sum" in found
    assert f'color="{NEUTRAL}"' in node(found, "encoder")


def test_with_one_what_it_weighs_has_a_thick_outline_and_how_is_said(text):
    found = text("balance upgrad")
    assert "gradients are weighed" in found and "upgrad: weights for each of 2 sets of tasks" in found
    for step, thick in {
        "encoder": True,
        "depth_decoder": True,
        "nddr_2": False,
        "edges_decoder": False,
    }.items():
        assert ("penwidth=2.2" in node(found, step)) == thick


def test_one_task_alone_has_no_sets(drawn):
    graph, spec = drawn("data rooms { size = 32x32 }\nshared encoder : tiny { width = 8 }\ntask depth\n")
    found = dot(graph, spec, "gradients", serving(spec, graph))
    assert ".serves." not in found and "several tasks" not in found and "A  " not in found


def test_it_needs_to_know_who_is_served(drawn):
    graph, spec = drawn(SETS)
    with pytest.raises(ValueError, match="gradients"):
        dot(graph, spec, "gradients")


def test_it_is_drawn(text):
    drawn = svg(text("balance upgrad"))
    assert "all tasks" in drawn and "encoder" in drawn
