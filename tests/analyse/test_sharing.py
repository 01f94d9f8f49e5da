"""Who shares what."""

from __future__ import annotations

from mtlc.analyse.sharing import sharing
from mtlc.api import planned

SPEC = """
data rooms
shared encoder : tiny
shared neck : fpn
layer own : fpn
task semseg { from = neck }
task depth
task edges { from = neck }
"""


def test_each_task_uses_the_layers_on_its_way_to_the_image(spec):
    assert sharing(planned(spec(SPEC)).graph).layers == {
        "semseg": ("encoder", "neck"),
        "depth": ("encoder", "neck", "own_depth"),
        "edges": ("encoder", "neck"),
    }


def test_steps_are_grouped_by_the_set_of_tasks_that_need_them(spec):
    groups = sharing(
        planned(spec(SPEC.replace("from = neck }\ntask depth", "from = encoder }\ntask depth"))).graph
    ).groups
    assert groups["semseg", "depth", "edges"] == ("encoder",)
    assert groups["depth", "edges"] == ("neck",)
    assert groups["semseg",] == ("semseg_decoder", "semseg_head")


def test_an_arrow_makes_the_sources_decoder_shared_in_one_direction(spec):
    users = sharing(planned(spec(SPEC + "links { depth -> edges via attention }\n")).graph).users
    assert users["depth_decoder"] == ("depth", "edges")
    assert users["edges_decoder"] == ("edges",)


def test_a_hub_is_shared_by_all_whose_streams_it_writes(spec):
    users = sharing(planned(spec(SPEC + "links { semseg <-> edges via kem }\n")).graph).users
    assert users["kem_1"] == users["semseg_decoder"] == ("semseg", "edges")
    assert users["semseg_head"] == ("semseg",)


def test_an_inner_prediction_is_its_tasks_own(spec):
    users = sharing(planned(spec(SPEC + "links { all via kem then trace_back }\n")).graph).users
    assert users["edges_auxiliary_1"] == ("edges",)
    assert users["edges_refine_4"] == ("edges",)
