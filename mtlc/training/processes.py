"""Several processes that train one model together: what each has of a sum, and how all go on or end as one.

Inside `joined` they are what a launcher started; elsewhere, and where none did, there is one process and every
function here gives back what it got.

All call the same functions in the same order. Each call begins with a meeting, where one that has failed says so: the
others then fail with its error instead of waiting for it. Meetings are on the processor (gloo) and wait as long as it
takes, so that one may evaluate while the others rest; numbers on a CUDA device are then summed by nccl.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import ProcessGroup

from mtlc.training.errors import ENVIRONMENT, FAILED, USAGE, RunError
from mtlc.training.launch import place

K = TypeVar("K")
T = TypeVar("T")
AS_LONG_AS_IT_TAKES = timedelta(days=30)


@dataclass
class _Group:
    rank: int
    size: int
    local: int
    meeting: ProcessGroup
    device: ProcessGroup | None = None


_group: _Group | None = None


class Gone(RunError):
    """Another process ended without a word."""


def rank() -> int:
    """Which of the processes this is, from 0."""
    return _group.rank if _group else 0


def size() -> int:
    """How many there are."""
    return _group.size if _group else 1


def several() -> bool:
    return _group is not None


def first() -> bool:
    """Whether this is the one that writes, evaluates and tells."""
    return rank() == 0


# --- together


@contextmanager
def joined() -> Iterator[None]:
    """Inside this block the processes of a launcher (or of a group of torch.distributed that is there already) are
    one. An error in one of them is raised in all. Raises `RunError` where they do not find each other.
    """
    there = several()
    own = not (dist.is_available() and dist.is_initialized())
    if not there:
        _begin() if own else _join(int(os.environ.get("LOCAL_RANK", dist.get_rank())))
    try:
        with met():
            yield
            meet()  # nobody leaves while another may still fail
    finally:
        if several() and not there:
            _leave(own)


@contextmanager
def met(*errors: type[Exception]) -> Iterator[None]:
    """An error that one process meets inside this block (of these kinds, if any are named) is raised in all."""
    try:
        yield
    except BaseException as error:
        if _group and isinstance(error, errors or BaseException) and not _known(error):
            meet(error)
        raise


def meet(error: BaseException | None = None, *, asking: bool = False) -> bool:
    """Wait for all, and raise what any of them has met; otherwise whether any of them is `asking`."""
    if not _group:
        return asking
    flags = torch.tensor([error is not None, asking], dtype=torch.int32)
    with _clear(error):
        dist.all_reduce(flags, dist.ReduceOp.MAX, group=_group.meeting)
        failed, asked = flags.tolist()
        if not failed:
            return bool(asked)
        found: list[BaseException | None] = [None] * _group.size
        dist.all_gather_object(found, error and _portable(error), group=_group.meeting)
    raise _worst(found, error)


def any_of(flag: bool) -> bool:
    """Whether it is set in any process."""
    return meet(asking=flag)


# --- numbers


def total(tensor: Tensor) -> Tensor:
    """The sum over processes."""
    if not _group:
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
    assert _group is not None
    mine = torch.empty_like(row[: len(row) // _group.size])
    meet()
    # gloo has it as one all_reduce a stretch: memory is saved there, time is not.
    dist.reduce_scatter(mine, list(row.chunk(_group.size)), group=_of(row))
    return mine


def sum_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Until now each gradient is what this process adds to it; now it is the sum. What none has stays without."""
    if not _group:
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
    if not _group:
        return cast(T, value)
    box = [value]
    meet()
    dist.broadcast_object_list(box, 0, group=_group.meeting)
    return cast(T, box[0])


def gathered(value: T) -> list[T]:
    """What each process has, in their order."""
    if not _group:
        return [value]
    found: list[Any] = [None] * _group.size
    meet()
    dist.all_gather_object(found, value, group=_group.meeting)
    return found


def summed(numbers: Mapping[K, Tensor]) -> dict[K, Tensor]:
    """Numbers by name, summed over processes; one that lacks a name adds nothing to it."""
    if not _group:
        return dict(numbers)
    found: dict[K, float] = {}
    for each in gathered({name: number.item() for name, number in numbers.items()}):
        for name, number in each.items():
            found[name] = found.get(name, 0.0) + number
    like = next(iter(numbers.values()), torch.zeros(()))
    return {name: torch.tensor(number, dtype=like.dtype, device=like.device) for name, number in found.items()}


def merged(found: Mapping[str, T]) -> dict[str, T]:
    """All that any process has found."""
    if not any_of(bool(found)):
        return dict(found)
    return {key: value for each in gathered(dict(found)) for key, value in each.items()}


def same(modules: Iterable[nn.Module]) -> None:
    """All have the first one's weights and buffers."""
    if not _group:
        return
    meet()
    with torch.no_grad():
        for module in modules:
            for each in [*module.parameters(), *module.buffers()]:
                whole = each.detach().contiguous()
                dist.broadcast(whole, 0, group=_of(whole))
                each.copy_(whole)


def on(device: torch.device) -> torch.device:
    """The device of this process where all were told to compute on this one. Raises `RunError`."""
    if not _group or device.type == "cpu":
        return device
    if device.index is not None:
        raise RunError(f"{_group.size} processes cannot share `{device}`", "say `--device cuda`", USAGE)
    if _group.local >= torch.cuda.device_count():
        message = (
            f"process {_group.rank} has no CUDA device of its own: torch finds {torch.cuda.device_count()}"
        )
        raise RunError(message, "start as many processes as there are devices", ENVIRONMENT)
    if not dist.is_nccl_available():
        raise RunError(
            "this torch has no nccl, by which CUDA devices talk", "say `--device cpu`", ENVIRONMENT
        )
    mine = torch.device("cuda", _group.local)
    torch.cuda.set_device(mine)
    meet()
    _group.device = _group.device or dist.new_group(backend="nccl", device_id=mine)
    return mine


# --- beginning and end


def _begin() -> None:
    """Find the other processes, if there are any."""
    mine = place()
    if mine is None:
        return
    if not (dist.is_available() and dist.is_gloo_available()):
        raise RunError("this torch has no gloo, by which processes talk", "start one process", ENVIRONMENT)
    try:
        dist.init_process_group("gloo", rank=mine.rank, world_size=mine.size)
    except (RuntimeError, ValueError) as error:
        at = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        message = f"process {mine.rank} of {mine.size} does not find the others at {at}: {_line(error)}"
        raise RunError(message, "start all of them by one launcher", ENVIRONMENT) from None
    _join(mine.local)


def _join(local: int) -> None:
    """Take part in a group that is there."""
    global _group
    if dist.get_world_size() > 1:
        meeting = dist.new_group(backend="gloo", timeout=AS_LONG_AS_IT_TAKES)
        assert meeting is not None
        _group = _Group(dist.get_rank(), dist.get_world_size(), local, meeting)


def _leave(own: bool) -> None:
    global _group
    assert _group is not None
    groups = [None] if own else [each for each in (_group.meeting, _group.device) if each is not None]
    _group = None
    for each in groups:
        dist.destroy_process_group(each)


def _of(tensor: Tensor) -> ProcessGroup | None:
    assert _group is not None
    return _group.device if tensor.is_cuda else _group.meeting


# --- errors


def _known(error: BaseException) -> bool:
    """Whether all processes have this error."""
    return getattr(error, "known_to_all", False)


def _portable(error: BaseException) -> BaseException:
    """The error as it can be sent to another process, with the way to it."""
    way = "".join(traceback.format_exception(error))
    try:
        sent: BaseException = pickle.loads(pickle.dumps(error))
    except Exception:  # an exception may hold anything
        code, said = getattr(error, "exit_code", None), f"{getattr(error, 'message', error)}"
        hint = getattr(error, "hint", None)
        sent = (
            RunError(said, hint, code)
            if isinstance(code, int)
            else RuntimeError(f"{type(error).__name__}: {error}")
        )
    sent.add_note(f"met in process {rank()}:\n{way}")
    return sent


def _worst(found: Sequence[BaseException | None], mine: BaseException | None) -> BaseException:
    """What all raise: of several errors the one that says most."""
    errors = [(getattr(each, "vague", 0), at) for at, each in enumerate(found) if each is not None]
    at = min(errors)[1]
    error = mine if mine is not None and at == rank() else found[at]
    assert error is not None
    error.known_to_all = True  # type: ignore[attr-defined]
    return error


@contextmanager
def _clear(error: BaseException | None) -> Iterator[None]:
    """What torch says where another process is gone; who has failed itself keeps its own error."""
    try:
        yield
    except RuntimeError as gone:
        if error is None:
            error = Gone(
                "another process of this run is gone", "see what it, or its launcher, has said", FAILED
            )
        error.known_to_all = True  # type: ignore[attr-defined]
        raise error from gone


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
