"""One step: forward, losses, balancing, backward, clipping, and the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from mtlc.balance.method import Balancer, total
from mtlc.data.batch import Batch
from mtlc.training import conflict
from mtlc.training.again import draw_again, drawn, undisturbed
from mtlc.training.cut import Pass
from mtlc.training.device import arithmetic, images_on
from mtlc.training.directions import Directions, Seen
from mtlc.training.finite import NotFinite, check_losses, of_gradient, sum_of
from mtlc.training.objective import Losses, Objective, Outputs, Totals, detached
from mtlc.training.scaler import Scaler


@dataclass(frozen=True)
class Taken:
    """What a step did: losses by task before any weight, the weights they had (the task's times balancing's),
    and what the auxiliary losses add with all their weights. `overflow`: in `fp16` the gradient was not finite,
    so that no weight moved. `seen`: what a gradient-level method saw. `unfit`: what was not finite, so that the step
    was left out."""

    losses: dict[str, float]
    weights: dict[str, float]
    auxiliary: float
    overflow: bool = False
    seen: Seen | None = None
    unfit: NotFinite | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing in the batch was labelled, so that nothing changed."""
        return not self.losses and not self.unfit


class Stepper:
    """Takes optimiser steps on a model.

    A batch that is cut into `accumulate` parts gives the same losses and gradients as one that is not (batch
    norms apart, which see a part at a time). Where the objective is no fixed weighted sum of the losses, they
    are first measured in a forward pass of their own: a part's gradient then depends on the whole batch's
    losses. `directions` gives shared weights their gradient by a gradient-level method; without it, it is that of
    the objective.
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
        device: torch.device,
        precision: str,
        clip: float | None,
        accumulate: int,
    ) -> None:
        self.model, self.objective, self.balancer, self.optimizer = model, objective, balancer, optimizer
        self.scaler, self.directions = scaler, directions
        self.device, self.precision, self.clip, self.accumulate = device, precision, clip, accumulate
        self._weights_of_model = list(model.parameters())  # a walk through the modules is dear at every step

    def __call__(self, batch: Batch) -> Taken:
        """One step; none where the batch is empty. Raises `finite.NotFinite`, before weights change."""
        if not len(batch):
            return Taken({}, {}, 0.0)
        parts = cut(batch, self.accumulate)
        # Counted where the batch lies: on a device, each task's "is there any?" would wait for it.
        totals = {task: count.to(self.device) for task, count in self.objective.totals(parts).items()}
        if not totals:
            return Taken({}, {}, 0.0)
        parts = [part.to(self.device) for part in parts]
        random = drawn(self.device)
        self.optimizer.zero_grad(set_to_none=True)
        if self.directions:
            self.directions.begin(totals, parts=len(parts), scale=self.scaler.scale)
        losses = self._whole(parts[0], totals) if len(parts) == 1 else self._in_parts(parts, totals)
        seen = self.directions.end() if self.directions else None
        weights = self._weights(losses)
        moved = self._move(lambda: self._blamed(parts, totals, weights, random))
        taken = self._taken(losses, weights, overflow=not moved, seen=seen)
        if moved:
            self._tell_balancer(taken, parts, totals)
        return taken

    def forward(self, part: Batch) -> Pass:
        """A forward pass of the train graph over a part of a batch."""
        with arithmetic(self.device, self.precision):
            images = images_on(part.images, self.device)
            return self.directions.forward(images) if self.directions else Pass(self.model(images), [], [])

    def _whole(self, batch: Batch, totals: Totals) -> Losses:
        losses, found = self._losses(batch, totals)
        weighted = self.objective.weighted(losses.main)
        if self.directions:
            self._descend(losses, self._changes(detached(weighted)), found)
        else:
            self._backward(self.balancer(weighted), *losses.auxiliary.values())
        return losses

    def _in_parts(self, parts: Sequence[Batch], totals: Totals) -> Losses:
        shares = self._shares(parts, totals)
        whole = Losses()
        for part in parts:
            losses, found = self._losses(part, totals)
            self._descend(losses, shares, found)
            whole += losses.detached()
        return whole

    def _descend(self, losses: Losses, shares: Mapping[str, Tensor], found: Pass) -> None:
        """The gradient of one part's losses, each task's times its share, and of its auxiliary ones."""
        main = {task: shares[task] * loss for task, loss in self.objective.weighted(losses.main).items()}
        if self.directions:
            every = {task: total([loss, *_of(losses.auxiliary, task)]) for task, loss in main.items()}
            self.directions.add({task: self.scaler.scaled(each) for task, each in every.items()}, found)
        else:
            self._backward(*main.values(), *losses.auxiliary.values())

    def _shares(self, parts: Sequence[Batch], totals: Totals) -> Mapping[str, Tensor]:
        """How much the objective changes with each weighted loss of the whole batch."""
        if self.balancer.linear:
            return self._changes({task: torch.ones((), device=self.device) for task in totals})
        return self._changes(self._measure(parts, totals))

    def _changes(self, losses: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """How much the objective changes with each of these weighted losses, which have no graph behind them."""
        leaves = {task: loss.requires_grad_() for task, loss in losses.items()}
        self._backward(self.balancer(leaves))  # to what balancing learns, too: scaled as all else
        return {t: leaf.grad / self.scaler.scale for t, leaf in leaves.items() if leaf.grad is not None}

    def _tell_balancer(self, taken: Taken, parts: Sequence[Batch], totals: Totals) -> None:
        """What the loss-level method asks for after a step."""
        if self.balancer.norms and self.directions and taken.seen:
            losses = {task: loss * self.objective.weights[task] for task, loss in taken.losses.items()}
            self.balancer.see_norms(self.directions.norms(taken.seen), losses)
        if self.balancer.again:
            self.balancer.look_again({t: loss.item() for t, loss in self._measure(parts, totals).items()})

    def _measure(self, parts: Sequence[Batch], totals: Totals) -> dict[str, Tensor]:
        """The weighted losses, whatever they are."""
        whole = Losses()
        with torch.no_grad(), undisturbed(self.model, self.device):
            for part in parts:
                whole += self.objective(self.forward(part).outputs, part, totals)
        return self.objective.weighted(whole.main)

    def _losses(self, part: Batch, totals: Totals) -> tuple[Losses, Pass]:
        found = self.forward(part)
        losses = self.objective(found.outputs, part, totals)
        check_losses(losses, found.outputs, part, totals, self.objective)
        return losses, found

    def _weights(self, losses: Losses) -> dict[str, float]:
        """The weights of this step's losses, before the step changes what balancing learns."""
        balance = self.balancer.weights()
        return {task: balance[task] * self.objective.weights[task] for task in losses.main}

    def _taken(
        self, losses: Losses, weights: dict[str, float], *, overflow: bool, seen: Seen | None
    ) -> Taken:
        """The numbers of a step, in one transfer from the device."""
        tensors = [*losses.main.values(), *losses.auxiliary.values()]
        values = torch.stack([each.detach().float() for each in tensors]).tolist()
        main = dict(zip(losses.main, values, strict=False))
        return Taken(main, weights, sum(values[len(main) :], 0.0), overflow, seen)

    def _backward(self, *terms: Tensor) -> None:
        """The gradient of the sum; nothing where all that it depends on is frozen."""
        objective = total(terms)
        if objective.requires_grad:
            self.scaler.scaled(objective).backward()  # type: ignore[no-untyped-call]

    def _move(self, blame: Callable[[], NotFinite]) -> bool:
        """Clip the gradient and take the optimiser's step; false where it overflowed, which changes nothing."""
        groups = self.optimizer.param_groups
        if all(each.grad is None for group in groups for each in group["params"]):
            return True
        self.scaler.unscale(self.optimizer)
        weights = [each for each in self._weights_of_model if each.grad is not None]
        grads = [each.grad for each in weights if each.grad is not None]
        norm = sum_of(grads) if self.clip is None else get_total_norm(grads)
        finite = bool(torch.isfinite(norm))
        if not finite and (not self.scaler.enabled or self.scaler.exhausted):
            self.scaler.forget()
            raise blame()
        if finite and self.clip is not None:
            clip_grads_with_norm_(weights, self.clip, norm)
        return self.scaler.step(self.optimizer)

    def _blamed(
        self, parts: Sequence[Batch], totals: Totals, weights: Mapping[str, float], random: Sequence[Tensor]
    ) -> NotFinite:
        """Where a gradient that is not finite comes from, found with the random numbers that the step had."""

        def again(part: Batch) -> Outputs:
            with arithmetic(self.device, self.precision):
                outputs: Outputs = self.model(images_on(part.images, self.device))
            return outputs

        def terms(outputs: Outputs, part: Batch) -> dict[str, Tensor]:
            losses = self.objective(outputs, part, totals)
            main = {task: weights[task] * loss for task, loss in losses.main.items()}
            every = {task: total([loss, *_of(losses.auxiliary, task)]) for task, loss in main.items()}
            return {task: self.scaler.scaled(each) for task, each in every.items()}

        with undisturbed(self.model, self.device):
            draw_again(random, self.device)
            return of_gradient(self.model, parts, again, terms)


def told(taken: Taken) -> dict[str, Any]:
    """A step as a line of numbers; `overflow`, `not_finite` and `gradients` only where there is something to tell."""
    found = {"losses": taken.losses, "weights": taken.weights, "auxiliary": taken.auxiliary}
    overflow = {"overflow": True} if taken.overflow else {}
    unfit = {"not_finite": taken.unfit.what} if taken.unfit else {}
    return found | overflow | unfit | ({"gradients": conflict.told(taken.seen)} if taken.seen else {})


def _of(losses: Mapping[str, Tensor], task: str) -> list[Tensor]:
    return [losses[task]] if task in losses else []


def cut(batch: Batch, parts: int) -> list[Batch]:
    """The batch in so many parts of nearly equal size; fewer where it has fewer samples."""
    parts = min(parts, len(batch))
    edges = [len(batch) * i // parts for i in range(parts + 1)]
    return [batch.rows(start, stop) for start, stop in pairwise(edges)]
