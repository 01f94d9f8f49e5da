"""The gradients of several tasks side by side: one row a task, over the parameters that a set of tasks shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from mtlc.training import processes


class Rows:
    """A matrix of one row for each task of a set and one column for each of its parameters' numbers.

    Rows are written in any order; `begin` says which tasks have one. A row is laid out as the parameters are in
    memory, so that what it is combined to can be their gradient. The memory is taken with the first row and stays
    from step to step.

    Where several processes train, each writes what its samples give. `join` then leaves it with all of a stretch of the
    columns: inner products are to be summed over processes, and so are the gradients that rows are combined to.
    """

    def __init__(self, tasks: Sequence[str], parameters: Mapping[str, nn.Parameter]) -> None:
        """`parameters` by name, in the order of the module tree."""
        self.tasks = tuple(tasks)
        self.parameters = dict(parameters)
        self.present: tuple[str, ...] = ()
        self._written: set[str] = set()
        self._columns = dict(_columns(self.parameters))
        self._count = sum(each.numel() for each in self.parameters.values())
        self._mine = slice(0, self._count)
        self._joined: Tensor | None = None

    def begin(self, present: Sequence[str]) -> None:
        """Start anew, with a row for each of these tasks of the set."""
        self.present = tuple(task for task in self.tasks if task in present)
        self._written.clear()
        self._joined = None

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

    def join(self) -> None:
        """Sum the rows over processes; this one keeps its stretch of columns."""
        if processes.several() and self.present:
            wide = processes.stretch(self._count)
            self._mine = slice(processes.rank() * wide, (processes.rank() + 1) * wide)
            rows = self._matrix[: len(self.present)]
            self._joined = torch.stack([processes.scattered(row) for row in rows])

    def grams(self, groups: Mapping[str, Sequence[str]], scale: float) -> dict[str, Tensor]:
        """The inner products K×K, float64, of the rows' parts over each group of parameters; rows are first
        divided by `scale`. A group's parameters must stand next to each other."""
        rows = self._here
        return {group: _gram(rows[:, self._span(names)], scale) for group, names in groups.items()}

    @cached_property
    def _matrix(self) -> Tensor:
        first = next(iter(self.parameters.values()))
        columns = processes.stretch(self._count) * processes.size()
        return torch.zeros(len(self.tasks), columns, dtype=first.dtype, device=first.device)

    @property
    def _here(self) -> Tensor:
        """The rows, in the columns that this process has."""
        return self._matrix[: len(self.present)] if self._joined is None else self._joined

    def finite(self) -> bool:
        """Whether every number of every row is."""
        return bool(torch.isfinite(self._here.sum()))

    def combine(self, weights: Tensor) -> None:
        """Make the rows' sum with these weights, K, the parameters' gradient; 0 in columns that others have."""
        rows = self._here
        combined = torch.mv(rows.T, weights.to(rows))
        if processes.several():
            mine, combined = combined, combined.new_zeros(self._matrix.shape[1])
            combined[self._mine] = mine
        for name, parameter in self.parameters.items():
            parameter.grad = _shaped(combined[self._columns[name]], parameter)

    def _span(self, names: Sequence[str]) -> slice:
        start, stop = self._columns[names[0]].start, self._columns[names[-1]].stop
        return slice(
            *(min(max(at, self._mine.start), self._mine.stop) - self._mine.start for at in (start, stop))
        )


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
