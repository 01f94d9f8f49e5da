"""One step: forward, losses, balancing, backward, clipping, and the optimiser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from mtlc.balance.method import Balancer, total
from mtlc.data.batch import Batch
from mtlc.training.device import arithmetic, images_on
from mtlc.training.finite import check_gradients, check_losses, sum_of
from mtlc.training.objective import Losses, Objective, Outputs, Totals
from mtlc.training.scaler import Scaler


@dataclass(frozen=True)
class Taken:
    """What a step did: losses by task before any weight, the weights they had (the task's times balancing's),
    and what the auxiliary losses add with all their weights. `overflow`: in `fp16` the gradient was not finite,
    so that no weight moved."""

    losses: dict[str, float]
    weights: dict[str, float]
    auxiliary: float
    overflow: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing in the batch was labelled, so that nothing changed."""
        return not self.losses


class Stepper:
    """Takes optimiser steps on a model.

    A batch that is cut into `accumulate` parts gives the same losses and gradients as one that is not (batch
    norms apart, which see a part at a time). Where the objective is no fixed weighted sum of the losses, they
    are first measured in a forward pass of their own: a part's gradient then depends on the whole batch's
    losses.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        balancer: Balancer,
        optimizer: Optimizer,
        scaler: Scaler,
        *,
        device: torch.device,
        precision: str,
        clip: float | None,
        accumulate: int,
    ) -> None:
        self.model, self.objective, self.balancer, self.optimizer = model, objective, balancer, optimizer
        self.scaler = scaler
        self.device, self.precision, self.clip, self.accumulate = device, precision, clip, accumulate

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
        self.optimizer.zero_grad(set_to_none=True)
        losses = self._whole(parts[0], totals) if len(parts) == 1 else self._in_parts(parts, totals)
        taken = self._taken(losses)
        return taken if self._move() else replace(taken, overflow=True)

    def forward(self, part: Batch) -> Outputs:
        """The train graph's outputs for a part of a batch."""
        with arithmetic(self.device, self.precision):
            outputs: Outputs = self.model(images_on(part.images, self.device))
        return outputs

    def _whole(self, batch: Batch, totals: Totals) -> Losses:
        losses = self._losses(batch, totals)
        objective: Tensor = self.balancer(self.objective.weighted(losses.main))
        self._backward(objective, *losses.auxiliary.values())
        return losses

    def _in_parts(self, parts: Sequence[Batch], totals: Totals) -> Losses:
        shares = self._shares(parts, totals)
        whole = Losses()
        for part in parts:
            losses = self._losses(part, totals)
            weighted = self.objective.weighted(losses.main)
            self._backward(*(shares[t] * loss for t, loss in weighted.items()), *losses.auxiliary.values())
            whole += losses.detached()
        return whole

    def _shares(self, parts: Sequence[Batch], totals: Totals) -> Mapping[str, Tensor]:
        """How much the objective changes with each weighted loss of the whole batch."""
        if self.balancer.linear:
            leaves = {task: torch.ones((), device=self.device, requires_grad=True) for task in totals}
        else:
            leaves = {t: loss.requires_grad_() for t, loss in self._measure(parts, totals).items()}
        self._backward(self.balancer(leaves))  # to what balancing learns, too: scaled as all else
        return {t: leaf.grad / self.scaler.scale for t, leaf in leaves.items() if leaf.grad is not None}

    def _measure(self, parts: Sequence[Batch], totals: Totals) -> dict[str, Tensor]:
        whole = Losses()
        with torch.no_grad(), undisturbed(self.model, self.device):
            for part in parts:
                whole += self._losses(part, totals)
        return self.objective.weighted(whole.main)

    def _losses(self, part: Batch, totals: Totals) -> Losses:
        outputs = self.forward(part)
        losses = self.objective(outputs, part, totals)
        check_losses(losses, outputs, part, totals, self.objective)
        return losses

    def _taken(self, losses: Losses) -> Taken:
        """The numbers of a step, in one transfer from the device."""
        tensors = [*losses.main.values(), *losses.auxiliary.values()]
        values = torch.stack([each.detach().float() for each in tensors]).tolist()
        balance = self.balancer.weights()
        weights = {task: balance[task] * self.objective.weights[task] for task in losses.main}
        return Taken(dict(zip(losses.main, values, strict=False)), weights, sum(values[len(weights) :], 0.0))

    def _backward(self, *terms: Tensor) -> None:
        """The gradient of the sum; nothing where all that it depends on is frozen."""
        objective = total(terms)
        if objective.requires_grad:
            self.scaler.scaled(objective).backward()  # type: ignore[no-untyped-call]

    def _move(self) -> bool:
        """Clip the gradient and take the optimiser's step; false where it overflowed, which changes nothing."""
        groups = self.optimizer.param_groups
        if all(each.grad is None for group in groups for each in group["params"]):
            return True
        self.scaler.unscale(self.optimizer)
        weights = [each for each in self.model.parameters() if each.grad is not None]
        grads = [each.grad for each in weights if each.grad is not None]
        norm = sum_of(grads) if self.clip is None else get_total_norm(grads)
        finite = bool(torch.isfinite(norm))
        if not finite and (not self.scaler.enabled or self.scaler.exhausted):
            check_gradients(self.model)
        if finite and self.clip is not None:
            clip_grads_with_norm_(weights, self.clip, norm)
        return self.scaler.step(self.optimizer)


def told(taken: Taken) -> dict[str, Any]:
    """A step as a line of numbers; `overflow` only where there was one."""
    return {key: value for key, value in vars(taken).items() if key != "overflow" or value}


def cut(batch: Batch, parts: int) -> list[Batch]:
    """The batch in so many parts of nearly equal size; fewer where it has fewer samples."""
    parts = min(parts, len(batch))
    edges = [len(batch) * i // parts for i in range(parts + 1)]
    return [batch.rows(start, stop) for start, stop in pairwise(edges)]


@contextmanager
def undisturbed(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Buffers (running means) and random numbers are afterwards what they were before."""
    buffers = {name: each.clone() for name, each in model.named_buffers()}
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield
    with torch.no_grad():
        for name, each in model.named_buffers():
            each.copy_(buffers[name])
