"""Gradient-level methods in a step: kept weights, the last shared module, parts of a batch, absent tasks, failures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_exact_gradients import CPU, one_by_one
from test_step import batch_of, without_batch_norm
from toy import SPEC, ToyPart, toy

from mtlc.analyse.partition import partition
from mtlc.training import conflict
from mtlc.training.balancing import balancing
from mtlc.training.errors import RunError
from mtlc.training.learner import Learner
from mtlc.training.loop import train
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n")
NECK = THREE.replace("task all", "shared neck : fpn { dim = 8 }\ntask all")


def model_of(balance, spec=THREE, **data):
    made = without_batch_norm(toy(ToyPart(**data), spec.replace("balance equal", f"balance {balance}")))
    made.train.double()
    return made


def learner(model, **keys):
    plan = replace(model.plan, spec=replace(model.plan.spec, train=replace(model.plan.train, **keys)))
    made = Learner(model, plan, legs(plan)[0], balancing(plan, CPU), Scaler(CPU, plan.train.precision), CPU)
    made.optimizer.step = lambda *_, **__: None
    return made


def double(batch):
    return replace(batch, images=batch.images.double())


def gradients(model):
    return {name: each.grad.clone() for name, each in model.train.named_parameters() if each.grad is not None}


def assert_weighted(model, rows, weights):
    """Every parameter has the sum of its tasks' gradients with the weights of its set."""
    found = gradients(model)
    for name, tasks in partition(model.plan).serves.items():
        here = [task for task in tasks if task in rows]
        factors = weights[tasks] if len(tasks) > 1 else dict.fromkeys(here, 1.0)
        wanted = sum(factors[task] * rows[task][name] for task in here)
        torch.testing.assert_close(found[name], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scope", ["set", "joint"])
def test_weights_are_kept_for_so_many_steps(scope):
    model = model_of(f"upgrad {{ every = 3, scope = {scope} }}")
    take, weights = learner(model), []
    for step in range(4):
        batch = double(batch_of(model, 2 + step))  # another batch in each step
        rows = one_by_one(model, batch)
        seen = take(batch, step).seen
        assert bool(seen.grams) == (step % 3 == 0)
        assert_weighted(model, rows, seen.weights)
        weights.append(seen.weights)
    assert weights[0] == weights[1] == weights[2] != weights[3]


@pytest.mark.parametrize("every", [1, 2])
def test_weights_come_from_the_last_module_that_all_share(every):
    model = model_of(f"mgda {{ on = last_shared, every = {every} }}", NECK)
    take, batch = learner(model), double(batch_of(model))
    rows = one_by_one(model, batch)
    tasks = tuple(model.plan.tasks)
    names = [
        name
        for name, served in partition(model.plan).serves.items()
        if served == tasks and name.startswith("neck")
    ]
    matrix = torch.stack([torch.cat([rows[task][name].flatten() for name in names]) for task in tasks])
    wanted = take._stepper.directions.chooser.method((matrix @ matrix.T).numpy(), tasks)
    for step in range(2):
        seen = take(batch, step).seen
        for chosen in seen.weights.values():
            np.testing.assert_allclose(
                [chosen[t] for t in tasks if t in chosen],
                [w for t, w in zip(tasks, wanted, strict=True) if t in chosen],
                rtol=1e-7,
            )
        assert_weighted(model, rows, seen.weights)


@pytest.mark.parametrize(
    "balance",
    [
        "upgrad",
        "pcgrad { losses = uncertainty }",
        "cagrad { on = last_shared }",
        "mgda { scope = joint, losses = lps }",
    ],
)
def test_a_batch_in_parts_gives_the_gradients_of_the_whole(balance):
    found = []
    for parts in (1, 3):
        model = model_of(balance, NECK, bare=("depth",))
        learner(model, accumulate=parts)(double(batch_of(model, 5)), 0)
        found.append(gradients(model))
    assert found[0].keys() == found[1].keys()
    for name, whole in found[0].items():
        torch.testing.assert_close(found[1][name], whole, rtol=1e-8, atol=1e-11)


def test_the_loss_level_method_weighs_losses_first():
    model = model_of("upgrad { losses = uncertainty }")
    batch = double(batch_of(model))
    rows = one_by_one(model, batch)
    take = learner(model)
    seen = take(batch, 0).seen
    half = {task: {name: each / 2 for name, each in row.items()} for task, row in rows.items()}  # exp(0)/2
    assert_weighted(model, half, seen.weights)
    learned = list(take._stepper.balancer.parameters())
    assert all(each.grad is not None and each.grad.abs() > 0 for each in learned)


@pytest.mark.parametrize("method", ["pcgrad", "nash", "upgrad"])
def test_an_absent_task_changes_nothing_that_is_kept(method):
    model = model_of(f"{method} {{ every = 2 }}")
    take = learner(model)
    full, without = (
        double(batch_of(model)),
        double(batch_of(model_of(method, bare=("depth", "semseg", "edges")))),
    )
    lacking = replace(without, labels={**full.labels, "depth": torch.zeros_like(full.labels["depth"])})
    take(full, 0)
    chooser = take._stepper.directions.chooser
    kept = {tasks: each["depth"] for tasks, each in chooser._kept.items() if "depth" in each}
    for step in range(1, 101):
        seen = take(lacking, step).seen
        assert all("depth" not in each for each in seen.weights.values() if each)
    assert {tasks: chooser._kept[tasks]["depth"] for tasks in kept} == kept


def test_two_tasks_with_opposed_losses_are_in_conflict():
    spec = SPEC.replace(
        "task semseg\ntask depth\n",
        "task one : saliency { loss = bce }\ntask two : saliency { loss = bce }\n",
    )
    model = model_of("upgrad", spec)
    pairs = [
        (name, name.replace("one", "two")) for name, _ in model.train.named_parameters() if "one" in name
    ]
    weights = dict(model.train.named_parameters())
    with torch.no_grad():
        for ours, theirs in pairs:
            weights[theirs].copy_(weights[ours])
        for name, each in weights.items():
            if "head" in name:
                each.mul_(
                    1e-3
                )  # all probabilities are near one half, where opposed labels have opposed gradients
    batch = double(batch_of(model))
    label = (batch.labels["one"] > 0.5).float()
    seen = learner(model)(replace(batch, labels={"one": label, "two": 1 - label}), 0).seen
    assert conflict.cosines(seen)["one", "two"] < -0.99
    assert conflict.conflicts(seen) == 1.0
    told = conflict.told(seen)
    assert told["cosines"][0][:2] == ["one", "two"]
    assert told["norms"].keys() == {"one", "two"}


def without_direction(model):
    """All gradients are 0: nash has no solution."""
    take = learner(model)
    method = take._stepper.directions.chooser.method
    method.weigh = lambda gram, tasks: type(method).weigh(method, 0 * gram, tasks)
    return take


@pytest.mark.parametrize("scope", ["set", "joint"])
@pytest.mark.parametrize("then", ["equal", "skip"])
def test_where_there_are_no_weights_the_spec_says_what_happens_and_it_is_counted(then, scope):
    model = model_of(f"nash {{ on_failure = {then}, scope = {scope} }}")
    batch = double(batch_of(model))
    rows = one_by_one(model, batch)
    take = without_direction(model)
    seen = take(batch, 0).seen
    sets = len(partition(model.plan).shared)
    assert take._stepper.directions.chooser.failures == (sets if scope == "set" else 1)
    if then == "equal":
        assert_weighted(model, rows, {tasks: dict.fromkeys(tasks, 1.0) for tasks in seen.weights})
    else:
        assert set(seen.weights.values()) == {None}
        shared = {name for names in partition(model.plan).shared.values() for name in names}
        assert not shared & gradients(model).keys()


def test_no_weights_can_end_the_run_and_says_why(tmp_path):
    model = toy(text=SPEC.replace("balance equal", "balance nash { on_failure = stop }"))
    with torch.no_grad():
        for name, each in model.train.named_parameters():
            if "head.predict.weight" in name and "depth" in name:
                each.zero_()  # nothing flows back into what is shared
    with pytest.raises(
        RunError, match=r"step 1: the gradient method found no weights: the gradient of `depth` is 0"
    ):
        train(model, tmp_path / "run", device="cpu")


class Scaled(Scaler):
    """A scaler at one scale, of which a gradient of 64 bits never overflows."""

    scale = 1.0

    def __init__(self, scale):
        super().__init__(torch.device("cpu"), "fp32")
        self.scale = scale

    def scaled(self, objective):
        return objective * self.scale

    def unscale(self, optimizer):
        for group in optimizer.param_groups:
            for each in group["params"]:
                if each.grad is not None:
                    each.grad.div_(self.scale)

    def step(self, optimizer):
        return True


def test_with_fp16_the_scale_of_the_loss_changes_no_direction():
    found = []
    for scale in (1.0, 1024.0):
        model = model_of("nash")
        take = learner(model)
        take._stepper.supervise.scaler = take._stepper.move.scaler = Scaled(scale)
        take(double(batch_of(model)), 0)
        found.append(gradients(model))
    for name, each in found[0].items():
        torch.testing.assert_close(found[1][name], each, rtol=1e-9, atol=1e-12)


def test_a_frozen_trunk_leaves_nothing_to_weigh():
    spec = THREE.replace("  save = 2\n", "  phase heads { steps = 2, freeze = [encoder] }\n")
    model = model_of("upgrad { scope = joint }", spec)
    batch = double(batch_of(model))
    assert learner(model)(batch, 0).seen.weights == {}
    assert not any(name.startswith("encoder") for name in gradients(model))
    with pytest.raises(RunError, match="no weights that learn and that all tasks share"):
        learner(model_of("upgrad { on = last_shared }", spec))


def test_gradnorm_sees_the_gradients_of_the_last_shared_module():
    model = model_of("gradnorm { alpha = 0, lr = 0.01 }", NECK)
    batch = double(batch_of(model))
    rows = one_by_one(model, batch)
    take = learner(model)
    told = []
    take._stepper.balancer.see_norms = lambda norms, losses: told.append((norms, losses))
    taken = take(batch, 0)
    (norms, losses), tasks = told[0], tuple(model.plan.tasks)
    names = [n for n, t in partition(model.plan).serves.items() if t == tasks and n.startswith("neck")]
    for task in tasks:
        length = torch.cat([rows[task][name].flatten() for name in names]).norm()
        assert norms[task] == pytest.approx(length.item(), rel=1e-6)
    assert losses == pytest.approx(taken.losses)
    assert_weighted(model, rows, {t: dict.fromkeys(t, 1.0) for t in partition(model.plan).shared})


def test_famo_measures_the_same_batch_again_after_the_step():
    model = model_of("famo")
    take, batch = learner(model), double(batch_of(model))
    told = []
    take._stepper.balancer.look_again = told.append
    take.optimizer.step = lambda *_, **__: [
        p.data.sub_(0.1 * p.grad) for p in model.train.parameters() if p.grad is not None
    ]
    buffers = [each.clone() for each in model.train.buffers()]
    taken = take(batch, 0)
    now = [each.clone() for each in model.train.buffers()]
    again = take(batch, 1)
    assert told[0] == pytest.approx(again.losses, rel=1e-6)
    assert told[0] != pytest.approx(taken.losses, rel=1e-3)
    assert len(buffers) == len(now)
