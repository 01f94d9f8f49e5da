"""The gradients of several tasks side by side: one row a task, over the parameters that a set of tasks shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn


class Rows:
    """A matrix of one row for each task of a set and one column for each of its parameters' numbers.

    Rows are written in any order; `begin` says which tasks have one. A row is laid out as the parameters are in
    memory, so that what it is combined to can be their gradient. The memory is taken with the first row and stays
    from step to step.
    """

    def __init__(self, tasks: Sequence[str], parameters: Mapping[str, nn.Parameter]) -> None:
        """`parameters` by name, in the order of the module tree."""
        self.tasks = tuple(tasks)
        self.parameters = dict(parameters)
        self.present: tuple[str, ...] = ()
        self._written: set[str] = set()
        self._columns = dict(_columns(self.parameters))

    def begin(self, present: Sequence[str]) -> None:
        """Start anew, with a row for each of these tasks of the set."""
        self.present = tuple(task for task in self.tasks if task in present)
        self._written.clear()

    def add(self, task: str, gradients: Mapping[str, Tensor]) -> None:
        """Write a task's row, or add to it what another part of the batch gives; what is not named gets nothing."""
        row = self._matrix[self.present.index(task)]
        first = task not in self._written
        self._written.add(task)
        for name, parameter in self.parameters.items():
            place = _shaped(row[self._columns[name]], parameter)
            if not first:
                place.add_(gradients.get(name, 0.0))
            elif name in gradients:
                place.copy_(gradients[name])
            else:
                place.zero_()

    def grams(self, groups: Mapping[str, Sequence[str]], scale: float) -> dict[str, Tensor]:
        """The inner products K×K, float64, of the rows' parts over each group of parameters; rows are first
        divided by `scale`. A group's parameters must stand next to each other."""
        rows = self._matrix[: len(self.present)]
        return {group: _gram(rows[:, self._span(names)], scale) for group, names in groups.items()}

    @cached_property
    def _matrix(self) -> Tensor:
        first = next(iter(self.parameters.values()))
        count = sum(each.numel() for each in self.parameters.values())
        return torch.zeros(len(self.tasks), count, dtype=first.dtype, device=first.device)

    def finite(self) -> bool:
        """Whether every number of every row is."""
        return bool(torch.isfinite(self._matrix[: len(self.present)].sum()))

    def combine(self, weights: Tensor) -> None:
        """Make the rows' sum with these weights, K, the parameters' gradient."""
        rows = self._matrix[: len(self.present)]
        combined = torch.mv(rows.T, weights.to(rows))
        for name, parameter in self.parameters.items():
            parameter.grad = _shaped(combined[self._columns[name]], parameter)

    def _span(self, names: Sequence[str]) -> slice:
        return slice(self._columns[names[0]].start, self._columns[names[-1]].stop)


def _columns(parameters: Mapping[str, nn.Parameter]) -> list[tuple[str, slice]]:
    found, start = [], 0
    for name, parameter in parameters.items():
        found.append((name, slice(start, start + parameter.numel())))
        start += parameter.numel()
    return found


def _shaped(numbers: Tensor, parameter: Tensor) -> Tensor:
    """A stretch of numbers as a view that has a parameter's shape and its layout in memory."""
    return numbers.as_strided(parameter.shape, parameter.stride(), numbers.storage_offset())


def _gram(rows: Tensor, scale: float) -> Tensor:
    rows = rows if scale == 1 else rows / scale
    return (rows @ rows.T).double()
