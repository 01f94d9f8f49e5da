"""Memory for time: what a module computes on its way is computed anew for the gradient, not kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def recompute(part: nn.Module, *inputs: Tensor) -> Tensor:
    """`part(*inputs)`, keeping only inputs and output until the gradient; batch norms count the batch once.

    Under `torch.compile` and export, which choose for themselves what to keep, and while fx traces, a plain
    call.
    """
    plain = torch.compiler.is_compiling() or not all(isinstance(x, Tensor) for x in inputs)
    if plain or not torch.is_grad_enabled():
        return part(*inputs)
    return checkpoint(
        part,
        *inputs,
        use_reentrant=False,
        preserve_rng_state=False,
        context_fn=lambda: (nullcontext(), _still(part)),
    )


@contextmanager
def _still(part: nn.Module) -> Iterator[None]:
    """Batch norms normalise as before and leave their running statistics and their counts alone."""
    norms = [m for m in part.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
