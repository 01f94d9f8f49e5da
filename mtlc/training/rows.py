"""The gradients of several tasks side by side: one row a task, over the parameters that a set of tasks shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from mtlc.training import processes

WINDOW = {
    "cpu": 1 << 17,
    "cuda": 1 << 21,
}  # columns multiplied at once: what fits a cache, what keeps a device busy

Row = dict[str, Tensor]
"""Numbers by parameter, in the order that they have in memory; of several processes, those in one's columns."""


class Rows:
    """One row for each task of a set, with a column for each number of its parameters.

    Rows are written in any order; `begin` says which tasks have one. They stay where autograd wrote them, since a
    matrix would be a copy of them all, and are combined in place: a step takes no more memory than its rows.

    Where several processes train, each writes what its samples give. `join` then leaves it with all of a stretch of the
    columns: inner products are to be summed over processes, and so are the gradients that rows are combined to.
    """

    def __init__(self, tasks: Sequence[str], parameters: Mapping[str, nn.Parameter]) -> None:
        """`parameters` by name, in the order of the module tree."""
        self.tasks = tuple(tasks)
        self.parameters = dict(parameters)
        self.present: tuple[str, ...] = ()
        self._rows: dict[str, Row] = {}
        self._joined = False

    def begin(self, present: Sequence[str]) -> None:
        """Start anew, with a row for each of these tasks of the set."""
        self.present = tuple(task for task in self.tasks if task in present)
        self._rows, self._joined = {}, False

    def add(self, task: str, gradients: Mapping[str, Tensor]) -> None:
        """Take a task's row, which `trunk.owned` leaves to be written to, or add to it what another part of the batch
        gives; what is not named gets nothing."""
        row = self._rows.setdefault(task, {})
        for name, gradient in gradients.items():
            if name in row:
                _shaped(row[name], self.parameters[name]).add_(gradient)
            else:
                row[name] = _flat(gradient)

    def join(self) -> None:
        """Sum the rows over processes; this one keeps its stretch of columns."""
        if not processes.several() or not self.present:
            return
        sizes = [each.numel() for each in self.parameters.values()]
        wide = processes.stretch(sum(sizes))
        more = wide * processes.size() - sum(sizes)  # columns of nothing, so that all stretches are alike
        here = list(_overlaps(sizes, processes.rank() * wide, wide))
        for task in self.present:
            row = list(self._row(task).values())
            mine = processes.scattered(torch.cat([*row, row[0].new_zeros(more)]))
            self._rows[task] = dict(zip(self.parameters, _cut(mine, here), strict=True))
        self._joined = True

    def grams(self, groups: Mapping[str, Sequence[str]], scale: float) -> dict[str, Tensor]:
        """The inner products K×K, float64, of the rows' parts over each group of parameters; rows are first
        divided by `scale`."""
        rows = [self._row(task) for task in self.present]
        return {
            group: _gram([[row[name] for name in names] for row in rows], scale)
            for group, names in groups.items()
        }

    def finite(self) -> bool:
        """Whether every number of every row is."""
        sums = [each.sum() for task in self.present for each in self._row(task).values()]
        return bool(torch.isfinite(torch.stack(sums)).all()) if sums else True

    def combine(self, weights: Sequence[float]) -> None:
        """Make the rows' sum with these weights, K, the parameters' gradient; 0 in columns that others have."""
        total, *others = (list(self._row(task).values()) for task in self.present)
        torch._foreach_mul_(total, weights[0])
        for row, weight in zip(others, weights[1:], strict=True):
            torch._foreach_add_(total, row, alpha=weight)
        for parameter, numbers in zip(self.parameters.values(), self._everywhere(total), strict=True):
            parameter.grad = _shaped(numbers, parameter)
        self._rows = {}

    def _row(self, task: str) -> Row:
        """A task's row over all parameters."""
        row = self._rows.get(task, {})
        return {
            name: row[name] if name in row else parameter.new_zeros(parameter.numel())
            for name, parameter in self.parameters.items()
        }

    def _everywhere(self, numbers: Sequence[Tensor]) -> Sequence[Tensor]:
        """Numbers in this process's columns by parameter, with 0 in all others."""
        if not self._joined:
            return numbers
        sizes = [each.numel() for each in self.parameters.values()]
        start = processes.rank() * processes.stretch(sum(sizes))
        mine = torch.cat(list(numbers))
        whole = mine.new_zeros(sum(sizes))
        whole[start : start + len(mine)] = mine
        return _cut(whole, sizes)


def _overlaps(sizes: Iterable[int], start: int, wide: int) -> Iterator[int]:
    """How much of each of these, laid side by side, lies in the stretch from `start`."""
    at = 0
    for size in sizes:
        yield max(0, min(at + size, start + wide) - max(at, start))
        at += size


def _cut(numbers: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Stretches of these sizes, from the start on."""
    ends = list(accumulate(sizes))
    return [numbers[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _flat(gradient: Tensor) -> Tensor:
    """A dense tensor's numbers as they lie in memory."""
    return gradient.as_strided((gradient.numel(),), (1,))


def _shaped(numbers: Tensor, parameter: Tensor) -> Tensor:
    """The numbers as a view that has a parameter's shape and its layout in memory."""
    return numbers.as_strided(parameter.shape, parameter.stride(), numbers.storage_offset())


def _gram(rows: Sequence[Sequence[Tensor]], scale: float) -> Tensor:
    first = rows[0][0]
    total = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=first.device)
    for window in _windows([len(each) for each in rows[0]], WINDOW[first.device.type]):
        block = torch.cat([row[place][part] for row in rows for place, part in window]).view(len(rows), -1)
        block = block if scale == 1 else block / scale
        total += block @ block.T
    return total


def _windows(lengths: Iterable[int], width: int) -> Iterator[list[tuple[int, slice]]]:
    """Tensors of these lengths side by side, in stretches of `width`: which of them, and what of each."""
    window, room = [], width
    for place, length in enumerate(lengths):
        start = 0
        while start < length:
            stop = min(length, start + room)
            window.append((place, slice(start, stop)))
            start, room = stop, room - (stop - start)
            if not room:
                yield window
                window, room = [], width
    if window:
        yield window
