"""The partition, and every gradient of a step, against one autograd call for each task: on random graphs, float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_random_graphs import KINDS, LINKS, specs
from test_step import batch_of
from toy import ToyPart

from mtlc.analyse.partition import partition
from mtlc.api import build, load
from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import named
from mtlc.source import Source
from mtlc.training.balancing import balancing
from mtlc.training.learner import Learner
from mtlc.training.objective import Objective
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

CPU = torch.device("cpu")
METHODS = [
    word for word in named(GradientBalancer) if word not in ("nash", "fairgrad")
]  # these two may have no weights
Rows = Mapping[str, Mapping[str, torch.Tensor]]


def one_by_one(model: Model, batch: Batch) -> Rows:
    """Each task's gradient by parameter name, from an autograd call of its own; unreached parameters are left out."""
    objective = Objective(model.plan)
    losses = objective(model.train(batch.images), batch, objective.totals([batch]))
    parameters = dict(model.train.named_parameters())
    found = {}
    for task, loss in objective.weighted(losses.main).items():
        whole = loss + losses.auxiliary.get(task, 0.0)
        gradients = torch.autograd.grad(
            whole, list(parameters.values()), retain_graph=True, allow_unused=True
        )
        found[task] = {n: g for n, g in zip(parameters, gradients, strict=True) if g is not None}
    return found


def learner(model: Model) -> Learner:
    plan = model.plan
    made = Learner(model, plan, legs(plan)[0], balancing(plan, CPU), Scaler(CPU, "fp32"), CPU)
    made.optimizer.step = lambda *_: None  # only gradients are looked at
    return made


def expected(
    rows: Rows, sets: Mapping[tuple[str, ...], tuple[str, ...]], part: GradientBalancer, method
) -> dict:
    """The gradient by parameter name, straight from the definition."""
    grams = {}
    for tasks, names in sets.items():
        here = tuple(task for task in tasks if task in rows)
        if len(tasks) > 1 and here:
            matrix = torch.stack([torch.cat([rows[task][name].flatten() for name in names]) for task in here])
            grams[tasks] = here, (matrix @ matrix.T).numpy()
    if part.scope == "joint":
        every = tuple(task for task in rows if any(task in tasks for tasks in grams))
        whole = np.zeros((len(every), len(every)))
        for here, gram in grams.values():
            places = [every.index(task) for task in here]
            whole[np.ix_(places, places)] += gram
        joint = dict(zip(every, method(whole, every), strict=True)) if every else {}
        weights = dict.fromkeys(grams, joint)
    else:
        weights = {
            tasks: dict(zip(here, method(gram, here), strict=True)) for tasks, (here, gram) in grams.items()
        }
    found = {}
    for tasks, names in sets.items():
        for name in names:
            terms = [weights.get(tasks, {}).get(t, 1.0) * rows[t][name] for t in tasks if t in rows]
            found[name] = sum(terms) if terms else None
    return found


def test_the_partition_and_all_gradients_are_those_of_one_autograd_call_a_task() -> None:
    seen: set[str] = set()

    @settings(
        max_examples=25,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(
        specs(), st.sets(st.sampled_from(KINDS)), st.sampled_from(METHODS), st.sampled_from(["set", "joint"])
    )
    def check(text: str, bare: set[str], word: str, scope: str) -> None:
        part = replace(named(GradientBalancer)[word](), scope=scope)
        spec = load(Source("random.mtl", text, Path(__file__)))
        model = build(replace(spec, data=ToyPart(bare=tuple(bare)), gradients=part))
        model.train.double().train()
        batch = batch_of(model)
        batch = replace(batch, images=batch.images.double())
        rows = one_by_one(model, batch)
        found = partition(model.plan)
        for task in rows:
            assert {name for name, tasks in found.serves.items() if task in tasks} == set(rows[task])
        take = learner(model)
        method = balancing(model.plan, CPU).gradients.chooser.method  # one that has not drawn yet
        take(batch, 0)
        wanted = expected(rows, found.sets, part, method)
        for name, parameter in model.train.named_parameters():
            known = wanted.get(name)
            if known is None:
                assert parameter.grad is None or not parameter.grad.any(), name
            else:
                torch.testing.assert_close(parameter.grad, known, rtol=1e-9, atol=1e-12, msg=name)
        seen.update(each.part.word for each in spec.links)

    check()
    assert seen >= LINKS, "a link was never met"
