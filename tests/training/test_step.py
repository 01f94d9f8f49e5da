"""One optimiser step: parts of a batch, absent labels, clipping, and numbers that are not finite."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from toy import SPEC, ToyPart, toy

from mtlc.data.batch import Target
from mtlc.data.loader import in_order
from mtlc.data.open import open_data
from mtlc.training.balancing import balancing
from mtlc.training.device import Arithmetic
from mtlc.training.finite import NotFinite
from mtlc.training.objective import Objective
from mtlc.training.optimizer import make_optimizer
from mtlc.training.scaler import Scaler
from mtlc.training.step import Stepper
from mtlc.training.whole import cut

SUPERVISED = SPEC.replace(
    "balance", "links { semseg, depth via trace_back(supervise = 0.5) }\ntask semseg { weight = 3 }\nbalance"
).replace("task semseg\n", "").replace("linear(dim = 8)", "conv_up(dim = 8, depth = 1)")  # fmt: skip


def batch_of(model, size=4):
    targets = [Target.of(task) for task in model.plan.tasks.values()]
    return next(in_order(open_data(model.plan.data, "train"), targets, size))


def stepper(model, **keys):
    plan = model.plan
    balancer = balancing(plan, torch.device("cpu")).losses
    optimizer = make_optimizer(plan.train.optimizer, {1.0: model.train.parameters()}, balancer.parameters())
    arithmetic = Arithmetic(torch.device("cpu"), keys.pop("precision", "fp32"))
    defaults = {"arithmetic": arithmetic, "clip": None, "accumulate": 1}
    scaler = Scaler(arithmetic.device, arithmetic.precision)
    return Stepper(model.train, Objective(plan), balancer, optimizer, scaler, None, **(defaults | keys))


def without_batch_norm(model):
    """Batch norms see a part at a time: with them, parts cannot equal the whole."""
    for module in model.train.modules():
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.GroupNorm(1, child.num_features))
    return model


def gradients(model, balance, accumulate):
    take = stepper(model, accumulate=accumulate)
    take.optimizer.step = lambda: None
    taken = take(batch_of(model))
    learned = [p.grad for p in take.balancer.parameters()]
    return taken, [p.grad for p in model.train.parameters() if p.grad is not None] + learned


@pytest.mark.parametrize("balance", ["equal", "uncertainty", "lps", "dwa", "random"])
@pytest.mark.parametrize("accumulate", [2, 3])
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(balance, accumulate):
    model = without_batch_norm(
        toy(ToyPart(bare=("depth",)), SUPERVISED, balance=balance, train__optimizer="sgd")
    )
    other = copy.deepcopy(model)
    whole, expected = gradients(model, balance, 1)
    parts, got = gradients(other, balance, accumulate)
    assert parts.losses == pytest.approx(whole.losses, rel=1e-5)
    assert parts.auxiliary == pytest.approx(whole.auxiliary, rel=1e-5)
    for one, another in zip(got, expected, strict=True):
        assert (one - another).norm() <= 1e-5 * another.norm() + 1e-6


def test_measuring_the_losses_first_moves_no_running_mean_a_second_time():
    model = toy(balance="lps")
    other = copy.deepcopy(model)
    gradients(model, "lps", 2)
    with torch.no_grad():
        other.train.train()
        for part in cut(batch_of(other), 2):
            other.train(part.images)
    for one, another in zip(model.train.buffers(), other.train.buffers(), strict=True):
        assert torch.allclose(one, another, rtol=1e-3, atol=1e-5)


def test_a_batch_is_cut_into_nearly_equal_parts_and_never_into_empty_ones():
    batch = batch_of(toy(), 5)
    assert [len(part) for part in cut(batch, 2)] == [2, 3]
    assert [len(part) for part in cut(batch, 9)] == [1] * 5
    assert sum((part.ids for part in cut(batch, 3)), ()) == batch.ids


def test_an_auxiliary_loss_has_its_own_and_its_tasks_weight():
    model = toy(text=SUPERVISED)
    take = stepper(model)
    batch = batch_of(model)
    totals = take.objective.totals([batch])
    outputs = take.supervise.forward(batch).outputs
    alone = [
        each.weight * take.objective.weights[each.task]
        * take.objective.loss(each.task, outputs[1][each.feature], batch.labels[each.task], totals)
        for each in model.plan.graph.auxiliaries
    ]  # fmt: skip
    losses = take.objective(outputs, batch, totals)
    assert {each.task for each in model.plan.graph.auxiliaries} == {"semseg", "depth"}
    assert take.objective.weights == {"semseg": 3, "depth": 1}
    assert sum(losses.auxiliary.values()).item() == pytest.approx(sum(alone).item(), rel=1e-5)


def test_a_task_without_any_label_in_the_batch_has_no_loss_and_its_weights_stay():
    model = toy(ToyPart(blank=("depth",)), SUPERVISED)
    before = copy.deepcopy(dict(model.train.named_parameters()))
    taken = stepper(model)(batch_of(model))
    assert set(taken.losses) == {"semseg"}
    moved = {name for name, each in model.train.named_parameters() if not torch.equal(each, before[name])}
    assert any(name.startswith("semseg") for name in moved)
    assert not any(name.startswith("depth") for name in moved)


def test_a_batch_without_any_label_changes_nothing():
    model = toy(ToyPart(blank=("depth", "semseg")))
    before = copy.deepcopy(model.train.state_dict())
    taken = stepper(model)(batch_of(model))
    assert taken.empty
    assert all(torch.equal(each, before[name]) for name, each in model.train.state_dict().items())


def test_the_gradient_is_cut_to_its_largest_norm():
    model = toy()
    take = stepper(model, clip=1e-3)
    take.optimizer.step = lambda: None
    take(batch_of(model))
    norm = torch.nn.utils.get_total_norm([p.grad for p in model.train.parameters()])
    assert norm.item() == pytest.approx(1e-3, rel=1e-3)


def test_a_loss_that_is_not_finite_names_task_and_sample():
    model = without_batch_norm(toy(ToyPart(images=4, poison=2)))
    before = copy.deepcopy(model.train.state_dict())
    with pytest.raises(NotFinite, match=r"the loss of `semseg`, `depth` is not finite, in sample `train-2`$"):
        stepper(model)(batch_of(model))
    assert all(torch.equal(each, before[name]) for name, each in model.train.state_dict().items())


def test_with_batch_norm_all_samples_that_were_computed_together_are_named():
    model = toy(ToyPart(images=4, poison=2))
    with pytest.raises(NotFinite, match=r"all 4 that were computed together"):
        stepper(model)(batch_of(model))


def test_a_gradient_that_is_not_finite_names_the_weights_and_changes_none():
    model = toy()
    before = copy.deepcopy(dict(model.train.named_parameters()))
    name, weight = next(iter(model.train.named_parameters()))
    weight.register_hook(lambda grad: grad * torch.inf)
    with pytest.raises(NotFinite, match=f"the gradient of .* is not finite, in .* at the weights `{name}`"):
        stepper(model)(batch_of(model))
    assert all(torch.equal(each, before[n]) for n, each in model.train.named_parameters())


def test_bf16_computes_the_forward_pass_in_16_bits_and_the_loss_in_32():
    model = toy()
    take = stepper(model, precision="bf16")
    batch = batch_of(model)
    predictions, _ = take.supervise.forward(batch).outputs
    assert {each.dtype for each in predictions.values()} <= {torch.bfloat16, torch.float32}
    exact = {task: each.clone() for task, each in stepper(model).supervise.forward(batch).outputs[0].items()}
    assert any(not torch.equal(predictions[task].float(), exact[task]) for task in exact)
    losses = take.objective((predictions, {}), batch, take.objective.totals([batch]))
    assert {each.dtype for each in losses.main.values()} == {torch.float32}
