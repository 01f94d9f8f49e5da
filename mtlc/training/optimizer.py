"""From the `optimizer` of a spec to torch's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from mtlc.parts.training import Adam, Adamw, Sgd
from mtlc.parts.training import Optimizer as Part


def make_optimizer(
    part: Part, weights: Mapping[float, Iterable[nn.Parameter]], balance: Iterable[nn.Parameter] = ()
) -> Optimizer:
    """The optimiser over a model's weights, and over what its balancing method learns.

    `weights` are named by what multiplies the learning rate for them, which stands as `lr_mult` in their group
    (`schedule.apply` goes by it). Every weight gets the same `weight_decay`, biases and norms included; what
    balancing learns gets none.
    """
    # Fused: one pass over each weight and its state, half the time of torch's default on a CPU.
    groups: list[dict[str, Any]] = [
        {"params": [p for p in some if p.requires_grad], "lr": part.lr * mult, "lr_mult": mult}
        for mult, some in weights.items()
    ]
    if learned := list(balance):
        groups.append({"params": learned, "weight_decay": 0.0})
    decay = part.weight_decay
    match part:
        case Adamw(lr=lr, betas=(first, second)):
            return torch.optim.AdamW(groups, lr=lr, betas=(first, second), weight_decay=decay, fused=True)
        case Adam(lr=lr, betas=(first, second)):
            return torch.optim.Adam(groups, lr=lr, betas=(first, second), weight_decay=decay, fused=True)
        case Sgd(lr=lr, momentum=momentum, nesterov=nesterov):
            return torch.optim.SGD(
                groups, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=decay, fused=True
            )
    raise NotImplementedError(part.word)
