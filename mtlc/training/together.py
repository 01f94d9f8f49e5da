"""What a run with several processes asks for and says, beyond what a run with one does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mtlc.lower import Model, first_seed
from mtlc.plan import Plan
from mtlc.training import processes, words
from mtlc.training.device import describe
from mtlc.training.errors import USAGE, RunError
from mtlc.training.phases import Leg


def refuse_too_many(plan: Plan) -> None:
    """Raise `RunError` for more processes than a batch has images."""
    count, batch = processes.size(), plan.train.batch
    if batch < count:
        images = f"{batch} image{'s' * (batch > 1)}"
        message = f"{count} processes share a batch of {images}: some would have nothing to do"
        raise RunError(message, f"raise `train.batch` to {count} or more, or start fewer processes", USAGE)


def seed(seed: int) -> int:
    """What a process draws random numbers from while it trains (dropout): the first one as if it were alone."""
    return first_seed(seed, f"process {processes.rank()}") if processes.rank() else seed


def described(device: torch.device) -> str:
    """Where all processes compute."""
    return (
        f"{processes.size()} processes, each on {describe(device)}"
        if processes.several()
        else describe(device)
    )


def notes(model: Model, legs: Iterable[Leg]) -> Iterator[str]:
    """How such a run differs from one with a single process."""
    if processes.several() and any(_has_batch_norm(model, step) for leg in legs for step in leg.learning):
        yield words.batch_norms(processes.size())


def _has_batch_norm(model: Model, step: str) -> bool:
    return any(isinstance(each, _BatchNorm) for each in model.module(step).modules())
