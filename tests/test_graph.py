"""The task graph: what verify accepts, what rewriting keeps, what predictions need."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import pytest

from mtlc.graph import Auxiliary, IllegalGraph, Step, TaskGraph, needed, rewrite, verify, view
from mtlc.parts.encoders import Tiny
from mtlc.parts.layers import Fpn
from mtlc.parts.part import Level
from mtlc.source import Source

SPAN = Source("test.mtl", "x").span(0, 1)


def step(name: str, reads: str, writes: str, **more) -> Step:
    return Step(name, Fpn(), tuple(reads.split()), tuple(writes.split()), None, SPAN, **more)


def graph(*steps: Step, auxiliaries=(), **outputs: str) -> TaskGraph:
    return TaskGraph({each.name: each for each in steps}, outputs, auxiliaries)


ENCODER, NECK = step("encoder", "image", "encoder"), step("neck", "encoder", "neck")


def test_steps_in_an_order_in_which_they_can_run_are_legal():
    verify(graph(ENCODER, NECK, depth="neck"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (graph(NECK, ENCODER, depth="neck"), "reads `encoder` before it is written"),
        (graph(ENCODER, step("again", "image", "encoder"), depth="encoder"), "a second time"),
        (graph(ENCODER, step("own", "image", "image"), depth="encoder"), "a second time"),
        (graph(ENCODER, depth="nothing"), "nothing writes the output `nothing`"),
        (graph(ENCODER, depth="encoder", auxiliaries=(Auxiliary("depth", "no", 1.0),)), "output `no`"),
        (graph(replace(ENCODER, training=True), NECK, depth="neck"), "training-only step `encoder`"),
        (TaskGraph({"other": ENCODER}, {"depth": "encoder"}), "under the name `other`"),
        (graph(replace(ENCODER, shapes=((Level(8, 4),),) * 2), depth="encoder"), "with 2 shapes"),
    ],
)
def test_every_kind_of_illegal_graph_is_told_apart(wrong, said):
    with pytest.raises(IllegalGraph, match=said):
        verify(wrong)


def test_a_rule_gives_a_step_several_steps_or_none_for_not_me():
    def rule(each):
        if each.name == "encoder":
            return None
        return [replace(each, writes=("inner",)), step("last", "inner", "neck")]

    made = rewrite(graph(ENCODER, NECK, depth="neck"), rule)
    assert list(made.steps) == ["encoder", "neck", "last"]
    verify(made)


def test_a_rule_that_gives_one_step_replaces_it():
    made = rewrite(graph(ENCODER, depth="encoder"), lambda each: replace(each, part=Tiny()))
    assert made.steps["encoder"].part == Tiny()


def test_what_a_feature_needs_goes_back_to_the_image():
    whole = graph(ENCODER, NECK, step("other", "encoder", "other"), depth="neck")
    assert needed(whole, ["neck"]) == {"encoder", "neck"}
    assert needed(whole, ["image"]) == set()


def test_the_levels_of_the_image_are_known_before_any_pass():
    assert graph(ENCODER, depth="encoder").levels() == {"image": (Level(3, 1),)}


def test_a_hub_is_a_star_in_the_view():
    hub = step("hub", "a b", "a_1 b_1")
    heads = step("a_head", "a_1", "x"), step("b_head", "b_1", "y")
    steps = (ENCODER, step("da", "encoder", "a"), step("db", "encoder", "b"), hub, *heads)
    digraph = view(graph(*steps, a="x", b="y"))
    assert (digraph.in_degree("hub"), digraph.out_degree("hub")) == (2, 2)
    assert nx.is_directed_acyclic_graph(digraph)
    assert digraph.edges["image", "encoder"]["feature"] == "image"
