"""What a step minimises, before balancing: each task's loss over the whole batch, and auxiliary losses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, cast

import torch
from torch import Tensor, nn

from mtlc.data.batch import Batch, settled
from mtlc.lower import constructor
from mtlc.nn.losses import Loss
from mtlc.parts.part import AUTO, Part
from mtlc.plan import Plan

Outputs = tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
"""What the train graph gives: predictions by task, auxiliary predictions by feature."""

Totals = Mapping[str, Tensor]
"""What is labelled in a batch, as each task's loss counts it; tasks without any label are not in it."""


@dataclass(frozen=True)
class Losses:
    """Losses by task: `main` before the task's weight, `auxiliary` with all its weights."""

    main: dict[str, Tensor] = field(default_factory=dict)
    auxiliary: dict[str, Tensor] = field(default_factory=dict)

    def __add__(self, other: Losses) -> Losses:
        return Losses(_sum(self.main, other.main), _sum(self.auxiliary, other.auxiliary))

    def detached(self) -> Losses:
        """The same without the graph behind them."""
        return Losses(detached(self.main), detached(self.auxiliary))


NONE = torch.zeros(0, 3, 1, 1)
"""The labels of a batch without samples, whatever the task."""


class Objective:
    """The losses of a plan's tasks, or of `only` some, normalised over all that is labelled in a batch.

    A batch may be cut into parts: `totals` counts over all of it, and the parts' losses add up to its own.
    """

    def __init__(self, plan: Plan, only: Collection[str] | None = None) -> None:
        tasks = {name: task for name, task in plan.tasks.items() if only is None or name in only}
        self.weights = {name: task.part.weight for name, task in tasks.items()}
        self._fills = {name: task.part.form.fill for name, task in plan.tasks.items()}
        self._losses = {name: cast(Loss, make(task.part.loss)) for name, task in tasks.items()}
        self._auxiliaries = [each for each in plan.graph.auxiliaries if each.task in tasks]

    def settled(self, batch: Batch) -> Batch:
        """The batch without what stands in place of absent labels: to be called before all else."""
        return settled(batch, self._fills)

    def totals(self, parts: Sequence[Batch]) -> dict[str, Tensor]:
        """What is labelled in all the parts of a batch."""
        return {task: count for task, count in self.counts(parts).items() if count[0] > 0}

    def counts(self, parts: Sequence[Batch]) -> dict[str, Tensor]:
        """The same with an entry for every task."""
        return {
            task: reduce(add, (loss.measure(part.labels.get(task, NONE)) for part in parts))
            for task, loss in self._losses.items()
        }

    def nothing(self, totals: Totals, like: Tensor) -> Losses:
        """What a part without samples contributes, as numbers like those of a weight."""
        tasks = {each.task for each in self._auxiliaries}
        zeros = {task: like.new_zeros(()) for task in totals}
        return Losses(zeros, {task: zero for task, zero in zeros.items() if task in tasks})

    def __call__(self, outputs: Outputs, batch: Batch, totals: Totals) -> Losses:
        """What one part of a batch contributes. Tasks that are not in `totals` have no entry."""
        predictions, extra = outputs
        main = {task: self.loss(task, predictions[task], batch.labels[task], totals) for task in totals}
        auxiliary: dict[str, Tensor] = {}
        for each in self._auxiliaries:
            if each.task in totals:
                loss = self.loss(each.task, extra[each.feature], batch.labels[each.task], totals)
                auxiliary = _sum(auxiliary, {each.task: each.weight * self.weights[each.task] * loss})
        return Losses(main, auxiliary)

    def loss(self, task: str, prediction: Tensor, label: Tensor, totals: Totals) -> Tensor:
        """One task's loss, unweighted."""
        return self._losses[task](prediction, label, totals[task])

    def weighted(self, main: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each loss times its task's weight: what balancing gets."""
        return {task: self.weights[task] * loss for task, loss in main.items()}


def make(part: Part, **more: Any) -> nn.Module:
    """The module that a part names, from its keys and `more`; `auto` becomes None."""
    keys = {key: None if value is AUTO else value for key, value in part.arguments(()).items()}
    return cast(nn.Module, constructor(part)(**(keys | more)))


def detached(losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {task: each.detach() for task, each in losses.items()}


def _sum(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Entry by entry; what only one of them has stays."""
    both = {task: left[task] + right[task] for task in left if task in right}
    return {**left, **right, **both}
