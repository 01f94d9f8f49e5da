"""Computing something again without a trace, with other or with the same random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def undisturbed(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Buffers (running means) and random numbers are afterwards what they were before."""
    buffers = {name: each.clone() for name, each in model.named_buffers()}
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        yield
    with torch.no_grad():
        for name, each in model.named_buffers():
            each.copy_(buffers[name])


def drawn(device: torch.device) -> list[Tensor]:
    """How far random numbers are drawn."""
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])]


def draw_again(state: Sequence[Tensor], device: torch.device) -> None:
    """Draw the random numbers that came after `state`."""
    torch.set_rng_state(state[0])
    for each in state[1:]:
        torch.cuda.set_rng_state(each, device)
