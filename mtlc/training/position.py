"""How far a run has come, as its checkpoints keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch.optim import Optimizer

from mtlc.training import processes
from mtlc.training.agreement import Agreements
from mtlc.training.balancing import Balancing
from mtlc.training.errors import RunError
from mtlc.training.scaler import Scaler
from mtlc.training.scores import Best, Unfit

FIELDS = {
    "position",
    "metrics_size",
    "optimizer",
    "balancing",
    "agreements",
    "scaler",
    "random",
    "random_cuda",
}
ANEW = "it is of another run or of another version of mtlc: start the run anew in another folder"


@dataclass
class Position:
    """The steps done, those of them without any label, the step of the last validation, and the best one.

    `phase` is that of the next step; it began after `begun` steps. `overflows` counts the
    steps left out for their `fp16` gradient, `left_out` counts the samples that
    training left out, `skipped` says by split and id why. `unfit` has the steps left out since a number was not
    finite, by what it was; `row` of them came one after another.
    """

    step: int = 0
    empty: int = 0
    validated: int = 0
    best: Best | None = None
    phase: str = ""
    begun: int = 0
    overflows: int = 0
    left_out: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    unfit: dict[str, Unfit] = field(default_factory=dict)
    row: int = 0


def state_of(
    at: Position,
    optimizer: Optimizer,
    balancing: Balancing,
    agreements: Agreements | None,
    scaler: Scaler,
    device: torch.device,
    metrics_size: int,
) -> dict[str, Any]:
    """All but the weights that the rest of a run depends on, in plain numbers, tensors and containers.

    Of several processes all call this, and all get the same; `others` has the random numbers of those after the first.
    """
    first, *others = processes.gathered(_random(device))
    return {
        "position": asdict(at),
        "metrics_size": metrics_size,
        "optimizer": optimizer.state_dict(),
        "balancing": balancing.state_dict(),
        "agreements": agreements.state_dict() if agreements else {},
        "scaler": scaler.state_dict(),
        **first,
        "others": others,
    }


def _random(device: torch.device) -> dict[str, Any]:
    """How far this process has drawn random numbers."""
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return {"random": torch.get_rng_state(), "random_cuda": cuda}


def restore(
    state: Mapping[str, Any],
    optimizer: Optimizer,
    balancing: Balancing,
    agreements: Agreements | None,
    scaler: Scaler,
    device: torch.device,
) -> None:
    """Put a state back where `state_of` took it from. Raises `RunError` where it does not fit."""
    try:
        optimizer.load_state_dict(state["optimizer"])
        balancing.load_state_dict(state["balancing"])
        if agreements:
            agreements.load_state_dict(state["agreements"])
        scaler.load_state_dict(state["scaler"])
        random = [state, *state.get("others", [])][processes.rank() :]
        if random:  # there may be more processes than there were
            torch.set_rng_state(random[0]["random"])
        if random and device.type == "cuda" and random[0]["random_cuda"] is not None:
            torch.cuda.set_rng_state(random[0]["random_cuda"], device)
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise RunError("the checkpoint's state does not fit this run", ANEW) from error


def position_in(state: Mapping[str, Any]) -> Position:
    """The position at which a state was taken. Raises `RunError` where it is the state of no run."""
    if not state.keys() >= FIELDS:
        raise RunError("the checkpoint's state lacks what a run goes on from", ANEW)
    try:
        position: dict[str, Any] = dict(state["position"])
        best = position.pop("best")
        position["unfit"] = {case: Unfit(**each) for case, each in position.get("unfit", {}).items()}
        return Position(**position, best=Best(**best) if best else None)
    except (KeyError, TypeError, ValueError):
        raise RunError("the checkpoint's state does not say how far the run came", ANEW) from None
