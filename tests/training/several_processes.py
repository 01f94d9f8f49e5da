"""Steps that one process takes on whole batches and several take together, each on its rows: what tests compare."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import torch.multiprocessing as mp
import torch.nn.functional as F
from test_step import without_batch_norm
from toy import SPEC, ToyPart, toy

from mtlc.analyse.partition import Partition, partition
from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.parts.data import Flip, Jitter
from mtlc.training import meeting, processes
from mtlc.training.agreement import Agreements
from mtlc.training.balancing import balancing
from mtlc.training.errors import RunError
from mtlc.training.feed import loader
from mtlc.training.learner import Learner
from mtlc.training.loop import train
from mtlc.training.phases import legs
from mtlc.training.report import Done, Silent
from mtlc.training.scaler import Scaler

CPU = torch.device("cpu")
THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n")
LINKED = THREE.replace("balance", "links { depth -> semseg via attention }\nbalance")
NECK = THREE.replace("task all", "shared neck : fpn { dim = 8 }\ntask all")
SUPERVISED = THREE.replace(
    "balance", "links { semseg, depth via trace_back(supervise = 0.5) }\nbalance"
).replace("linear(dim = 8)", "conv_up(dim = 8, depth = 1)")
DATA = ToyPart(images=11, bare=("depth",), blank=("edges",))
"""Batches of 5, 5 and 1: with two processes one has 2 rows and the other 3, or none and 1. Of the edges only one image
knows, so that one process has their label and the other has not."""


@dataclass(frozen=True)
class Case:
    """A run to compare: what balances, further keys, and how far numbers may differ."""

    balance: str
    keys: dict[str, Any] = field(default_factory=dict)
    text: str = LINKED
    tolerance: float = 1e-12
    steps: int = 20

    def model(self) -> Model:
        """Its model, in 64 bits."""
        keys = {"train__optimizer": "sgd(lr = 0.05, momentum = 0.9)", "train__batch": 5} | self.keys
        made = without_batch_norm(
            toy(DATA, self.text.replace("balance equal", f"balance {self.balance}"), **keys)
        )
        made.train.double()
        return made


@dataclass(frozen=True)
class Ended:
    """What a run has come to: its weights, its losses, and what balancing keeps; and what each of its steps had here of
    samples, and of samples that know their edges."""

    weights: dict[str, torch.Tensor]
    losses: list[dict[str, float]]
    kept: dict[str, float]
    rows: list[int]
    edges: list[int]


def ended(case: Case) -> Ended:
    """Take the steps of a case, in one process or as one of several."""
    model = case.model()
    plan = model.plan
    with patch("mtlc.training.balancing.partition", lambda plan: _partition(case.text)):
        kept = balancing(plan, CPU)
    agreements = Agreements(plan).double() if plan.spec.agree else None
    take = Learner(model, plan, legs(plan)[0], kept, Scaler(CPU, plan.train.precision), CPU, agreements)
    feed, batches, losses = loader(plan), [], []
    for step in range(case.steps):
        batches.append(feed.batch_at(step))
        taken = take(_double(batches[-1]), step)
        losses.append(taken.losses)
        weighted = {task: loss * take.objective.weights[task] for task, loss in taken.losses.items()}
        kept.losses.observe(weighted, epoch_end=(step + 1) % feed.steps_per_epoch == 0)
    weights = {name: each.detach().clone() for name, each in model.train.state_dict().items()}
    edges = [int(each.present["edges"].sum()) if len(each) else 0 for each in batches]
    return Ended(weights, losses, kept.losses.weights(), [len(each) for each in batches], edges)


@cache
def _partition(text: str) -> Partition:
    """Found once for all cases with this text: it takes as long as many of their steps."""
    return partition(toy(DATA, text).plan)


def _double(batch: Batch) -> Batch:
    return replace(batch, images=batch.images.double())


def in_processes(work: Any, *arguments: Any, count: int = 2) -> None:
    """Call `work(*arguments)` in so many processes, joined. It must be importable."""
    mp.spawn(_one, (count, _port(), work, arguments), nprocs=count)


def beside_each_other(work: Any, *arguments: Any) -> list[int | None]:
    """The same in two processes, one of which may die while the other goes on; their exit codes."""
    port, context = _port(), mp.get_context("spawn")
    both = [context.Process(target=_one, args=(rank, 2, port, work, arguments)) for rank in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    return [each.exitcode for each in both]


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _one(rank: int, count: int, port: int, work: Any, arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    told = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": count,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    os.environ |= {name: str(value) for name, value in told.items()}
    with meeting.joined():
        work(*arguments)


def take_all(cases: dict[str, Case], out: Path) -> None:
    """Take the steps of all cases, and write down what each process has come to."""
    found = {name: ended(case) for name, case in cases.items()}
    torch.save({name: vars(each) for name, each in found.items()}, out / f"{processes.rank()}.pt")


class Interrupting(Silent):
    """Sends Ctrl-C to its own process after a step. Only the first process has a report."""

    def __init__(self, at: int) -> None:
        self.at = at

    def step(self, done: Done) -> None:
        if done.step == self.at:
            signal.raise_signal(signal.SIGINT)


def drawing() -> Model:
    """A model whose training draws random numbers, in a run with all that a resumed one has to go on with."""
    text = THREE.replace("balance equal", "balance pcgrad { losses = lps(every = 3), every = 2 }")
    data = ToyPart(images=10, val=3, test=2, bare=("depth",), augment=(Flip(), Jitter()))
    model = toy(data, text, train__steps=8, train__batch=5, train__save=3, eval__every=4)
    drop = lambda module, inputs, levels: [F.dropout(x, 0.2, module.training) for x in levels]  # noqa: E731
    model.module("encoder").register_forward_hook(drop)
    return model


def runs(out: Path) -> None:
    """Runs that end well, and one that fails in one process only; what each process has of them."""
    whole, cut, again = (drawing() for _ in range(3))
    results = {
        "whole": train(whole, out / "whole", device="cpu"),
        "cut": train(cut, out / "cut", device="cpu", report=Interrupting(5)),
        "again": train(again, out / "cut", device="cpu", resume=True),
    }
    for name, (data, keys) in SPARING.items():
        model = without_batch_norm(toy(data, THREE, **keys))
        results[name] = train(model, out / name, device="cpu")
    found = {
        name: (each.step, each.interrupted, each.skipped, each.unfit, each.overflows)
        for name, each in results.items()
    }
    errors = {name: _failing(out / name, *case) for name, case in FAILING.items()}
    weights = {name: each.detach() for name, each in again.train.state_dict().items()}
    torch.save((found, errors, weights), out / f"{processes.rank()}.pt")


SPARING = {
    "damaged": (replace(DATA, damaged=(2, 7)), {"train__on_bad_sample": "skip"}),
    "unfit": (replace(DATA, poison=4), {"train__on_not_finite": "skip"}),
    "overflowing": (DATA, {"train__precision": "fp16"}),
}
FAILING = {
    "loss": (replace(DATA, poison=4), None),
    "data": (replace(DATA, broken=7), None),
    "bug": (DATA, 1),
    "first": (DATA, 0),
}


def _failing(out: Path, data: ToyPart, bug: int | None) -> tuple[str, str]:
    """What a run raises here; `bug` names a process with an error of ours."""
    model = without_batch_norm(toy(data, THREE))
    calls = iter(range(100))

    def fail(*_: Any) -> None:
        if processes.rank() == bug and next(calls) == 3:
            raise KeyError("a bug")

    model.module("encoder").register_forward_hook(fail)
    try:
        train(model, out, device="cpu")
    except Exception as error:
        return type(error).__name__, str(error)
    return "", ""


def runs_and_a_death(out: Path) -> None:
    """Then the second process dies without a word; the first writes down what it says."""
    runs(out)
    if processes.rank():
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        meeting.meet()
    except RunError as error:
        (out / "said").write_text(error.message)
        raise
