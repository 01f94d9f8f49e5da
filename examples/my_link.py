"""A link of one's own: each task adds a gated, projected sum of the other tasks' streams.

Use it from a spec with `use "my_link.py"`; see docs/link.md.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from mtlc.parts.links import Link
from mtlc.parts.part import Levels, key, register


class GatedSumModule(nn.Module):
    """target + sigmoid(gate) * 1x1(sum of the sources). The gate starts near zero: at first little is exchanged."""

    def __init__(self, dim: int, start: float) -> None:
        super().__init__()
        self.project = nn.Conv2d(dim, dim, 1)
        self.gate = nn.Parameter(torch.full((1, dim, 1, 1), start))

    def forward(self, target: Tensor, *sources: Tensor) -> Tensor:
        return target + torch.sigmoid(self.gate) * self.project(sum(sources))


@register("gated_sum", module=GatedSumModule)
@dataclass(frozen=True)
class GatedSum(Link):
    """Adds a gated sum of the other tasks' streams."""

    start: float = key(-3.0, "where the gate starts, before the sigmoid")
    at: int | None = key(None, "stride it runs at; none: the target's own")

    form: ClassVar[Any] = "arrow"
    cost: ClassVar[str] = "one 1x1 convolution per target"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        """Keywords for the module: sources arrive at the target's stride and width, whatever they were."""
        return {"dim": reads[0][0].channels, "start": self.start}
