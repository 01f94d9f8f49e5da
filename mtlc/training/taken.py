"""What a training step did, and as a line of a run's record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mtlc.training import conflict
from mtlc.training.directions import Seen
from mtlc.training.finite import NotFinite


@dataclass(frozen=True)
class Taken:
    """What a step did: losses by task before any weight, the weights they had (the task's times balancing's),
    and what the auxiliary losses add with all their weights. `overflow`: in `fp16` the gradient was not finite,
    so that no weight moved. `seen`: what a gradient-level method saw. `unfit`: what was not finite, so that the step
    was left out. `agreed`: the agreement losses with all their weights, and what they are made of. `images`: on how
    many the step was taken."""

    losses: dict[str, float]
    weights: dict[str, float]
    auxiliary: float
    overflow: bool = False
    seen: Seen | None = None
    unfit: NotFinite | None = None
    agreed: dict[str, float] = field(default_factory=dict)
    images: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing in the batch was labelled, so that nothing changed."""
        return not self.losses and not self.agreed and not self.unfit


def told(taken: Taken) -> dict[str, Any]:
    """A step as a line of numbers; `overflow`, `not_finite` and `gradients` only where there is something to tell."""
    found = {"losses": taken.losses, "weights": taken.weights, "auxiliary": taken.auxiliary}
    overflow = {"overflow": True} if taken.overflow else {}
    unfit = {"not_finite": taken.unfit.what} if taken.unfit else {}
    agreed = {"agree": taken.agreed} if taken.agreed else {}
    gradients = {"gradients": conflict.told(taken.seen)} if taken.seen else {}
    return found | overflow | unfit | agreed | gradients
