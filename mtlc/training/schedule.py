"""How learning rate and momentum move over a run: functions of the step, so that nothing needs saving."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch.optim import Optimizer

from mtlc.parts.training import Constant, Cosine, OneCycle, Poly, Schedule

MOMENTUM = (0.95, 0.85)
"""Momentum (of Adam the first beta) at the ends and at the peak of a one-cycle run; torch's defaults."""


class Setting(NamedTuple):
    """The learning rate as a share of the optimiser's `lr`; the momentum, None where it stays."""

    rate: float
    momentum: float | None = None


def setting(part: Schedule, step: int, steps: int) -> Setting:
    """What step `step` (from 0) of a run of `steps` steps uses.

    During a warm-up of w steps, step s has (s + 1)/(w + 1) of the rate; the schedule's curve spans the rest.
    """
    if isinstance(part, OneCycle):
        return _one_cycle(part, step, steps)
    assert isinstance(part, Constant | Poly | Cosine), part.word
    if step < part.warmup:
        return Setting((step + 1) / (part.warmup + 1))
    done = (step - part.warmup) / max(steps - part.warmup, 1)
    return Setting(_curve(part, done))


def apply(optimizer: Optimizer, now: Setting, lr: float) -> None:
    """Set every group of an optimiser whose `lr` in the spec is `lr`; a group may have an `lr_mult`."""
    for group in optimizer.param_groups:
        group["lr"] = lr * now.rate * group.get("lr_mult", 1.0)
        if now.momentum is not None and "betas" in group:
            group["betas"] = (now.momentum, group["betas"][1])
        elif now.momentum is not None and group.get("momentum"):
            group["momentum"] = now.momentum


def _curve(part: Constant | Poly | Cosine, done: float) -> float:
    match part:
        case Poly(power=power):
            return float((1 - done) ** power)
        case Cosine(floor=floor):
            return floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2
    return 1.0


def _one_cycle(part: OneCycle, step: int, steps: int) -> Setting:
    """Both halves are half cosines; the peak is at step rise × steps - 1, as in torch's OneCycleLR."""
    first, peak = 1 / part.start, part.rise * steps - 1
    calm, lively = MOMENTUM
    if step <= peak:
        done = step / peak if peak > 0 else 1.0
        return Setting(_between(first, 1.0, done), _between(calm, lively, done))
    done = (step - peak) / (steps - 1 - peak)
    return Setting(_between(1.0, first / part.end, done), _between(lively, calm, done))


def _between(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
