"""Memory for time: what a module computes on its way is computed anew for the gradient, not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


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


def recomputing(module: nn.Module) -> Callable[[], None]:
    """From now on each block of a module keeps only what it reads and writes until the gradient, and is computed anew
    for it, with the same random numbers; batch norms count the batch once. The function given back undoes this.

    Names of weights stay, and so do results and gradients, to the last bit. Raises `RuntimeError` in the forward pass
    for a block that changes what it reads: it would be computed from something else the second time.
    """
    parts = [part for part in blocks(module) if "forward" not in vars(part)]
    for part in parts:
        part.forward = _again(part, part.forward)

    def undo() -> None:
        for part in parts:
            del part.forward

    return undo


def blocks(module: nn.Module) -> Iterator[nn.Module]:
    """What of a module is computed anew by itself: the smallest of its parts that have parts, but for those that hold
    several of such in a row."""
    children = list(module.children())
    if _rows(module):
        for child in children:
            yield from blocks(child)
    elif children and not isinstance(module, (nn.ModuleList, nn.ModuleDict)):
        yield module


def _rows(module: nn.Module) -> bool:
    """Whether it holds blocks in a row, somewhere, or is itself no more than a list."""
    return isinstance(module, (nn.ModuleList, nn.ModuleDict)) or any(
        isinstance(each, (nn.Sequential, nn.ModuleList, nn.ModuleDict))
        and sum(any(True for _ in child.children()) for child in each.children()) > 1
        for each in module.modules()
    )


def _again(part: nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
    def run(*inputs: Any, **keys: Any) -> Any:
        if torch.compiler.is_compiling() or not torch.is_grad_enabled():
            return forward(*inputs, **keys)
        read = list(_tensors([inputs, keys]))
        before = [each._version for each in read]
        found = checkpoint(
            forward, *inputs, use_reentrant=False, context_fn=lambda: (nullcontext(), _Still(part)), **keys
        )
        if [each._version for each in read] != before:
            raise RuntimeError(
                f"a {type(part).__name__} changes what it reads, so it cannot be computed again"
            )
        return found

    return run


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _tensors(each)


class _Still:
    """While it is open, batch norms normalise as before and leave their running statistics and counts alone.

    It may be opened anew: a graph that is kept for several backward passes is computed again in each of them.
    """

    def __init__(self, part: nn.Module) -> None:
        self.norms = [module for module in part.modules() if isinstance(module, NORMS)]

    def __enter__(self) -> None:
        self.before = [(norm.momentum, norm.num_batches_tracked) for norm in self.norms]
        for norm in self.norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None

    def __exit__(self, *_: object) -> None:
        for norm, (momentum, count) in zip(self.norms, self.before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
