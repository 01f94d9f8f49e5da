"""The torch module that a plan becomes: its graphs, names, weights, sizes, slices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from mtlc.api import planned
from mtlc.graph import TaskGraph
from mtlc.lower import lower
from mtlc.parts.part import Level, Levels, Part
from mtlc.plan import Plan, plan

TASKS = """
data rooms
shared encoder : tiny { width = 8 }
shared neck : fpn { dim = 8 }
task all { decoder = conv_up(dim = 8) }
task semseg { from = encoder }
task depth { decoder = linear(dim = 12, levels = [8, 16]) }
"""
EVERYTHING = """
task edges
links {
  semseg, depth via kem(slots = 3, select = 10%, heads = 2, at = 16)
  semseg <-> depth via coherence(reduction = 4)
  edges -> depth via attention(heads = 2)
  depth, edges via trace_back
}
"""


@pytest.fixture
def model(spec):
    """A built model of a text, in evaluation mode."""

    def make(text: str, *overrides: str):
        made = lower(planned(spec(text, *overrides)))
        made.train.eval()
        return made

    return make


def image(*size: int, batch: int = 2) -> torch.Tensor:
    return torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(0))


# the graphs


def test_one_step_is_one_call_and_an_item_for_each_further_feature_that_is_wanted(model):
    made = model(TASKS + EVERYTHING)
    calls = Counter(node.meta["step"] for node in made.train.graph.nodes if node.op == "call_module")
    assert calls == Counter(dict.fromkeys(made.plan.graph.steps, 1))
    wanted = {feature for step in made.plan.graph.steps.values() for feature in step.reads}
    for node in made.train.graph.nodes:
        if node.op == "call_function":
            step = made.plan.graph.steps[node.meta["step"]]
            assert len(step.writes) > 1
            assert step.writes[node.args[1]] in wanted


def test_the_printed_forward_reads_like_the_spec(model):
    code = model(TASKS + "links { semseg <-> depth via coherence }\n").infer.code
    lines = [line.split(";")[0].strip() for line in code.splitlines() if "=" in line]
    assert lines[:4] == [
        "encoder = self.encoder(image)",
        "neck = self.neck(encoder)",
        "semseg_decoder = self.semseg_decoder(encoder)",
        "semseg = semseg_decoder[0]",
    ]
    assert "semseg_1 = self.coherence_1_semseg(semseg, depth_for_coherence_1_semseg)" in lines
    assert "depth_prediction = self.depth_head(depth_1, image)" in lines
    assert "return {'semseg': semseg_prediction, 'depth': depth_prediction}" in code


def test_every_node_of_a_step_knows_its_place_in_the_spec(model):
    made = model(TASKS + EVERYTHING)
    nodes = [node for node in made.train.graph.nodes if node.op.startswith("call")]
    assert all(node.meta["span"] is made.plan.graph.steps[node.meta["step"]].span for node in nodes)


def test_the_train_graph_gives_predictions_and_auxiliary_ones_the_infer_graph_predictions(model):
    made = model(TASKS + EVERYTHING)
    predictions, inner = made.train(image(40, 48))
    assert list(predictions) == list(made.infer(image(40, 48))) == ["semseg", "depth", "edges"]
    assert list(inner) == [each.feature for each in made.plan.graph.auxiliaries]
    assert inner["depth_auxiliary_1"].shape == predictions["depth"].shape


def test_both_graphs_run_the_same_modules(model):
    made = model(TASKS)
    assert made.train.encoder is made.infer.encoder is made.slice(["depth"]).encoder
    assert made.module("depth_decoder") is made.train.depth_decoder


# names

AWKWARD = (
    "train",
    "class",
    "self",
    "max",
    "forward",
    "meta",
    "graph",
    "image",
    "_modules",
    "train_",
    "input",
)


def test_tasks_may_have_awkward_names(model):
    tasks = "".join(f"task {name} : edges {{ decoder = linear(dim = 8) }}\n" for name in AWKWARD)
    made = model(f"data rooms\nshared code : tiny {{ width = 8 }}\n{tasks}links {{ all via kem }}\n")
    for task, prediction in made.infer(image(32, 32)).items():
        assert prediction.shape == (2, 1, 32, 32), task
    assert tuple(made.infer(image(32, 32))) == AWKWARD


def test_layers_may_have_awkward_names(model):
    layers = "shared forward : tiny { width = 8 }\nlayer training : fpn { dim = 8 }\n"
    made = model(f"data rooms\n{layers}task edges\n")
    assert {"forward_", "training_edges"} <= {name for name, _ in made.train.named_children()}


# sizes


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (64, 31), (1, 1)])
def test_any_image_size_gives_predictions_of_that_size(model, size):
    made = model(TASKS + EVERYTHING)
    shapes = {task: tuple(found.shape) for task, found in made.infer(image(*size)).items()}
    assert shapes == {"semseg": (2, 15, *size), "depth": (2, 1, *size), "edges": (2, 1, *size)}


def test_encoders_pad_to_what_every_stride_of_the_graph_divides(model):
    assert model(TASKS).train.encoder.multiple == 32
    odd = model(
        'data rooms\nshared encoder : timm { model = "efficientnet_lite0" }\n'
        "task depth { decoder = linear(levels = [4, 8]) }\ntask edges\n"
    )
    assert odd.train.encoder.multiple == 32


# weights


def same(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_the_first_weights_follow_from_the_seed_alone(model):
    torch.manual_seed(1)
    first = model(TASKS)
    torch.manual_seed(2)
    assert same(first.train, model(TASKS).train)
    assert not same(first.train, model(TASKS, "train.seed=1").train)


def test_another_task_leaves_the_first_weights_of_the_others_alone(model):
    few, many = model(TASKS), model(TASKS + "task edges\ntask normals\n")
    for name in few.plan.graph.steps:
        assert same(few.module(name), many.module(name)), name


def test_two_alike_steps_start_from_other_weights(model):
    made = model(TASKS + "task edges\ntask saliency\n")
    assert not same(made.train.edges_decoder, made.train.saliency_decoder)


def test_building_leaves_the_random_state_alone(model):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    model(TASKS)
    assert torch.rand(1) == expected


def test_weights_go_out_and_in_again(model):
    made, other = model(TASKS + EVERYTHING), model(TASKS + EVERYTHING, "train.seed=5")
    other.load_state_dict(made.state_dict())
    assert same(made.train, other.train)
    assert list(made.state_dict()) == list(made.train.state_dict())


def test_only_parts_with_pretrained_load_weights(model):
    class Loaded(nn.Module):
        def load_pretrained(self) -> str:
            return "a file"

    text = (
        'data rooms\nshared encoder : timm { model = "efficientnet_lite0", pretrained = true }\ntask depth\n'
    )
    made = model(text)
    made.train.encoder = Loaded()
    assert made.load_pretrained() == {"encoder": "a file"}
    assert model(TASKS).load_pretrained() == {}


# slices


@pytest.mark.parametrize("tasks", [["semseg"], ["depth"], ["edges", "semseg"], ["semseg", "depth", "edges"]])
def test_a_slice_equals_the_whole_on_what_it_keeps(model, tasks):
    made = model(TASKS + EVERYTHING)
    whole, part = made.infer(image(37, 45)), made.slice(tasks)(image(37, 45))
    assert set(part) == set(tasks)
    assert all(torch.equal(part[task], whole[task]) for task in tasks)


def test_a_slice_drops_what_its_tasks_do_not_need(model):
    made = model(TASKS)
    assert {name for name, _ in made.slice(["semseg"]).named_children()} == {
        "encoder",
        "semseg_decoder",
        "semseg_head",
    }


def test_a_slice_of_an_unknown_task_names_the_tasks(model):
    with pytest.raises(KeyError, match="no task `dept`; the tasks are semseg, depth"):
        model(TASKS).slice(["dept"])


# torch's own tools

FEW_LEVELS = """
data rooms
shared encoder : tiny { width = 8 }
task all { decoder = linear(dim = 8, levels = [8, 16]) }
task semseg
task depth
links {
  all via kem(slots = 3, heads = 2, at = 16)
  semseg <-> depth via coherence
  semseg -> depth via attention
  depth via trace_back
}
"""


DISTILLED = """
data rooms
shared encoder : tiny { width = 8 }
task all { decoder = linear(dim = 8, levels = [8, 16]) }
task semseg
task depth { decoder = linear(dim = 12, levels = [8, 16]) }
task edges { decoder = aspp(dim = 8, levels = [16]) }
links {
  semseg, depth via sequential_attention(heads = 2) then mti(depth = 1)
  all -> semseg, depth via pad_net
}
"""
WHOLE = pytest.mark.parametrize("text", [FEW_LEVELS, DISTILLED], ids=["few_levels", "distilled"])


@WHOLE
def test_it_exports_at_a_stated_size_with_a_free_batch_and_nothing_of_training(model, text):
    made = model(text)
    free = {"image": {0: torch.export.Dim("batch")}}
    exported = torch.export.export(made.infer, (image(37, 45),), dynamic_shapes=free)
    assert any("auxiliary" in name for name in made.train.state_dict())
    assert not any("auxiliary" in name for name in made.infer.state_dict())
    assert not any("auxiliary" in name for name in exported.state_dict)
    assert not any("auxiliary" in str(node.meta.get("nn_module_stack")) for node in exported.graph.nodes)
    for batch in (1, 3):
        expected, found = (
            made.infer(image(37, 45, batch=batch)),
            exported.module()(image(37, 45, batch=batch)),
        )
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@WHOLE
def test_it_compiles_without_a_break_to_train_and_to_infer(model, text):
    made = model(text)
    expected = made.train(image(37, 45))
    torch._dynamo.reset()
    found = torch.compile(made.train, fullgraph=True, backend="eager")(image(37, 45))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        found = torch.compile(made.infer, fullgraph=True, backend="aot_eager")(image(37, 45))
    torch.testing.assert_close(found, expected[0], atol=1e-5, rtol=1e-4)


# failures


def test_a_failure_inside_a_step_says_which_and_where_in_the_spec(model):
    made = model(TASKS + EVERYTHING)
    made.train.coherence_2_depth.value = nn.Conv2d(5, 5, 1)
    for run in (made.train, made.infer, made.slice(["depth"])):
        with pytest.raises(RuntimeError) as caught:
            run(image(32, 32))
        assert made.failed_step(caught.value).name == "coherence_2_depth"
        assert made.explain_failure(caught.value) == "in `coherence_2_depth`, test.mtl:12"


def test_a_failure_elsewhere_belongs_to_no_step(model):
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    assert model(TASKS).explain_failure(caught.value) is None


# parts of one's own


class Shift(nn.Module):
    def __init__(self, *, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        return stream + self.by


@dataclass(frozen=True)
class ShiftPart(Part):
    """A part whose module is a class, or named in the part's own file."""

    module: ClassVar[str | type[Any] | None] = Shift
    by: float = 2.0

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return reads


class NamedShiftPart(ShiftPart):
    module = ":Shift"


@pytest.mark.parametrize("part", [ShiftPart(), NamedShiftPart()])
def test_a_parts_module_may_be_a_class_or_stand_in_the_parts_own_file(spec, part):
    base = planned(spec("data rooms\nshared encoder : tiny\ntask edges\n"))
    head = base.graph.steps["edges_head"]
    shapes = ((Level(3, 1),),)
    moved = replace(head, name="shift", part=part, reads=("image",), shapes=shapes)
    graph = TaskGraph({"shift": moved}, base.graph.outputs)
    built: Plan = plan(base.spec, graph)
    assert torch.equal(lower(built).infer(image(4, 4))["edges"], image(4, 4) + 2)
