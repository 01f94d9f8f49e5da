"""`train.recompute`: less is kept for the gradient, which is the same to the last bit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from test_not_finite import learner, same
from test_step import batch_of
from torch import nn
from toy import SPEC, ToyPart, toy

from mtlc.lower import Model
from mtlc.nn.recompute import blocks
from mtlc.training.loop import train
from mtlc.training.phases import recomputed

THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n")
LINKED = THREE.replace("linear(dim = 8)", "conv_up(dim = 8)").replace(
    "balance equal\n",
    """
links {
  all -> all via coherence(reduction = 2)
  all via kem(slots = 3, heads = 2, select = 5)
  all via trace_back(reduction = 2)
}
balance equal
""",
)
TIMM = THREE.replace("tiny { width = 8 }", 'timm { model = "resnet18", pretrained = false }')


def with_dropout(model: Model) -> Model:
    """Random numbers are drawn inside what is recomputed."""
    for module in list(model.module("encoder").modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.Sequential(nn.ReLU(), nn.Dropout(0.3)))
    return model


def trained(text: str, recompute: str, balance: str = "equal", **keys: Any) -> tuple[Any, ...]:
    model = with_dropout(
        toy(ToyPart(), text.replace("balance equal", f"balance {balance}"), train__recompute=recompute)
    )
    take, batch = learner(model, **keys), batch_of(model)
    torch.manual_seed(0)
    losses = [take(batch, step).losses for step in range(2)]
    found = (losses, copy.deepcopy(model.train.state_dict()), torch.get_rng_state())
    take.release()
    assert not any("forward" in vars(each) for each in model.train.modules())
    return found


@pytest.mark.parametrize(
    ("text", "recompute", "balance", "keys"),
    [
        (THREE, "[encoder]", "equal", {}),
        (THREE, "all", "uncertainty", {"accumulate": 2, "clip": 1.0}),
        (LINKED, "all", "lps", {}),
        (LINKED, "all", "upgrad", {}),
        (LINKED, "[encoder, depth]", "pcgrad { every = 2, on = last_shared }", {"accumulate": 2}),
        (THREE, "all", "gradnorm", {"precision": "bf16"}),
        (TIMM, "[encoder]", "equal", {}),
    ],
)
def test_a_step_is_the_same_to_the_last_bit(
    text: str, recompute: str, balance: str, keys: dict[str, Any]
) -> None:
    assert same(trained(text, recompute, balance, **keys), trained(text, "[]", balance, **keys))


def kept(text: str, recompute: str) -> int:
    """Numbers that a forward pass keeps for the gradient."""
    model = toy(ToyPart(), text, train__recompute=recompute)
    take, batch = learner(model), batch_of(model)
    model.train.train()
    found: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        found[tensor.data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = take._stepper.supervise.forward(batch)
    own = {each.data_ptr() for each in model.train.parameters()}
    del outputs
    return sum(count for place, count in found.items() if place not in own)


def test_less_is_kept() -> None:
    assert kept(LINKED, "all") < 0.5 * kept(LINKED, "[]")
    assert kept(TIMM, "[encoder]") < 0.6 * kept(TIMM, "[]")


def test_it_names_layers_and_what_tasks_have_of_their_own() -> None:
    steps = recomputed(toy(ToyPart(), LINKED, train__recompute="[encoder, depth]").plan)
    assert {"encoder", "depth_decoder", "depth_head", "coherence_1_depth"} <= set(steps)
    assert not any(each.startswith(("semseg", "kem")) for each in steps)
    plan = toy(ToyPart(), LINKED, train__recompute="all").plan
    assert set(recomputed(plan)) == set(plan.graph.steps)


def test_blocks_are_the_rows_parts_of_an_encoder_and_a_small_module_as_a_whole() -> None:
    encoder = toy(ToyPart(), TIMM).module("encoder")
    assert [type(each).__name__ for each in blocks(encoder)] == ["BasicBlock"] * 8
    conv = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
    assert list(blocks(conv)) == [conv] and not list(blocks(nn.ReLU()))


def test_a_block_that_changes_what_it_reads_is_refused() -> None:
    model = toy(ToyPart(), THREE, train__recompute="[encoder]")
    first = next(blocks(model.module("encoder").stages[1]))
    first.insert(0, nn.ReLU(inplace=True))
    with pytest.raises(RuntimeError, match="changes what it reads"):
        learner(model)(batch_of(model), 0)


def test_a_run_with_phases_ends_without_a_trace(tmp_path: Any) -> None:
    phases = "phase a { steps = 2, freeze = [encoder] }\n  phase b { steps = 2, tasks = [depth] }"
    model = toy(ToyPart(), THREE.replace("steps = 6", phases), train__recompute="all")
    train(model, tmp_path / "run", device="cpu")
    assert not any("forward" in vars(each) for each in model.train.modules())
    other = toy(ToyPart(), THREE.replace("steps = 6", phases))
    train(other, tmp_path / "other", device="cpu")
    assert same(dict(model.state_dict()), dict(other.state_dict()))
