"""The gradient of what the labels of a batch say, part by part where the batch is cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mtlc.balance.method import Balancer
from mtlc.data.batch import Batch
from mtlc.training import processes
from mtlc.training.again import undisturbed
from mtlc.training.cut import Pass
from mtlc.training.device import Arithmetic
from mtlc.training.directions import Directions, Seen
from mtlc.training.finite import check_losses
from mtlc.training.objective import Losses, Objective, Outputs, Totals, detached
from mtlc.training.scaler import Scaler
from mtlc.training.whole import Whole, of_all


class Supervision:
    """Adds the gradient of the tasks' losses, weighed by a loss-level method and, with `directions`, by a
    gradient-level one.

    Parts give the same losses and gradients as one batch (batch norms apart, which see a part at a time). Where the
    objective is no fixed weighted sum of the losses, they are first measured in a forward pass of their own: a part's
    gradient then depends on the whole batch's losses.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        balancer: Balancer,
        scaler: Scaler,
        directions: Directions | None,
        arithmetic: Arithmetic,
        network: nn.Module,
        *,
        remember: bool,
    ) -> None:
        """`network` is called in place of the model; its weights are the model's. `remember`: keep in `predicted` what
        it says of each part that has samples, without a graph."""
        self.objective, self.balancer, self.scaler, self.directions = objective, balancer, scaler, directions
        self.arithmetic, self.remember = arithmetic, remember
        self.predicted: list[Mapping[str, Tensor]] = []
        self._model, self._network, self._number = model, network, next(model.parameters())

    def __call__(self, parts: Sequence[Batch], whole: Whole) -> tuple[Losses, Seen | None]:
        """The losses of the whole batch, whose gradient has been added."""
        if self.directions:
            self.directions.begin(whole.totals, cut=whole.cut, scale=self.scaler.scale)
        losses = self._in_parts(parts, whole.totals) if whole.cut else self._at_once(parts[0], whole.totals)
        return losses, self.directions.end() if self.directions else None

    def measure(self, parts: Sequence[Batch], totals: Totals) -> dict[str, Tensor]:
        """The weighted losses, whatever they are, without a trace."""
        whole = Losses()
        with torch.no_grad(), undisturbed(self._model, self.arithmetic.device):
            for part in parts:
                whole += self._values(part, totals) if len(part) else self._none(totals)
        return self.objective.weighted(of_all(whole).main)

    def forward(self, part: Batch) -> Pass:
        """A forward pass of the train graph over a part of a batch."""
        passing: Callable[[Tensor], Pass] = self.directions.forward if self.directions else self._passed
        return self.arithmetic(passing, part.images)

    def by_task(self, losses: Losses, shares: Mapping[str, Tensor | float]) -> dict[str, Tensor]:
        """What each task adds to the objective, scaled, where its loss has such a share in it."""
        auxiliary = losses.auxiliary
        every = {task: shares[task] * loss for task, loss in losses.main.items()}
        return {
            task: self.scaler.scaled(loss + auxiliary[task] if task in auxiliary else loss)
            for task, loss in every.items()
        }

    def _passed(self, images: Tensor) -> Pass:
        outputs: Outputs = self._network(images)
        return Pass(outputs, [], [])

    def _at_once(self, batch: Batch, totals: Totals) -> Losses:
        losses, found = self._losses(batch, totals)
        whole = of_all(losses)
        weighted = self.objective.weighted(whole.main)
        if self.directions or processes.several():
            self._descend(losses, self._changes(detached(weighted)), found)
        else:
            self.scaler.backward(self.balancer(weighted), *losses.auxiliary.values())
        return whole

    def _in_parts(self, parts: Sequence[Batch], totals: Totals) -> Losses:
        shares = self._shares(parts, totals)
        whole = Losses()
        for part in parts:
            losses, found = self._losses(part, totals)
            self._descend(losses, shares, found)
            whole += losses.detached()
        return of_all(whole)

    def _descend(self, losses: Losses, shares: Mapping[str, Tensor], found: Pass) -> None:
        """The gradient of one part's losses, each task's weighted one times its share, and of its auxiliary ones."""
        weighted = Losses(self.objective.weighted(losses.main), losses.auxiliary)
        if self.directions:
            self.directions.add(self.by_task(weighted, shares), found)
        else:
            main = [shares[task] * loss for task, loss in weighted.main.items()]
            self.scaler.backward(*main, *losses.auxiliary.values())

    def _shares(self, parts: Sequence[Batch], totals: Totals) -> Mapping[str, Tensor]:
        """How much the objective changes with each weighted loss of the whole batch."""
        if self.balancer.linear:
            return self._changes({task: torch.ones((), device=self.arithmetic.device) for task in totals})
        return self._changes(self.measure(parts, totals))

    def _changes(self, losses: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """How much the objective changes with each of these weighted losses, which have no graph behind them."""
        leaves = {task: loss.requires_grad_() for task, loss in losses.items()}
        self.scaler.backward(self.balancer(leaves))  # to what balancing learns, too: scaled as all else
        return {t: leaf.grad / self.scaler.scale for t, leaf in leaves.items() if leaf.grad is not None}

    def _losses(self, part: Batch, totals: Totals) -> tuple[Losses, Pass]:
        if not len(part):
            return self._none(totals), Pass(({}, {}), [], [])
        found = self.forward(part)
        losses = self.objective(found.outputs, part, totals)
        check_losses(losses, found.outputs, part, totals, self.objective)
        if self.remember:
            self.predicted.append(detached(found.outputs[0]))
        return losses, found

    def _values(self, part: Batch, totals: Totals) -> Losses:
        return self.objective(self.forward(part).outputs, part, totals)

    def _none(self, totals: Totals) -> Losses:
        return self.objective.nothing(totals, self._number)
