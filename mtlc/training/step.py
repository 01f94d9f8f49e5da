"""One step: forward, losses, balancing, backward, clipping, and the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from mtlc.balance.method import Balancer, total
from mtlc.data.batch import Batch
from mtlc.training import conflict, meeting, processes
from mtlc.training.again import draw_again, drawn, undisturbed
from mtlc.training.agreement import Agreed, Agreeing
from mtlc.training.cut import Pass
from mtlc.training.device import arithmetic, images_on
from mtlc.training.directions import Directions, Seen
from mtlc.training.finite import NotFinite, check_agreement, check_losses, of_gradient, sum_of
from mtlc.training.objective import Losses, Objective, Outputs, Totals, detached, labelled
from mtlc.training.scaler import Scaler


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


class Stepper:
    """Takes optimiser steps on a model.

    A batch that is cut into `accumulate` parts gives the same losses and gradients as one that is not (batch
    norms apart, which see a part at a time). Where the objective is no fixed weighted sum of the losses, they
    are first measured in a forward pass of their own: a part's gradient then depends on the whole batch's
    losses. `directions` gives shared weights their gradient by a gradient-level method; without it, it is that of
    the objective.

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
        device: torch.device,
        precision: str,
        clip: float | None,
        accumulate: int,
        agreeing: Agreeing | None = None,
        network: nn.Module | None = None,
    ) -> None:
        """`network` is called in place of the model; its weights are the model's."""
        self.model, self.objective, self.balancer, self.optimizer = model, objective, balancer, optimizer
        self.network = model if network is None else network
        self.scaler, self.directions, self.agreeing = scaler, directions, agreeing
        self.device, self.precision, self.clip, self.accumulate = device, precision, clip, accumulate
        self._first: list[Mapping[str, Tensor]] = []  # predictions for each part, for agreement losses
        self._weights_of_model = list(model.parameters())  # a walk through the modules is dear at every step
        self._summed = _weights(optimizer, but=balancer.parameters())

    def __call__(self, batch: Batch) -> Taken:
        """One step; none where the batch is empty. Raises `finite.NotFinite`, before weights change."""
        with meeting.met(NotFinite):
            return self._taking(cut(self.objective.settled(batch), self.accumulate))

    def _taking(self, parts: Sequence[Batch]) -> Taken:
        whole = self._counted(parts)
        totals = whole.totals
        if not whole.images or not (totals or self.agreeing):
            return Taken({}, {}, 0.0, images=whole.images)
        parts = [part.to(self.device) for part in parts]
        random = drawn(self.device)
        self.optimizer.zero_grad(set_to_none=True)
        self._first.clear()  # a step that was left out may have begun to fill it
        losses, seen = self._supervised(parts, whole) if totals else (Losses(), None)
        agreed = self._agree(parts, whole.images)
        weights = self._weights(losses)
        moved = self._move(lambda: self._blamed(parts, totals, weights, random))
        taken = replace(
            self._taken(losses, weights, agreed, overflow=not moved, seen=seen), images=whole.images
        )
        if moved and totals:
            self._tell_balancer(taken, parts, totals)
        return taken

    def forward(self, part: Batch) -> Pass:
        """A forward pass of the train graph over a part of a batch."""
        with arithmetic(self.device, self.precision):
            images = images_on(part.images, self.device)
            return self.directions.forward(images) if self.directions else Pass(self.network(images), [], [])

    def _counted(self, parts: Sequence[Batch]) -> _Whole:
        # Counted where the batch lies: on a device, each task's "is there any?" would wait for it.
        counts = self.objective.counts(parts)
        here = torch.tensor([sum(map(len, parts)), len(parts) > 1])
        whole = processes.total(torch.cat([here, *counts.values()]))
        images, cut, *found = torch.split_with_sizes(whole, [1, 1, *map(len, counts.values())])
        totals = labelled(dict(zip(counts, found, strict=True)))
        there = {task: count.to(self.device) for task, count in totals.items()}
        return _Whole(there, int(images), cut=bool(cut))

    def _supervised(self, parts: Sequence[Batch], whole: _Whole) -> tuple[Losses, Seen | None]:
        """The gradient of what the labels say."""
        if self.directions:
            self.directions.begin(whole.totals, cut=whole.cut, scale=self.scaler.scale)
        losses = self._in_parts(parts, whole.totals) if whole.cut else self._whole(parts[0], whole.totals)
        return losses, self.directions.end() if self.directions else None

    def _agree(self, parts: Sequence[Batch], images: int) -> dict[str, Tensor]:
        """Add the gradient of the agreement losses, means over all samples: it is no task's, and so not weighed by
        any method. What they are made of, by name."""
        said: dict[str, Tensor] = {}
        if not self.agreeing:
            return said
        for place, part in enumerate(each for each in parts if len(each)):
            first = self._first[place] if self._first else self._unlearnt(part.images)
            for name, agreed in self.agreeing.losses(self._predicted, part, first):
                check_agreement(name, agreed.each, part)
                self._backward(agreed.each.sum() / images)
                for key, value in _said(name, agreed).items():
                    said[key] = said.get(key, torch.zeros(())) + value * (len(part) / images)
        self._first.clear()
        return processes.summed(said)

    def _predicted(self, images: Tensor) -> Mapping[str, Tensor]:
        with arithmetic(self.device, self.precision):
            predictions: Mapping[str, Tensor] = self.model(images_on(images, self.device))[0]
        return predictions

    def _unlearnt(self, images: Tensor) -> Mapping[str, Tensor]:
        with torch.no_grad():
            return self._predicted(images)

    def _whole(self, batch: Batch, totals: Totals) -> Losses:
        losses, found = self._losses(batch, totals)
        whole = _of_all(losses)
        weighted = self.objective.weighted(whole.main)
        if self.directions or processes.several():
            self._descend(losses, self._changes(detached(weighted)), found)
        else:
            self._backward(self.balancer(weighted), *losses.auxiliary.values())
        return whole

    def _in_parts(self, parts: Sequence[Batch], totals: Totals) -> Losses:
        shares = self._shares(parts, totals)
        whole = Losses()
        for part in parts:
            losses, found = self._losses(part, totals)
            self._descend(losses, shares, found)
            whole += losses.detached()
        return _of_all(whole)

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
                none = self.objective.nothing(totals, self._weights_of_model[0])
                whole += self.objective(self.forward(part).outputs, part, totals) if len(part) else none
        return self.objective.weighted(_of_all(whole).main)

    def _losses(self, part: Batch, totals: Totals) -> tuple[Losses, Pass]:
        if not len(part):
            return self.objective.nothing(totals, self._weights_of_model[0]), Pass(({}, {}), [], [])
        found = self.forward(part)
        losses = self.objective(found.outputs, part, totals)
        check_losses(losses, found.outputs, part, totals, self.objective)
        if self.agreeing:
            self._first.append(detached(found.outputs[0]))
        return losses, found

    def _weights(self, losses: Losses) -> dict[str, float]:
        """The weights of this step's losses, before the step changes what balancing learns."""
        balance = self.balancer.weights()
        return {task: balance[task] * self.objective.weights[task] for task in losses.main}

    def _taken(
        self,
        losses: Losses,
        weights: dict[str, float],
        agreed: Mapping[str, Tensor],
        *,
        overflow: bool,
        seen: Seen | None,
    ) -> Taken:
        """The numbers of a step, in one transfer from the device."""
        tensors = [*losses.main.values(), *agreed.values(), *losses.auxiliary.values()]
        values = torch.stack([each.detach().double() for each in tensors]).tolist()
        main, rest = dict(zip(losses.main, values, strict=False)), values[len(losses.main) :]
        said = dict(zip(agreed, rest, strict=False))
        return Taken(main, weights, sum(rest[len(said) :], 0.0), overflow, seen, agreed=said)

    def _backward(self, *terms: Tensor) -> None:
        """The gradient of the sum; nothing where all that it depends on is frozen."""
        objective = total(terms)
        if objective.requires_grad:
            self.scaler.scaled(objective).backward()  # type: ignore[no-untyped-call]

    def _move(self, blame: Callable[[], NotFinite]) -> bool:
        """Clip the gradient and take the optimiser's step; false where it overflowed, which changes nothing."""
        processes.sum_gradients(self._summed)
        groups = self.optimizer.param_groups
        if all(each.grad is None for group in groups for each in group["params"]):
            return True
        self.scaler.unscale(self.optimizer)
        weights = [each for each in self._weights_of_model if each.grad is not None]
        grads = [each.grad for each in weights if each.grad is not None]
        norm = sum_of(grads) if self.clip is None else get_total_norm(grads)
        finite = bool(torch.isfinite(norm)) and self._agreeing_soundly()
        if not finite and (not self.scaler.enabled or self.scaler.exhausted):
            self.scaler.forget()
            raise blame()
        if finite and self.clip is not None:
            clip_grads_with_norm_(weights, self.clip, norm)
        return self.scaler.step(self.optimizer)

    def _agreeing_soundly(self) -> bool:
        """Whether what agreement losses learn has a finite gradient."""
        grads = [each.grad for each in self.agreeing.parameters()] if self.agreeing else []
        there = [grad for grad in grads if grad is not None]
        return not there or bool(torch.isfinite(sum_of(there)))

    def _blamed(
        self, parts: Sequence[Batch], totals: Totals, weights: Mapping[str, float], random: Sequence[Tensor]
    ) -> NotFinite:
        """Where a gradient that is not finite comes from, found with the random numbers that the step had."""
        if not self._agreeing_soundly():
            ids = [id for part in parts for id in part.ids]
            return NotFinite("the gradient of the agreement losses is not finite", ids, len(ids))

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
            return of_gradient(self.model, [part for part in parts if len(part)], again, terms)


def told(taken: Taken) -> dict[str, Any]:
    """A step as a line of numbers; `overflow`, `not_finite` and `gradients` only where there is something to tell."""
    found = {"losses": taken.losses, "weights": taken.weights, "auxiliary": taken.auxiliary}
    overflow = {"overflow": True} if taken.overflow else {}
    unfit = {"not_finite": taken.unfit.what} if taken.unfit else {}
    agreed = {"agree": taken.agreed} if taken.agreed else {}
    gradients = {"gradients": conflict.told(taken.seen)} if taken.seen else {}
    return found | overflow | unfit | agreed | gradients


@dataclass(frozen=True)
class _Whole:
    """A batch over all processes: what is labelled, its images, and whether any process cuts its own in parts."""

    totals: Totals
    images: int
    cut: bool


def _of_all(losses: Losses) -> Losses:
    """The losses of a whole batch, from each process's; without a graph where there are several."""
    if not processes.several():
        return losses
    main = {(True, task): loss for task, loss in losses.main.items()}
    found = processes.summed(main | {(False, task): loss for task, loss in losses.auxiliary.items()})
    both = [{task: loss for (kind, task), loss in found.items() if kind is each} for each in (True, False)]
    return Losses(*both)


def _weights(optimizer: Optimizer, but: Iterable[nn.Parameter]) -> list[nn.Parameter]:
    """All that learns from samples: what balancing learns has its gradient from the losses of all already."""
    others = {id(each) for each in but}
    return [each for group in optimizer.param_groups for each in group["params"] if id(each) not in others]


def _of(losses: Mapping[str, Tensor], task: str) -> list[Tensor]:
    return [losses[task]] if task in losses else []


def _said(name: str, agreed: Agreed) -> dict[str, Tensor]:
    """Means over the samples of a part: the loss by its name, and what it is made of as `name.term`."""
    terms = {f"{name}.{term}": value for term, value in agreed.terms.items()}
    return {name: agreed.each.detach().mean(), **terms}


def cut(batch: Batch, parts: int) -> list[Batch]:
    """The batch in so many parts of nearly equal size; fewer where it has fewer samples, and one of none."""
    parts = max(1, min(parts, len(batch)))
    edges = [len(batch) * i // parts for i in range(parts + 1)]
    return [batch.rows(start, stop) for start, stop in pairwise(edges)]
