"""What the program that started this process says of the others. Imports no torch."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mtlc.training.errors import USAGE, RunError

ALONE = (
    """accelerate was asked for several processes on the CPU and starts one there (its way to more is MPI)"""
)
TOGETHER = "use `torchrun --nproc_per_node 2 -m mtlc …`, or `accelerate launch --multi_gpu --num_processes 2 -m mtlc …`"


@dataclass(frozen=True)
class Place:
    """Which of how many processes this one is; `local` counts on its own machine."""

    rank: int
    size: int
    local: int


def place() -> Place | None:
    """Where `torchrun` or `accelerate launch` put this process; None if it was started alone.

    Raises `RunError` where what they left in the environment does not fit together.
    """
    found = os.environ
    if "WORLD_SIZE" not in found and {"ACCELERATE_MIXED_PRECISION", "MASTER_PORT"} <= found.keys():
        raise RunError(ALONE, TOGETHER, USAGE)
    size = _number("WORLD_SIZE", 1)
    if size == 1:
        return None
    rank = _number("RANK")
    if not 0 <= rank < size:
        raise RunError(f"RANK is {rank}, and WORLD_SIZE {size}", TOGETHER, USAGE)
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        if name not in found:
            raise RunError(f"WORLD_SIZE is {size}, and {name} is not set", TOGETHER, USAGE)
    return Place(rank, size, _number("LOCAL_RANK", rank))


def speaks() -> bool:
    """Whether this process is the one to say what all of them find."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK", "0") == "0"


def _number(name: str, default: int | None = None) -> int:
    text = os.environ.get(name, default)
    try:
        return int(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        said = "is not set" if text is None else f"is `{text}`, which is no number"
        raise RunError(f"the environment variable {name} {said}", TOGETHER, USAGE) from None
