"""The catalogue of layers between encoders and decoders: necks read levels and write levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mtlc.parts.part import Level, Levels, Part, ShapeError, key, register

IMAGE: Levels = (Level(3, 1),)


class Layer(Part):
    """What a `shared` or `layer` block names."""

    noun: ClassVar[str] = "layer"

    @property
    def reads_image(self) -> bool:
        return False


@register("fpn", module="mtlc.nn.fpn:Fpn")
@dataclass(frozen=True)
class Fpn(Layer):
    """A feature pyramid: one level of equal width for each level of stride 4 or more that it reads (Lin 2017)."""

    dim: int = key(64, "channels of every level", low=1)

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        kept = tuple(Level(self.dim, level.stride) for level in reads[0] if level.stride >= 4)
        if not kept:
            hint = "read an encoder, or stages of one, that go down to stride 4"
            raise ShapeError("MTL302", "`fpn` finds no level of stride 4 or more in what it reads", hint)
        return (kept,)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {"inputs": reads[0], "dim": self.dim}
