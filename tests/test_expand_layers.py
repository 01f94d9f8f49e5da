"""Layers in the task graph: encoders cut into stages, and links that run within them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from mtlc.api import planned
from mtlc.diagnostics import Diagnostics
from mtlc.expand import expand
from mtlc.graph import TaskGraph, verify
from mtlc.lower import Model, lower
from mtlc.nn.tiny import Tiny

OWN = """
data rooms
layer encoder : tiny { width = 8 }
task semseg
task depth
task edges
links { semseg <-> depth via cross_stitch(at = encoder) }
"""
MASKED = """
data rooms
shared encoder : tiny { width = 8 }
task semseg
task depth
task edges
links { semseg, depth via mtan(at = encoder) }
"""


@pytest.fixture
def graph(spec):
    def make(text: str) -> TaskGraph:
        made = expand(spec(text), Diagnostics())
        verify(made)
        return made

    return make


@pytest.fixture
def model(spec):
    def make(text: str) -> Model:
        torch.manual_seed(0)
        return lower(planned(spec(text)))

    return make


def test_a_stage_reads_what_was_mixed_after_the_one_before(graph):
    made = graph(OWN)
    producers = made.producers()
    for before, after in pairwise(range(1, 5)):
        for task in ("semseg", "depth"):
            (read,) = made.steps[f"encoder_{task}_{after}"].reads
            assert producers[read].name == f"cross_stitch_1_{before}"
            assert producers[made.steps[f"{task}_decoder"].reads[0]].name == "cross_stitch_1_4"


def test_a_task_outside_of_the_line_keeps_its_encoder_whole(graph):
    made = graph(OWN)
    assert made.steps["edges_decoder"].reads == ("encoder_edges",)
    assert made.steps["encoder_edges"].reads == ("image",)


def test_two_lines_at_one_layer_follow_each_other_after_every_stage(graph):
    made = graph(OWN.replace("encoder) }", "encoder) then nddr(at = encoder) }"))
    assert made.steps["nddr_2_3"].reads == made.steps["cross_stitch_1_3"].writes


def test_masks_give_each_task_of_the_line_levels_of_its_own(graph):
    made = graph(MASKED)
    producers = made.producers()
    reads = {task: made.steps[f"{task}_decoder"].reads[0] for task in made.outputs}
    assert producers[reads["semseg"]].name == producers[reads["depth"]].name == "mtan_1"
    assert reads["semseg"] != reads["depth"] and reads["edges"] == "encoder"


def test_cut_encoders_share_their_first_half(graph):
    made = graph(
        """
        data rooms
        shared early : tiny { stages = [1, 2] }
        layer late : tiny { stages = [3, 4] }
        task semseg
        task depth
        """
    )
    assert made.steps["late_semseg"].reads == made.steps["late_depth"].reads == ("early",)


def test_a_cut_encoder_gives_the_levels_of_a_whole_one(spec):
    def levels(encoders: str):
        plan = planned(spec(f"data rooms\n{encoders}\ntask depth"))
        (read,) = plan.graph.steps["depth_decoder"].reads
        return plan.graph.levels()[read]

    cut = 'shared a : timm { model = "resnet18", stages = [1, 2] }\nlayer b : timm { model = "resnet18", '
    assert levels(cut + "stages = [3, 4, 5] }") == levels('shared a : timm { model = "resnet18" }')


class Stitched(nn.Module):
    """Misra et al. by hand: an encoder for each task, mixed after each of its four stages."""

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            Tiny(width=8, stages=None, taps=False, multiple=32) for _ in range(tasks)
        )
        self.mixing = nn.ParameterList(torch.randn(tasks, tasks, 8 * 2**i) for i in range(4))

    def forward(self, image: torch.Tensor) -> list[list[torch.Tensor]]:
        now = [each.stem((image - 0.5) / 0.25) for each in self.encoders]
        levels: list[list[torch.Tensor]] = [[] for _ in now]
        for i, weights in enumerate(self.mixing):
            out = [each.stages[i](x) for each, x in zip(self.encoders, now, strict=True)]
            now = [sum(w[:, None, None] * x for w, x in zip(row, out, strict=True)) for row in weights]
            for mine, x in zip(levels, now, strict=True):
                mine.append(x)
        return levels


def test_the_compiled_encoders_equal_stitched_ones_written_by_hand(model):
    built, by_hand = model(OWN), Stitched(2)
    for place, task in enumerate(("semseg", "depth")):
        whole = by_hand.encoders[place]
        for stage in range(1, 5):
            piece = built.module(f"encoder_{task}_{stage}")
            piece.stages[0].load_state_dict(whole.stages[stage - 1].state_dict())
            if stage == 1:
                piece.stem.load_state_dict(whole.stem.state_dict())
    for stage, weights in enumerate(by_hand.mixing, 1):
        for row, of in zip(built.module(f"cross_stitch_1_{stage}").weight, weights.detach(), strict=True):
            row.data.copy_(of)
    built.train.eval(), by_hand.eval()
    image, seen = torch.rand(2, 3, 64, 64), {}
    for task in ("semseg", "depth"):
        built.module(f"{task}_decoder").register_forward_hook(
            lambda _, args, out, task=task: seen.update({task: args[0]})
        )
    with torch.no_grad():
        built.infer(image)
        for task, levels in zip(("semseg", "depth"), by_hand(image), strict=True):
            torch.testing.assert_close(seen[task], levels)


@pytest.mark.parametrize("text", [OWN, MASKED])
def test_a_model_with_links_within_its_layers_exports_and_slices(model, text):
    built = model(text)
    image = torch.rand(2, 3, 45, 61)
    built.train.eval()
    with torch.no_grad():
        whole, part = built.infer(image), built.slice(["depth"])(image)
    assert torch.equal(whole["depth"], part["depth"])
    free = {0: torch.export.Dim("batch", min=1, max=8)}
    program = torch.export.export(built.infer, (image,), dynamic_shapes=(free,))
    torch.testing.assert_close(program.module()(image[:1]), built.infer(image[:1]))


@pytest.mark.parametrize(
    ("line", "layers", "said"),
    [
        ("all via cross_stitch(at = encoder)", "shared encoder : tiny", "is shared"),
        ("all via mtan(at = encoder)", "layer encoder : tiny", "every task has its own"),
        ("all via nddr(at = neck)", "layer encoder : tiny\nlayer neck : fpn", "`neck` is none"),
        ("all via nddr(at = encode)", "layer encoder : tiny", "no layer `encode`"),
        ("all via nddr(at = encoder)", 'layer encoder : timm { model = "hrnet_w18" }', "cannot be cut"),
        (
            "all via mtan(at = encoder)",
            'shared encoder : timm { model = "regnety_002" }',
            "one block",
        ),
        ("all via mtan(at = encoder)", "shared encoder : tiny\nshared neck : fpn", "cannot read `encoder`"),
        ("all via mtan", "shared encoder : tiny", "needs `at`"),
    ],
)
def test_a_link_at_a_layer_that_does_not_fit_is_one_mistake_that_says_why(found, line, layers, said):
    (each,) = found(f"data rooms\n{layers}\ntask semseg\ntask depth\nlinks {{ {line} }}\n")
    assert said in each.message and each.hint


def test_naming_a_task_that_does_not_read_the_layer_is_a_mistake(found):
    (each,) = found(
        """
        data rooms
        shared early : tiny { stages = [1, 2] }
        layer encoder : tiny { stages = [3, 4] }
        task semseg
        task depth
        task edges { from = early }
        links { semseg, edges via nddr(at = encoder) }
        """
    )
    assert each.code == "MTL210" and "`edges` does not read" in each.message
