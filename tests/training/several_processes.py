"""Steps that one process takes on whole batches and several take together, each on its rows: what tests compare."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing as mp
from test_step import without_batch_norm
from toy import SPEC, ToyPart, toy

from mtlc.data.batch import Batch
from mtlc.lower import Model
from mtlc.training import processes
from mtlc.training.agreement import Agreements
from mtlc.training.balancing import balancing
from mtlc.training.feed import loader
from mtlc.training.learner import Learner
from mtlc.training.phases import legs
from mtlc.training.scaler import Scaler

CPU = torch.device("cpu")
THREE = SPEC.replace("task depth\n", "task depth\ntask edges\n")
LINKED = THREE.replace("balance", "links { depth -> semseg via attention }\nbalance")
NECK = THREE.replace("task all", "shared neck : fpn { dim = 8 }\ntask all")
SUPERVISED = THREE.replace("balance", "links { semseg, depth via trace_back(supervise = 0.5) }\nbalance").replace(
    "linear(dim = 8)", "conv_up(dim = 8, depth = 1)"
)
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
        made = without_batch_norm(toy(DATA, self.text.replace("balance equal", f"balance {self.balance}"), **keys))
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
    kept, agreements = balancing(plan, CPU), Agreements(plan).double() if plan.spec.agree else None
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


def _double(batch: Batch) -> Batch:
    return replace(batch, images=batch.images.double())


def in_processes(work: Any, *arguments: Any, count: int = 2) -> None:
    """Call `work(*arguments)` in so many processes, joined. It must be importable."""
    with _port() as port:
        mp.spawn(_one, (count, port, work, arguments), nprocs=count)


@contextmanager
def _port() -> Iterator[int]:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    yield port


def _one(rank: int, count: int, port: int, work: Any, arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in told.items()}
    with processes.joined():
        work(*arguments)


def take_all(cases: dict[str, Case], out: Path) -> None:
    """Take the steps of all cases, and write down what each process has come to."""
    found = {name: ended(case) for name, case in cases.items()}
    torch.save({name: vars(each) for name, each in found.items()}, out / f"{processes.rank()}.pt")
