"""Steps that change nothing where a number is not finite, for runs whose spec says `on_not_finite = skip`."""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from mtlc.data.batch import Batch
from mtlc.training import words
from mtlc.training.balancing import Balancing
from mtlc.training.errors import RunError
from mtlc.training.finite import NotFinite
from mtlc.training.position import Position
from mtlc.training.report import Report
from mtlc.training.scores import Unfit
from mtlc.training.step import Stepper
from mtlc.training.taken import Taken

MOST = 100  # steps in a row that may be left out


class Sparing:
    """Takes steps as a `Stepper` does. One that meets a number that is not finite is left out: weights and the
    optimiser's state have not moved by then, and balancing and buffers (batch norms' statistics) are put back."""

    def __init__(self, take: Stepper, balancing: Balancing) -> None:
        self.take, self.balancing = take, balancing

    def __call__(self, batch: Batch) -> Taken:
        """One step. `Taken.unfit` says why it was left out."""
        kept = self._remember()
        try:
            return self.take(batch)
        except NotFinite as error:
            self._put_back(*kept)
            return Taken({}, {}, 0.0, unfit=error)

    def _remember(self) -> tuple[list[Tensor], dict[str, Any]]:
        buffers = [each.clone() for each in self._buffers]
        return buffers, deepcopy(self.balancing.state_dict())

    def _put_back(self, buffers: list[Tensor], balancing: dict[str, Any]) -> None:
        with torch.no_grad():
            for each, before in zip(self._buffers, buffers, strict=True):
                each.copy_(before)
        self.balancing.load_state_dict(balancing)
        self.take.optimizer.zero_grad(set_to_none=True)

    @cached_property
    def _buffers(self) -> list[Tensor]:
        return list(self.take.model.buffers())  # a walk through the modules is dear at every step


def count_spared(taken: Taken, at: Position, report: Report) -> None:
    """Count a step that was left out, tell of each case once, and raise `RunError` where nothing else happens any more.

    Empty steps neither end a row of them nor count in it.
    """
    error = taken.unfit
    at.row = at.row + 1 if error else at.row if taken.empty else 0
    if error is None:
        return
    if error.case not in at.unfit:
        report.note(words.unfit(at.step, error.what))
    at.unfit.setdefault(error.case, Unfit()).add(at.step, error.ids)
    if at.row == MOST:
        message = f"step {at.step}: {MOST} steps in a row changed nothing; in this one {error.what}"
        raise RunError(message, "lower `lr`, set `train.clip`, or look at the samples named")
