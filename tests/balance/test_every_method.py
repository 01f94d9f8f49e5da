"""What holds for every loss-level balancing method of the catalogue."""

import copy
import importlib
import io
import math
from dataclasses import fields

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlc.parts.balance import LossBalancer
from mtlc.parts.part import named

TASKS = ("depth", "keys", "normals")  # `keys` is also the name of a method of dictionaries
METHODS = [word for word, part in named(LossBalancer).items() if part.__module__.startswith("mtlc.")]
every_method = pytest.mark.parametrize("method", METHODS)


def make(method, tasks=TASKS, **keys):
    """The balancer as the builder makes it: each key of the catalogue is a keyword of the constructor."""
    part = named(LossBalancer)[method]
    defaults = {f.name: f.default for f in fields(part)} | ({"seed": 7} if method == "random" else {})
    known = {name: value for name, value in keys.items() if name in defaults}
    file, name = part.module.split(":")
    return getattr(importlib.import_module(file), name)(tasks, **defaults | known)


def losses(*values, tasks=TASKS):
    return {t: torch.tensor(float(v)) for t, v in zip(tasks, values, strict=True) if v is not None}


def step(balancer, *values, tasks=TASKS, epoch_end=False):
    """One step as the trainer takes it: objective, a clipped step on what is learned, observation."""
    present = losses(*values, tasks=tasks)
    objective = balancer(present)
    parameters = list(balancer.parameters())
    if parameters and objective.isfinite() and objective.requires_grad:
        for p, g in zip(
            parameters, torch.autograd.grad(objective, parameters, allow_unused=True), strict=True
        ):
            p.data -= 0.0 if g is None else 0.1 * g.clamp(-1, 1)
    numbers = {task: loss.item() for task, loss in present.items()}
    if balancer.norms:
        balancer.see_norms({task: 1 + len(task) * loss for task, loss in numbers.items()}, numbers)
    if balancer.again:
        balancer.look_again({task: loss * (1 - 0.1 / len(task)) for task, loss in numbers.items()})
    balancer.observe(numbers, epoch_end=epoch_end)
    return objective.item()


def trained(method, **keys):
    """A balancer with some history, in the middle of a window."""
    balancer = make(method, **keys)
    for epoch in range(3):
        for i in range(2):
            step(balancer, 1.0 / (1 + epoch), 2.0 - 0.1 * i, 5.0 / (1 + epoch) ** 2, epoch_end=i == 1)
    step(balancer, 0.7, 1.1, 3.0)
    return balancer


def frozen(balancer):
    """Everything that is kept, in a form that `==` compares bit for bit."""
    return plain(balancer.state_dict()), balancer.weights()


def plain(state):
    if torch.is_tensor(state):
        return state.tolist()
    return {name: plain(value) for name, value in state.items()} if isinstance(state, dict) else state


@every_method
def test_one_task_alone_gives_a_positive_multiple_of_its_gradient(method):
    balancer = make(method, ("only",))
    for _ in range(4):
        loss = torch.tensor(0.8, requires_grad=True)
        (slope,) = torch.autograd.grad(balancer({"only": loss}), loss)
        assert 0 < slope < math.inf
        balancer.observe({"only": 0.8}, epoch_end=True)


@every_method
def test_the_order_in_which_tasks_are_declared_does_not_matter(method):
    order = (2, 0, 1)
    one, other = make(method, every=2), make(method, tuple(TASKS[i] for i in order), every=2)
    for values in [(1.0, 2.0, 3.0), (0.5, 1.9, 2.0), (0.4, 1.9, 0.3), (0.4, 1.2, 0.2), (0.1, 1.1, 0.2)]:
        a = step(one, *values)
        b = step(other, *(values[i] for i in order), tasks=other.tasks)
        assert a == pytest.approx(b, rel=1e-6)
    assert one.weights() == pytest.approx(other.weights(), rel=1e-6)


@every_method
def test_the_objectives_slopes_are_the_stated_weights(method):
    balancer = trained(method)
    present = {task: loss.requires_grad_() for task, loss in losses(0.7, 1.1, 3.0).items()}
    slopes = torch.autograd.grad(balancer(present), list(present.values()))
    for (task, weight), slope, loss in zip(balancer.weights().items(), slopes, present.values(), strict=True):
        projection = 1 / (1 + loss.item() + 1e-6) if method == "lps" else 1.0
        assert slope.item() == pytest.approx(weight * projection, rel=1e-6), task


@every_method
@pytest.mark.parametrize("every", ["epoch", 2])
def test_an_absent_task_keeps_its_weight_and_takes_part_again_later(method, every):
    balancer = trained(method, every=every)
    for _ in range(2):  # closes the window in which it was present
        step(balancer, None, 1.0, 1.0, epoch_end=True)
    weight = balancer.weights()["depth"]
    for i in range(4):
        step(balancer, None, 1.0 + i, 1.0, epoch_end=True)
    assert balancer.weights()["depth"] == weight
    assert math.isfinite(step(balancer, 1.0, 1.0, 1.0, epoch_end=True))


@every_method
def test_an_absent_task_has_no_part_in_the_objective(method):
    full, part = make(method, ("depth", "keys")), make(method, ("depth",))
    if method == "random":
        assert full(losses(3.0, None, tasks=full.tasks)).item() == 3.0
    else:
        assert full(losses(3.0, None, tasks=full.tasks)).item() == part({"depth": torch.tensor(3.0)}).item()


@every_method
def test_a_step_without_any_label_changes_no_weight(method):
    balancer = trained(method)
    before = balancer.weights()
    assert step(balancer, None, None, None) == 0.0
    assert balancer.weights() == before


@every_method
@pytest.mark.parametrize("every", ["epoch", 4])
def test_a_resumed_run_has_the_numbers_of_an_uninterrupted_one(method, every, tmp_path):
    uninterrupted = trained(method, every=every)  # step 7 of windows of 2 or of 4: half-filled either way
    torch.save(uninterrupted.state_dict(), tmp_path / "state.pt")
    resumed = make(method, every=every)
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert frozen(resumed) == frozen(uninterrupted)
    assert resumed.weights() != make(method).weights() or method == "equal" or every == 4
    for i in range(6):
        values = (0.5 / (i + 1), None if i == 2 else 1.0, 2.0)
        assert step(resumed, *values, epoch_end=i % 2 == 0) == step(
            uninterrupted, *values, epoch_end=i % 2 == 0
        )
        assert frozen(resumed) == frozen(uninterrupted)


@every_method
def test_a_saved_state_does_not_move_with_the_run(method):
    balancer = trained(method)
    state = balancer.state_dict()
    extra = copy.deepcopy(state.get("_extra_state"))
    step(balancer, 9.0, 9.0, 9.0, epoch_end=True)
    assert plain(state.get("_extra_state") or {}) == plain(extra or {})


@every_method
def test_the_state_goes_by_the_names_of_the_tasks(method):
    one = trained(method)
    buffer = io.BytesIO()
    torch.save(one.state_dict(), buffer)
    buffer.seek(0)
    other = make(method, TASKS[::-1])
    other.load_state_dict(torch.load(buffer, weights_only=True))
    assert other.weights() == one.weights()


LOSS = st.one_of(
    st.none(), st.sampled_from([0.0, math.nan, math.inf, 1e-30, 3e38]), st.floats(0, 1e4, width=32)
)


@every_method
@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(LOSS, LOSS, LOSS, st.booleans()), max_size=12), st.sampled_from(["epoch", 1, 3]))
def test_no_loss_makes_a_weight_that_is_negative_or_not_finite(method, steps, every):
    balancer = make(method, every=every)
    for *values, epoch_end in steps:
        step(balancer, *values, epoch_end=epoch_end)
        weights = balancer.weights().values()
        assert all(0 <= weight < math.inf for weight in weights)
        assert any(weights)
        assert "nan" not in repr(frozen(balancer))
        assert "inf" not in repr(frozen(balancer))
    assert math.isfinite(balancer(losses(1.0, 1.0, 1.0)).item())


@every_method
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_moves_nothing_but_the_clock(method, bad):
    balancer, twin = trained(method, every=100), trained(method, every=100)
    balancer.observe({"depth": bad}, epoch_end=False)
    twin.observe({}, epoch_end=False)
    assert frozen(balancer) == frozen(twin)


@every_method
def test_the_weights_carry_no_gradient_to_a_loss_of_an_earlier_step(method):
    balancer = trained(method)
    loss = torch.tensor(1.0, requires_grad=True)
    objective = balancer({"depth": loss})
    balancer.observe({"depth": objective.item()}, epoch_end=True)
    assert all(type(weight) is float for weight in balancer.weights().values())
    objective.backward()
    balancer({"depth": torch.tensor(1.0, requires_grad=True)}).backward()


@every_method
def test_a_linear_method_passes_the_same_gradients_whatever_the_losses_are(method):
    gradients = []
    for scale in (1.0, 3.0):
        balancer = trained(method)
        present = {task: loss.requires_grad_() for task, loss in losses(0.7, 1.1 * scale, scale).items()}
        inputs = [*present.values(), *balancer.parameters()]
        gradients.append([g.item() for g in torch.autograd.grad(balancer(present), inputs)])
    assert (gradients[0] == gradients[1]) == balancer.linear
