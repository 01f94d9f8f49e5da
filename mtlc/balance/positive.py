"""The logarithms of losses, for methods whose formula takes products of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

TINY = 1e-12  # added to a loss inside a logarithm: a loss of 0 has one, and a slope


class BelowZero(Exception):
    """A loss below 0 has no logarithm. The message names the task; `hint` is an action."""

    exit_code = 4

    def __init__(self, method: str, task: str, loss: float) -> None:
        super().__init__(f"`balance {method}` needs losses of at least 0, and that of `{task}` is {loss:.4g}")
        self.hint = "choose another method, such as `equal` or `uncertainty`, or a loss that is never below 0"


def logarithms(losses: Mapping[str, Tensor], method: str) -> Tensor:
    """log(L + 1e-12) of each loss, in one tensor. Raises `BelowZero`, in the name of `method`."""
    values = torch.stack(list(losses.values()))
    for task, value in zip(losses, values.tolist(), strict=True):
        if value < 0:
            raise BelowZero(method, task, value)
    return torch.log(values + TINY)
