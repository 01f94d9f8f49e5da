"""A contestant in a process of its own: it takes steps when asked, and says how long they took and what they held."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection

from .setting import Size

WARM = 3  # first steps, in which memory is taken and nothing is timed


@dataclass(frozen=True)
class Held:
    """The most that a step held, in bytes: `tensors` with parameters, optimiser and batches; `resident` is what the
    process had at most in its own memory, with all its libraries."""

    tensors: int
    resident: int


def serve(pipe: Connection, kind: str, method: str, size: Size) -> None:
    """Build; once something is received take the first steps and send a `Held`; then, for each number received, take so
    many steps and send their seconds. 0 ends it. What goes wrong is sent as text."""
    warnings.simplefilter("ignore")
    try:
        _serve(pipe, kind, method, size)
    except Exception as failure:  # whatever a solver raises
        pipe.send(f"{type(failure).__name__}: {failure}")


def _serve(pipe: Connection, kind: str, method: str, size: Size) -> None:
    import torch

    from .memory import meter
    from .steps import batches, make

    def sync() -> None:
        if size.device != "cpu":
            torch.cuda.synchronize(size.device)

    counted = meter(size.device)
    step, model = make(kind, method, size, torch.float32)
    drawn, taken = batches(model, size, torch.float32), 0

    def timed() -> float:
        nonlocal taken
        sync()
        start = time.perf_counter()
        step(drawn[taken % len(drawn)])
        sync()
        taken += 1
        return time.perf_counter() - start

    pipe.recv()
    for _ in range(WARM):
        counted.mark()
        timed()
    pipe.send(Held(counted.stop(), resident()))
    while count := pipe.recv():
        pipe.send([timed() for _ in range(count)])


def resident() -> int:
    """The largest resident size of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
