"""What stands in place of an absent label changes nothing, bit for bit, and a task that is absent moves nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from test_every_kind import model_of, whole
from test_not_finite import learner, same
from test_step import batch_of, stepper, without_batch_norm
from toy import KINDS, SPEC, ToyPart, toy

from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.parts.balance import LossBalancer
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.losses import Loss
from mtlc.parts.part import named
from mtlc.parts.tasks import Task
from mtlc.schema import keys
from mtlc.training.balancing import Balancing, balancing
from mtlc.training.evaluate import _Tally

THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n")
LOSS_LEVEL = [word for word, part in named(LossBalancer).items() if part.__module__.startswith("mtlc.")]
GRADIENT_LEVEL = [
    word for word, part in named(GradientBalancer).items() if part.__module__.startswith("mtlc.")
]
PAIRS = [*LOSS_LEVEL, *GRADIENT_LEVEL, "nash { losses = random, every = 2 }", "upgrad { on = last_shared }"]
CPU = torch.device("cpu")
JUNK = [torch.nan, 1.0]


def losses_of(kind: str) -> Iterator[tuple[str, Loss]]:
    """The losses that the kind's key takes."""
    wanted = keys(named(Task)[kind])["loss"].type
    for part in named(wanted).values():
        if part.__module__.startswith("mtlc."):
            yield part.word, part()


EVERY = [(kind, word) for kind in KINDS for word, _ in losses_of(kind)]


def junked(batch: Batch, junk: float) -> Batch:
    """The batch with other values in place of its absent labels."""
    labels = {task: label.clone() for task, label in batch.labels.items()}
    for task, label in labels.items():
        absent = ~batch.present[task]
        label[absent] = torch.full_like(label[absent], 1 if not label.is_floating_point() else junk)
    return replace(batch, labels=labels)


def test_every_loss_of_the_catalogue_is_here() -> None:
    tried = {type(part) for kind in KINDS for _, part in losses_of(kind)}
    every = {each for each in _below(Loss) if each.__module__ == Loss.__module__ and each.module}
    assert tried == every


def _below(part: type) -> Iterator[type]:
    for each in part.__subclasses__():
        yield each
        yield from _below(each)


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(("kind", "loss"), EVERY)
def test_what_stands_there_changes_neither_loss_nor_step_nor_metrics(
    kind: str, loss: str, junk: float
) -> None:
    made = model_of(kind, ToyPart(bare=(kind,)))
    task = made.plan.tasks["it"]
    part = replace(task.part, loss=dict(losses_of(kind))[loss])
    spec = replace(made.plan.spec, tasks={"it": replace(task, part=part)})
    model = replace(made, plan=replace(made.plan, spec=spec))
    batch = whole(model)
    other = junked(batch, junk)
    assert not same(dict(batch.labels), dict(other.labels))
    found = []
    first = copy.deepcopy(model.train.state_dict())
    for each in (batch, other):
        model.load_state_dict(first)
        model.train.train()
        take, tally = stepper(model), _Tally(model.plan)
        taken = take(each)
        tally.add(model.infer.eval()(each.images), each)
        state = copy.deepcopy(model.train.state_dict())
        found.append((taken.losses, state, tally.scores("val", 8).as_dict()))
    assert found[0][0]["it"] > 0
    assert same(*found)


@pytest.mark.parametrize(("balance", "parts"), [(each, 1 + place % 2) for place, each in enumerate(PAIRS)])
def test_with_every_method_of_balancing(balance: str, parts: int) -> None:
    found = []
    for junk in (None, torch.nan):
        model = model_with(balance, bare=("depth",), blank=("edges",))
        take = learner(model, accumulate=parts, on_not_finite="skip")
        batch, lines = batch_of(model), []
        kept = copy.deepcopy(of_task(take._take.balancing.state_dict(), "edges", model))
        for step in range(3):
            taken = take(batch if junk is None else junked(batch, junk), step)
            assert taken.losses.keys() == {"semseg", "depth"}
            take._take.balancing.losses.observe(taken.losses, epoch_end=step == 1)
            assert same(of_task(take._take.balancing.state_dict(), "edges", model), kept)
            lines.append((taken.losses, taken.weights, taken.seen and taken.seen.weights))
        state = {"weights": model.train.state_dict(), "balancing": take._take.balancing.state_dict()}
        found.append((lines, state, take.optimizer.state_dict()))
    assert same(*found)


@pytest.mark.parametrize("balance", [*LOSS_LEVEL, *GRADIENT_LEVEL, "pcgrad { every = 3, losses = famo }"])
def test_a_task_that_is_absent_for_a_hundred_steps_changes_no_state(balance: str) -> None:
    """As balancing hears of steps: what it keeps of the task, and of all that it has to do with, stays."""
    model = model_with(balance)
    made, rng = balancing(model.plan, CPU), np.random.default_rng(0)
    for step in range(4):
        told(made, ("semseg", "depth", "edges"), step, rng)
    kept = copy.deepcopy(of_task(made.state_dict(), "depth", model))
    before = copy.deepcopy(made.state_dict())
    for step in range(4, 104):
        told(made, ("semseg", "edges"), step, rng)
    assert kept or balance == "equal"
    assert same(of_task(made.state_dict(), "depth", model), kept)
    assert balance == "equal" or not same(made.state_dict(), before)


def told(made: Balancing, present: tuple[str, ...], step: int, rng: np.random.Generator) -> None:
    """A step as the trainer takes it, of a model that is not there: its losses and gradients are random."""
    losses = {task: torch.tensor(rng.uniform(0.5, 2), requires_grad=True) for task in present}
    made.losses(losses).backward()
    with torch.no_grad():
        for weight in made.losses.parameters():
            weight -= 0.1 * weight.grad if weight.grad is not None else 0
            weight.grad = None
    numbers = {task: loss.item() for task, loss in losses.items()}
    if made.losses.norms:
        made.losses.see_norms({task: rng.uniform(0.5, 2) for task in present}, numbers)
    if made.losses.again:
        made.losses.look_again({task: loss * rng.uniform(0.8, 1) for task, loss in numbers.items()})
    if made.gradients:
        chooser, sets = made.gradients.chooser, {("semseg", "depth", "edges"): present}
        due = chooser.due(sets)
        for tasks in sets if due else ():
            rows = 1 + rng.standard_normal((len(present), 5))
            chooser.choose(tasks, present, rows @ rows.T)
        chooser.stepped(due)
    made.losses.observe(numbers, epoch_end=step % 2 == 1)


def model_with(balance: str, **data: Any) -> Model:
    """Three tasks on one encoder, without batch norms."""
    return without_batch_norm(toy(ToyPart(**data), THREE.replace("balance equal", f"balance {balance}")))


def of_task(state: Any, task: str, model: Model) -> dict[str, Any]:
    """All that a state keeps under the task's name, or under its place among the tasks where an optimiser keeps it."""
    found: dict[str, Any] = {}
    place = list(model.plan.tasks).index(task)

    def walk(here: Any, path: str, inside: bool) -> None:
        if isinstance(here, dict):
            for name, each in here.items():
                mine = name in (task, f"task_{task}") or str(name).endswith(f"_{task}")
                walk(
                    each,
                    f"{path}/{name}",
                    inside or mine or (path.endswith("optimizer/state") and name == place),
                )
        elif isinstance(here, list | tuple):
            for index, each in enumerate(here):
                walk(each, f"{path}/{index}", inside)
        elif inside:
            found[path] = here

    walk(state, "", False)
    return found
