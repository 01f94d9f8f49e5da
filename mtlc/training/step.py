"""One step: forward, losses, balancing, backward, clipping, and the optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mtlc.balance.method import Balancer
from mtlc.data.batch import Batch
from mtlc.training import meeting
from mtlc.training.again import draw_again, drawn, undisturbed
from mtlc.training.agreeing import Agreeing
from mtlc.training.device import Arithmetic
from mtlc.training.directions import Directions, Seen
from mtlc.training.finite import NotFinite, of_gradient
from mtlc.training.moving import Mover
from mtlc.training.objective import Losses, Objective, Outputs
from mtlc.training.scaler import Scaler
from mtlc.training.supervision import Supervision
from mtlc.training.taken import Taken
from mtlc.training.whole import Whole, counted, cut


class Stepper:
    """Takes optimiser steps on a model, each on a batch that may be cut into `accumulate` parts.

    `directions` gives shared weights their gradient by a gradient-level method; without it, it is that of the
    objective.

    Where several processes train, each calls this with its samples of a batch, or none. What is labelled, the losses
    and what balancing makes of them are those of the whole batch; a gradient is what a process adds to it, until all
    are summed before the weights move.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        balancer: Balancer,
        optimizer: Optimizer,
        scaler: Scaler,
        directions: Directions | None,
        *,
        arithmetic: Arithmetic,
        clip: float | None,
        accumulate: int,
        agreeing: Agreeing | None = None,
        network: nn.Module | None = None,
    ) -> None:
        """`network` is called in place of the model; its weights are the model's."""
        self.model, self.objective, self.balancer, self.optimizer = model, objective, balancer, optimizer
        self.scaler, self.directions, self.agreeing = scaler, directions, agreeing
        self.arithmetic, self.accumulate = arithmetic, accumulate
        self._network = model if network is None else network
        self.supervise = Supervision(
            model,
            objective,
            balancer,
            scaler,
            directions,
            arithmetic,
            self._network,
            remember=bool(agreeing),
        )
        self.move = Mover(
            optimizer,
            scaler,
            clip,
            model=model.parameters(),
            agreeing=agreeing.parameters() if agreeing else (),
            balancing=balancer.parameters(),
        )

    def __call__(self, batch: Batch) -> Taken:
        """One step; none where the batch is empty. Raises `finite.NotFinite`, before weights change."""
        with meeting.met(NotFinite):
            return self._taking(cut(self.objective.settled(batch), self.accumulate))

    def _taking(self, parts: Sequence[Batch]) -> Taken:
        whole = counted(parts, self.objective, self.arithmetic.device)
        if not whole.images or not (whole.totals or self.agreeing):
            return Taken({}, {}, 0.0, images=whole.images)
        parts = [part.to(self.arithmetic.device) for part in parts]
        random = drawn(self.arithmetic.device)
        self.move.begin()
        losses, seen, agreed = self._gradient(parts, whole)
        weights = self._weights(losses)
        moved = self.move(lambda: self._blamed(parts, whole, weights, random))
        main, auxiliary, said = _numbers(losses.main, losses.auxiliary, agreed)
        extra = sum(auxiliary.values(), 0.0)
        taken = Taken(main, weights, extra, not moved, seen, agreed=said, images=whole.images)
        if moved and whole.totals:
            self._tell_balancer(taken, parts, whole)
        return taken

    def _gradient(
        self, parts: Sequence[Batch], whole: Whole
    ) -> tuple[Losses, Seen | None, Mapping[str, Tensor]]:
        """Add the gradient of what the labels say, and of the agreement losses."""
        firsts = self.supervise.predicted
        firsts.clear()  # a step that was left out may have begun to fill it
        losses, seen = self.supervise(parts, whole) if whole.totals else (Losses(), None)
        if not self.agreeing:
            return losses, seen, {}
        there = [part for part in parts if len(part)]
        agreed = self.agreeing.add_gradient(there, firsts, whole.images, self._predicted, self.scaler)
        firsts.clear()
        return losses, seen, agreed

    def _tell_balancer(self, taken: Taken, parts: Sequence[Batch], whole: Whole) -> None:
        """What the loss-level method asks for after a step."""
        if self.balancer.norms and self.directions and taken.seen:
            losses = {task: loss * self.objective.weights[task] for task, loss in taken.losses.items()}
            self.balancer.see_norms(self.directions.norms(taken.seen), losses)
        if self.balancer.again:
            again = self.supervise.measure(parts, whole.totals)
            self.balancer.look_again({task: loss.item() for task, loss in again.items()})

    def _weights(self, losses: Losses) -> dict[str, float]:
        """The weights of this step's losses, before the step changes what balancing learns."""
        balance = self.balancer.weights()
        return {task: balance[task] * self.objective.weights[task] for task in losses.main}

    def _predicted(self, images: Tensor) -> Mapping[str, Tensor]:
        outputs: Outputs = self.arithmetic(self._network, images)
        return outputs[0]

    def _blamed(
        self, parts: Sequence[Batch], whole: Whole, weights: Mapping[str, float], random: Sequence[Tensor]
    ) -> NotFinite:
        """Where a gradient that is not finite comes from, found with the random numbers that the step had."""
        if not self.move.agreeing_soundly():
            ids = [id for part in parts for id in part.ids]
            return NotFinite("the gradient of the agreement losses is not finite", ids, len(ids))

        def terms(outputs: Outputs, part: Batch) -> dict[str, Tensor]:
            return self.supervise.by_task(self.objective(outputs, part, whole.totals), weights)

        def again(part: Batch) -> Outputs:
            outputs: Outputs = self.arithmetic(self.model, part.images)
            return outputs

        with undisturbed(self.model, self.arithmetic.device):
            draw_again(random, self.arithmetic.device)
            there = [part for part in parts if len(part)]
            return of_gradient(self.model, there, again, terms)


def _numbers(*groups: Mapping[str, Tensor]) -> list[dict[str, float]]:
    """Scalars by name as numbers, in one transfer from the device."""
    every = [each.detach().double() for group in groups for each in group.values()]
    values = iter(torch.stack(every).tolist())
    return [{name: next(values) for name in group} for group in groups]
