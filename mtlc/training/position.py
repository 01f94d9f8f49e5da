"""How far a run has come, as its checkpoints keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mtlc.training.scores import Best


@dataclass
class Position:
    """The steps done, those of them without any label, the step of the last validation, and the best one.

    `left_out` counts the samples that training left out, `skipped` says by split and id why.
    """

    step: int = 0
    empty: int = 0
    validated: int = 0
    best: Best | None = None
    left_out: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def state_of(
    at: Position, optimizer: Optimizer, balancer: nn.Module, device: torch.device, metrics_size: int
) -> dict[str, Any]:
    """All but the weights that the rest of a run depends on, in plain numbers, tensors and containers."""
    return {
        "position": asdict(at),
        "metrics_size": metrics_size,
        "optimizer": optimizer.state_dict(),
        "balancer": balancer.state_dict(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }


def restored(
    state: Mapping[str, Any], optimizer: Optimizer, balancer: nn.Module, device: torch.device
) -> Position:
    """Put a state back where `state_of` took it from; the position it was taken at."""
    optimizer.load_state_dict(state["optimizer"])
    balancer.load_state_dict(state["balancer"])
    torch.set_rng_state(state["random"])
    if device.type == "cuda" and state["random_cuda"] is not None:
        torch.cuda.set_rng_state(state["random_cuda"], device)
    return position_in(state)


def position_in(state: Mapping[str, Any]) -> Position:
    """The position at which a state was taken."""
    position: dict[str, Any] = dict(state["position"])
    best = position.pop("best")
    return Position(**position, best=Best(**best) if best else None)
