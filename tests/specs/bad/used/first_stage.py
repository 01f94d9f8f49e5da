"""An encoder that ends at stride 2."""

from dataclasses import dataclass
from typing import ClassVar

from mtlc.parts.layers import Layer
from mtlc.parts.part import Level, Levels, register


@register("first_stage", module=":FirstStage")
@dataclass(frozen=True)
class FirstStage(Layer):
    """One level at stride 2."""

    reads_image: ClassVar[bool] = True

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return ((Level(8, 2),),)
