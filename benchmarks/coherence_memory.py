"""How much memory three coherence parts add in one step: python benchmarks/coherence_memory.py

Forward and backward at 19,200 cells (480x640 at stride 4), batch 1, three tasks, width 256. The figure is the
growth of the process's peak from just before the step to its end: activations, gradients, and what the
kernels borrow.
"""

from __future__ import annotations

import resource
import sys
import time

import torch
from torch import nn

from mtlc.nn.coherence import Coherence

TASKS, DIM, HEIGHT, WIDTH, LIMIT = 3, 256, 120, 160, 1.5


def peak() -> float:
    """The largest resident size of this process so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> None:
    torch.manual_seed(0)
    others = (DIM,) * (TASKS - 1)
    parts = nn.ModuleList(
        Coherence(dim=DIM, sources=others, reduction=16, residual=False) for _ in range(TASKS)
    )
    streams = [torch.randn(1, DIM, HEIGHT, WIDTH).requires_grad_() for _ in range(TASKS)]
    start, before = time.perf_counter(), peak()
    outs = [part(x, *(y for y in streams if y is not x)) for part, x in zip(parts, streams, strict=True)]
    sum(out.square().mean() for out in outs).backward()
    grew = peak() - before
    print(f"{TASKS} tasks, {HEIGHT * WIDTH} cells, dim {DIM}: peak grew by {grew:.2f} GB (at most {LIMIT})")
    print(f"the step took {time.perf_counter() - start:.0f} s with {torch.get_num_threads()} threads")
    if grew > LIMIT:
        raise SystemExit("over the limit")


if __name__ == "__main__":
    main()
