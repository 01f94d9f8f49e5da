"""Loss scaling: gradients in 16-bit floats would vanish below 6e-8 and overflow above 65504."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.amp.grad_scaler import GradScaler
from torch.optim import Optimizer

from mtlc.balance.method import total

FIRST = 2.0**16  # scale, torch's default; too high for most models, which takes a few steps to find out
LIMIT = 24  # skipped steps in a row: down to a scale of 1/256


class Scaler:
    """Scales the objective up before the gradient, and the gradient down after it; with `fp16` only.

    Where a gradient is not finite the optimiser's step is left out and the scale is halved; after 2000 steps
    without that it is doubled (Micikevicius et al., ICLR 2018, arXiv 1710.03740). `row` counts the steps left
    out one after another.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        self._scaler = GradScaler(device.type, init_scale=FIRST, enabled=precision == "fp16")
        self.row = 0

    @property
    def scale(self) -> float:
        """What the objective is multiplied by: 1 but for `fp16`."""
        return self._scaler.get_scale()

    @property
    def enabled(self) -> bool:
        return self._scaler.is_enabled()

    @property
    def exhausted(self) -> bool:
        """Whether lowering the scale does not help."""
        return self.row >= LIMIT

    def scaled(self, objective: Tensor) -> Tensor:
        return self._scaler.scale(objective)

    def backward(self, *terms: Tensor) -> None:
        """Add the gradient of the sum, scaled; nothing where all that it depends on is frozen."""
        objective = total(terms)
        if objective.requires_grad:
            self.scaled(objective).backward()  # type: ignore[no-untyped-call]

    def unscale(self, optimizer: Optimizer) -> None:
        """Bring the gradient to its own size, so that it can be clipped."""
        self._scaler.unscale_(optimizer)

    def step(self, optimizer: Optimizer) -> bool:
        """The optimiser's step after `unscale`; false where it was left out."""
        before = self.scale
        self._scaler.step(optimizer)
        self._scaler.update()
        taken = self.scale >= before
        self.row = 0 if taken else self.row + 1
        return taken

    def forget(self) -> None:
        """No step follows on the last `unscale`; the scale stays."""
        if self.enabled:
            self._scaler.update(self.scale)

    def state_dict(self) -> dict[str, Any]:
        return {"scaler": self._scaler.state_dict(), "row": self.row}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.row = state["row"]
        if state["scaler"]:
            self._scaler.load_state_dict(state["scaler"])
