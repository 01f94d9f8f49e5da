"""`train.compile`: torch.compile in a step, with the names of weights, and the gradients, of the model itself.

All but one test leave out the last stage of the compiler, C++: what they look at (graphs, backward passes, batch norms)
is settled before it, and C++ takes a minute for a small network.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from test_not_finite import learner, recorded
from test_step import batch_of
from torch import nn
from toy import SHARP, SPEC, ToyPart, toy

from mtlc.nn.losses import L1
from mtlc.training import compiling, directions
from mtlc.training.checkpoint import WEIGHTS, read_weights
from mtlc.training.compiling import compiled, require_compiler
from mtlc.training.cut import run
from mtlc.training.errors import ENVIRONMENT, RunError
from mtlc.training.loop import train

CPU = torch.device("cpu")
SMALL = SPEC.replace("tiny { width = 8 }", "tiny { width = 8, stages = [1] }")
LINKED = SMALL.replace("balance equal", "links { semseg -> depth via attention(heads = 2) }\nbalance equal")


@pytest.fixture
def without_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.compiler.reset()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    monkeypatch.setattr(compiling, "require_compiler", lambda device: None)


def taken(text: str, balance: str, compile: bool, **keys: Any) -> tuple[Any, ...]:
    text = text.replace("balance equal", f"balance {balance}")
    model = toy(ToyPart(bare=("depth",)), text, train__optimizer="sgd")
    model.train.double()
    take, losses = learner(model, compile=compile, **keys), []
    for step, size in enumerate((4, 3)):
        batch = batch_of(model, size)
        losses.append(take(replace(batch, images=batch.images.double()), step).losses)
    take.release()
    return losses, model.train.state_dict()


@pytest.mark.parametrize(
    ("text", "balance", "keys"),
    [
        (LINKED, "uncertainty", {}),
        (SMALL, "lps", {"accumulate": 2}),
        (LINKED, "pcgrad { every = 2, scope = joint }", {}),
    ],
)
@pytest.mark.usefixtures("without_cpp")
def test_steps_are_those_of_the_model_as_it_is(text: str, balance: str, keys: dict[str, Any]) -> None:
    losses, weights = taken(text, balance, True, **keys)
    wanted, others = taken(text, balance, False, **keys)
    for one, other in zip(losses, wanted, strict=True):
        assert one == pytest.approx(other, rel=1e-9)
    assert list(weights) == list(others)
    for name, each in others.items():
        torch.testing.assert_close(weights[name], each, rtol=1e-7, atol=1e-10)


@pytest.mark.usefixtures("without_cpp")
def test_what_several_backward_passes_go_through_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = toy(ToyPart(), SMALL.replace("balance equal", "balance upgrad { every = 3, scope = joint }"))
    take, batch, quick = learner(model, compile=True), batch_of(model), []
    found = take._stepper.directions
    monkeypatch.setattr(
        directions, "run", lambda cut, images: quick.append(cut is found._quick) or run(cut, images)
    )
    for step in range(4):
        take(batch, step)
    assert quick == [False, True, True, False]


@pytest.mark.usefixtures("without_cpp")
def test_a_run_keeps_the_names_of_weights_and_goes_on_from_them(tmp_path: Path) -> None:
    model = toy(ToyPart(val=4, test=4), SMALL, train__compile=True, train__save=2)
    names = list(model.state_dict())
    train(model, tmp_path, device="cpu", steps=4)
    stored = read_weights(next(tmp_path.rglob(WEIGHTS)))
    assert set(stored) == set(names) and not any("_orig_mod" in name for name in names)
    train(toy(ToyPart(val=4, test=4), SMALL, train__compile=True), tmp_path, device="cpu", resume=True)


@pytest.mark.usefixtures("without_cpp")
def test_what_tasks_agree_on_is_that_of_the_model_as_it_is(tmp_path: Path) -> None:
    text = SMALL.replace("balance equal", "agree { all via consistency(weight = 1) }\nbalance equal")
    told = []
    for compile in (True, False):
        model = toy(
            ToyPart(bare=("semseg",), val=0, test=0), text, train__compile=compile, train__optimizer="sgd"
        )
        train(model, tmp_path / str(compile), device="cpu", steps=2)
        told.append([line["agree"]["consistency"] for line in recorded(tmp_path / str(compile))])
    assert told[0] == pytest.approx(told[1], rel=1e-4) and min(told[0]) > 0


@pytest.mark.usefixtures("without_cpp")
def test_a_gradient_that_is_not_finite_is_found_and_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = L1.forward

    def forward(
        self: L1, prediction: torch.Tensor, label: torch.Tensor, totals: torch.Tensor
    ) -> torch.Tensor:
        marked = prediction[label[:, 0, 0, 0] == SHARP].sum()
        return whole(self, prediction, label, totals) + (marked - marked.detach()).sqrt()

    monkeypatch.setattr(L1, "forward", forward)
    model = toy(ToyPart(images=4, sharp=1), SMALL)
    take = learner(model, compile=True, on_not_finite="skip")
    before = copy.deepcopy(model.train.state_dict())
    unfit = take(batch_of(model), 0).unfit
    assert (
        unfit is not None and unfit.case == "the gradient of `depth` is not finite" and "train-1" in unfit.ids
    )
    assert all(torch.equal(each, before[name]) for name, each in model.train.state_dict().items())


def test_a_machine_without_a_compiler_is_told_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no_such_compiler")
    with pytest.raises(
        RunError, match="`compile` needs a C\\+\\+ compiler, and `no_such_compiler`"
    ) as caught:
        train(toy(ToyPart(), SMALL, train__compile=True), tmp_path, device="cpu")
    assert caught.value.exit_code == ENVIRONMENT and "train.compile" in str(caught.value.hint)


def test_what_cannot_be_translated_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(graph: Any, inputs: Any) -> Any:
        raise ValueError("no such operation")

    torch.compiler.reset()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    monkeypatch.setattr(compiling, "require_compiler", lambda device: None)
    with pytest.raises(RunError, match=r"step 1: torch.compile failed: .*no such operation") as caught:
        train(toy(ToyPart(), SMALL, train__compile=True), tmp_path, device="cpu")
    assert "train.compile" in str(caught.value.hint)


def test_a_module_goes_all_the_way_to_cpp() -> None:
    try:
        require_compiler(CPU)
    except RunError as error:
        pytest.skip(str(error))
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    again, x = copy.deepcopy(plain), torch.randn(2, 4)
    for module in (plain, compiled(again, CPU)):
        module(x).square().sum().backward()
    for one, other in zip(plain.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-5)
