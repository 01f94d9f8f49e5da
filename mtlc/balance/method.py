"""What every loss-level balancing method offers the trainer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add
from typing import ClassVar

import torch
from torch import Tensor, nn


class Balancer(nn.Module):
    """Maps the losses of one step to the one number that is minimised.

    A loss is already multiplied by its task's `weight` and is a mean over what is labelled in the whole
    batch. A task without a label in the step has no entry, and nothing that is kept about it moves.
    Everything kept is keyed by task name and lies in `state_dict()`.

    `linear` says whether the objective is a weighted sum of the losses whose weights, and whatever else it
    passes gradients to, do not depend on the losses. Where it is not, a batch cut into parts needs its losses
    first. `again` and `norms` say what else it asks for after each step that moved weights: the losses of the same
    batch once more (`look_again`), the lengths of the gradients (`see_norms`).
    """

    linear: ClassVar[bool] = True
    again: ClassVar[bool] = False
    norms: ClassVar[bool] = False

    def __init__(self, tasks: tuple[str, ...]) -> None:
        super().__init__()
        self.tasks = tasks

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The objective: a scalar. Call it once a step."""
        raise NotImplementedError(type(self).__name__)

    def weights(self) -> dict[str, float]:
        """The weight of each task's loss that is in force."""
        raise NotImplementedError(type(self).__name__)

    def observe(self, losses: Mapping[str, float], *, epoch_end: bool) -> bool:
        """Take note of a finished step's losses, as `forward` got them; whether this changed the weights.

        To be called after every optimiser step, with `epoch_end` on an epoch's last.
        """
        return False

    def look_again(self, losses: Mapping[str, float]) -> None:
        """Take note of what the losses of a step's batch are after the step."""
        raise NotImplementedError(type(self).__name__)

    def see_norms(self, norms: Mapping[str, float], losses: Mapping[str, float]) -> None:
        """Take note of the length of the gradient of each present task's weighted loss, in the last weights that all
        tasks share, and of its loss as `forward` got it."""
        raise NotImplementedError(type(self).__name__)


def total(terms: Iterable[Tensor]) -> Tensor:
    """The sum; 0 of none."""
    return reduce(add, terms, torch.zeros(()))
