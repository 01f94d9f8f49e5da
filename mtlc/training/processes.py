"""What each of several processes that train one model has of the others' numbers.

Where there is one process (see `meeting`), every function here gives back what it got.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import ProcessGroup

from mtlc.training.meeting import group, meet

K = TypeVar("K")
T = TypeVar("T")


def rank() -> int:
    """Which of the processes this is, from 0."""
    here = group()
    return here.rank if here else 0


def size() -> int:
    """How many there are."""
    here = group()
    return here.size if here else 1


def several() -> bool:
    return group() is not None


def first() -> bool:
    """Whether this is the one that writes, evaluates and tells."""
    return rank() == 0


def any_of(flag: bool) -> bool:
    """Whether it is set in any process."""
    return meet(asking=flag)


# --- numbers


def total(tensor: Tensor) -> Tensor:
    """The sum over processes."""
    if not several():
        return tensor
    found = tensor.detach().clone()
    meet()
    dist.all_reduce(found, group=_of(found))
    return found


def stretch(columns: int) -> int:
    """How many of so many columns each process has where they share them; all together may have a few more."""
    return -(-columns // size())


def scattered(row: Tensor) -> Tensor:
    """Of the sum of a row over processes, this one's stretch. Its length is that of all stretches."""
    mine = torch.empty_like(row[: len(row) // size()])
    meet()
    # gloo has it as one all_reduce a stretch: memory is saved there, time is not.
    dist.reduce_scatter(mine, list(row.chunk(size())), group=_of(row))
    return mine


def sum_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Until now each gradient is what this process adds to it; now it is the sum. What none has stays without."""
    if not several():
        return
    there = total(torch.tensor([each.grad is not None for each in parameters], dtype=torch.int32)).tolist()
    kinds: dict[tuple[torch.device, torch.dtype], list[nn.Parameter]] = {}
    for each, found in zip(parameters, there, strict=True):
        if found:
            kinds.setdefault((each.device, each.dtype), []).append(each)
    for some in kinds.values():
        _sum_gradients(some)


def _sum_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Of parameters of one device and type: side by side, in the order of their memory."""
    flat = parameters[0].new_zeros(sum(each.numel() for each in parameters))
    start, sums = 0, []
    for each in parameters:
        sums.append(flat[start : start + each.numel()].as_strided(each.shape, each.stride(), start))
        start += each.numel()
        if each.grad is not None:
            sums[-1].copy_(each.grad)
    meet()
    dist.all_reduce(flat, group=_of(flat))
    for each, found in zip(parameters, sums, strict=True):
        each.grad = found


# --- anything else


def shared(value: T | None) -> T:
    """What the first process has; the others need none."""
    if not several():
        return cast(T, value)
    box = [value]
    meet()
    dist.broadcast_object_list(box, 0, group=_of())
    return cast(T, box[0])


def gathered(value: T) -> list[T]:
    """What each process has, in their order."""
    if not several():
        return [value]
    found: list[Any] = [None] * size()
    meet()
    dist.all_gather_object(found, value, group=_of())
    return found


def summed(numbers: Mapping[K, Tensor]) -> dict[K, Tensor]:
    """Numbers by name, summed over processes; one that lacks a name adds nothing to it."""
    if not several():
        return dict(numbers)
    found: dict[K, float] = {}
    for each in gathered({name: number.item() for name, number in numbers.items()}):
        for name, number in each.items():
            found[name] = found.get(name, 0.0) + number
    like = next(iter(numbers.values()), torch.zeros(()))
    return {
        name: torch.tensor(number, dtype=like.dtype, device=like.device) for name, number in found.items()
    }


def merged(found: Mapping[str, T]) -> dict[str, T]:
    """All that any process has found."""
    if not any_of(bool(found)):
        return dict(found)
    return {key: value for each in gathered(dict(found)) for key, value in each.items()}


def same(modules: Iterable[nn.Module]) -> None:
    """All have the first one's weights and buffers."""
    if not several():
        return
    meet()
    with torch.no_grad():
        for module in modules:
            for each in [*module.parameters(), *module.buffers()]:
                whole = each.detach().contiguous()
                dist.broadcast(whole, 0, group=_of(whole))
                each.copy_(whole)


def _of(tensor: Tensor | None = None) -> ProcessGroup | None:
    here = group()
    assert here is not None
    return here.device if tensor is not None and tensor.is_cuda else here.meeting
