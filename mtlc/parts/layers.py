"""The catalogue of layers: encoders read the image and write levels, necks read levels and write levels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from mtlc.diagnostics import suggest
from mtlc.parts.part import AUTO, Auto, Level, Levels, Part, Problem, ShapeError, key, register

IMAGE: Levels = (Level(3, 1),)


class Layer(Part):
    """What a `shared` or `layer` block names."""

    noun: ClassVar[str] = "layer"
    reads_image: ClassVar[bool] = False


@register("tiny", module="mtlc.nn.tiny:Tiny")
@dataclass(frozen=True)
class Tiny(Layer):
    """A small convolutional encoder of our own, for tests and laptops: under half a million parameters.

    Four levels of `width` times 1, 2, 4 and 8 channels at strides 4, 8, 16 and 32.
    """

    width: int = key(24, "channels of the finest level", low=8)

    reads_image: ClassVar[bool] = True

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return (tuple(Level(self.width * 2**i, 4 * 2**i) for i in range(4)),)


@cache
def timm_models() -> dict[str, list[list[int]]]:
    """Every `features_only` model of timm with the (channels, stride) of its levels, finest first."""
    return json.loads((Path(__file__).parent / "timm_models.json").read_text())  # type: ignore[no-any-return]


@register("timm", module="mtlc.nn.timm:Timm")
@dataclass(frozen=True)
class Timm(Layer):
    """Any model of the timm library that can give its inner features, by name."""

    model: str = key(..., "a model name of timm, such as `efficientnet_lite0`")
    pretrained: bool = key(False, "start from the weights that timm names for this model")
    mean: tuple[float, ...] | Auto = key(AUTO, "mean colour taken off, in [0, 1]; auto: timm's configuration")
    std: tuple[float, ...] | Auto = key(AUTO, "spread divided by, in [0, 1]; auto: timm's configuration")
    eps: float | Auto = key(AUTO, "added to the variances of its batch norms; auto: timm's", above=0)

    reads_image: ClassVar[bool] = True

    def problems(self) -> Iterator[Problem]:
        if self.model not in timm_models():
            guess = suggest(self.model, timm_models())
            hint = (
                f"did you mean `{guess}`?"
                if guess
                else "name a model that `timm.create_model(…, features_only=True)` knows"
            )
            yield Problem("model", f"timm has no feature model `{self.model}`", hint, "MTL106")
        for name in ("mean", "std"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != 3:
                yield Problem(name, f"`{name}` is three numbers, for red, green and blue")

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return (tuple(Level(*level) for level in timm_models()[self.model]),)


@register("fpn", module="mtlc.nn.fpn:Fpn")
@dataclass(frozen=True)
class Fpn(Layer):
    """A feature pyramid: one level of equal width for each level of stride 4 or more that it reads (Lin 2017)."""

    dim: int = key(64, "channels of every level", low=1)

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        kept = tuple(Level(self.dim, level.stride) for level in reads[0] if level.stride >= 4)
        if not kept:
            raise ShapeError("MTL302", "`fpn` finds no level of stride 4 or more in what it reads")
        return (kept,)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {"inputs": reads[0], "dim": self.dim}
