"""Memory for time: what a module computes on its way is computed anew for the gradient, not kept."""

from __future__ import annotations

from contextlib import nullcontext

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
        context_fn=lambda: (nullcontext(), _Still(part)),
    )


class _Still:
    """While it is open, batch norms normalise as before and leave their running statistics and counts alone.

    It may be opened anew: a graph that is kept for several backward passes is computed again in each of them.
    """

    def __init__(self, part: nn.Module) -> None:
        self.norms = [module for module in part.modules() if isinstance(module, nn.BatchNorm2d)]

    def __enter__(self) -> None:
        self.before = [(norm.momentum, norm.num_batches_tracked) for norm in self.norms]
        for norm in self.norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None

    def __exit__(self, *_: object) -> None:
        for norm, (momentum, count) in zip(self.norms, self.before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
