"""Where several processes that train one model meet: how they find each other, and how they go on or end as one.

Inside `joined` they are what a launcher started; elsewhere, and where none did, there is one process.

All call the same functions in the same order. Each call begins with a meeting, where one that has failed says so: the
others then fail with its error instead of waiting for it. Meetings are on the processor (gloo) and wait as long as it
takes, so that one may evaluate while the others rest; numbers on a CUDA device are then summed by nccl.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed import ProcessGroup

from mtlc.training.errors import ENVIRONMENT, FAILED, USAGE, RunError
from mtlc.training.launch import place

AS_LONG_AS_IT_TAKES = timedelta(days=30)


@dataclass
class Group:
    """This process among the others, and by what they talk: on the processor, and between CUDA devices."""

    rank: int
    size: int
    local: int
    meeting: ProcessGroup
    device: ProcessGroup | None = None


_group: Group | None = None


class Gone(RunError):
    """Another process ended without a word."""


def group() -> Group | None:
    """The processes that are joined now; None for one alone."""
    return _group


@contextmanager
def joined() -> Iterator[None]:
    """Inside this block the processes of a launcher (or of a group of torch.distributed that is there already) are
    one. An error in one of them is raised in all. Raises `RunError` where they do not find each other.
    """
    there = _group is not None
    own = not (dist.is_available() and dist.is_initialized())
    if not there:
        _begin() if own else _join(int(os.environ.get("LOCAL_RANK", dist.get_rank())))
    try:
        with met():
            yield
            meet()  # nobody leaves while another may still fail
    finally:
        if _group is not None and not there:
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
        sent = None if error is None else _portable(error)
        dist.all_gather_object(found, sent, group=_group.meeting)
    raise _worst(found, error)


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
        _group = Group(dist.get_rank(), dist.get_world_size(), local, meeting)


def _leave(own: bool) -> None:
    global _group
    assert _group is not None
    groups = [None] if own else [each for each in (_group.meeting, _group.device) if each is not None]
    _group = None
    for each in groups:
        dist.destroy_process_group(each)


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
    sent.add_note(f"met in process {_group.rank if _group else 0}:\n{way}")
    return sent


def _worst(found: Sequence[BaseException | None], mine: BaseException | None) -> BaseException:
    """What all raise: of several errors the one that says most."""
    errors = [(getattr(each, "vague", 0), at) for at, each in enumerate(found) if each is not None]
    at = min(errors)[1]
    error = mine if mine is not None and _group and at == _group.rank else found[at]
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
