"""From a gradient to weights that have moved: it is joined, looked at, clipped, and the optimiser takes its step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from mtlc.training import processes
from mtlc.training.finite import NotFinite, sum_of
from mtlc.training.scaler import Scaler


class Mover:
    """Moves weights along their gradient, unless that is not finite.

    The optimiser holds the `model`'s weights, what agreement losses learn (`agreeing`) and what `balancing` learns.
    Only the model's gradient is clipped. What balancing learns has its gradient from the losses of all processes
    already; all other gradients are what each adds to the sum.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        scaler: Scaler,
        clip: float | None,
        *,
        model: Iterable[nn.Parameter],
        agreeing: Iterable[nn.Parameter],
        balancing: Iterable[nn.Parameter],
    ) -> None:
        self.optimizer, self.scaler, self.clip = optimizer, scaler, clip
        # Lists: a walk through modules is dear at every step.
        self._model, self._agreeing = list(model), list(agreeing)
        whole = {id(each) for each in balancing}
        every = [each for group in optimizer.param_groups for each in group["params"]]
        self._summed = [each for each in every if id(each) not in whole]

    def begin(self) -> None:
        """Forget the gradient of the last step."""
        self.optimizer.zero_grad(set_to_none=True)

    def __call__(self, blame: Callable[[], NotFinite]) -> bool:
        """Take the optimiser's step; false where `fp16` overflowed, which changes nothing. Raises what `blame` finds
        where the gradient is not finite otherwise, before any weight changes."""
        processes.sum_gradients(self._summed)
        if not self._any():
            return True
        self.scaler.unscale(self.optimizer)
        weights = [each for each in self._model if each.grad is not None]
        grads = _gradients(weights)
        norm = sum_of(grads) if self.clip is None else get_total_norm(grads)
        finite = bool(torch.isfinite(norm)) and self.agreeing_soundly()
        if not finite and (not self.scaler.enabled or self.scaler.exhausted):
            self.scaler.forget()
            raise blame()
        if finite and self.clip is not None:
            clip_grads_with_norm_(weights, self.clip, norm)
        return self.scaler.step(self.optimizer)

    def agreeing_soundly(self) -> bool:
        """Whether what agreement losses learn has a finite gradient."""
        grads = _gradients(self._agreeing)
        return not grads or bool(torch.isfinite(sum_of(grads)))

    def _any(self) -> bool:
        """Whether anything has a gradient."""
        groups = self.optimizer.param_groups
        return any(each.grad is not None for group in groups for each in group["params"])


def _gradients(weights: Sequence[nn.Parameter]) -> list[Tensor]:
    return [each.grad for each in weights if each.grad is not None]
