"""Equal weights: the objective is the sum of the losses, the baseline of every comparison."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mtlc.balance.method import Balancer, total


class Equal(Balancer):
    """The sum of the losses. Keeps nothing."""

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        return total(losses.values())

    def weights(self) -> dict[str, float]:
        return dict.fromkeys(self.tasks, 1.0)
