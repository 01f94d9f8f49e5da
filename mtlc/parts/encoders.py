"""The catalogue of encoders: they turn the image into levels, and may be cut into stages, one for each level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from mtlc.diagnostics import suggest
from mtlc.parts.layers import Layer
from mtlc.parts.part import AUTO, Auto, Level, Levels, Problem, ShapeError, Size, key, register


class Encoder(Layer):
    """Writes levels, finest first. Cut, it computes the `stages` it is told and passes on the levels it reads.

    A stage is what computes one level from the one before it; the first stage begins at the image.
    """

    noun: ClassVar[str] = "encoder"
    stages: tuple[int, ...] | Auto

    def levels(self) -> Levels:
        """All levels of the whole encoder, finest first."""
        raise NotImplementedError(type(self).__name__)

    def inside(self) -> tuple[int, ...] | None:
        """The channels in front of the last block of each stage, 0 where a stage has one block only.

        None for an encoder that cannot be cut into stages.
        """
        return None

    @property
    def only(self) -> Size | None:
        """The one size of images that it takes; None for any."""
        return None

    @property
    def chosen(self) -> tuple[int, ...]:
        """The stages it computes, counted from 1."""
        return tuple(range(1, len(self.levels()) + 1)) if isinstance(self.stages, Auto) else self.stages

    @property
    def reads_image(self) -> bool:
        return self.chosen[0] == 1

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.stages, Auto):
            return
        count = len(self.levels())
        if not self.stages or list(self.stages) != list(range(self.stages[0], self.stages[-1] + 1)):
            fits = _neighbours(self.stages, count)
            yield Problem("stages", "`stages` are neighbours, the finest first", f"write `stages = {fits}`")
        elif self.stages[-1] > count:
            yield Problem("stages", f"`{self.word}` has {count} stages", f"choose from 1 to {count}")
        elif self.inside() is None and len(self.stages) < count:
            yield Problem("stages", f"{self.called()} cannot be cut into stages", "leave `stages` out")

    def called(self) -> str:
        return f"`{self.word}`"

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        if not self.reads_image:
            self._go_on(reads[0])
        return (self.levels()[: self.chosen[-1]],)

    def _go_on(self, have: Levels) -> None:
        """Refuse levels that are not those of the stages before the first one."""
        before = self.levels()[: self.chosen[0] - 1]
        if have != before:
            shown = " ".join(f"{level.channels}/{level.stride}" for level in before)
            found = " ".join(f"{level.channels}/{level.stride}" for level in have)
            raise ShapeError(
                "MTL308",
                f"stage {self.chosen[0]} of {self.called()} goes on from levels {shown} (channels/stride), "
                f"but what it reads has {found}",
                self._way_on(have),
                key="stages",
            )

    def _way_on(self, have: Levels) -> str:
        """The stages that go on from these levels; where they are of no such encoder, what both must share."""
        stages, last = self.levels(), self.chosen[-1]
        if have == stages[: len(have)] and len(have) < last:
            return f"write `stages = {list(range(len(have) + 1, last + 1))}` here"
        before = list(range(1, self.chosen[0]))
        if len(have) == len(before):
            return f"give both the same kind and {'model' if hasattr(self, 'model') else 'width'}"
        return f"read an encoder of the same kind with `stages = {before}`"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {**super().arguments(reads), "taps": False}


def _neighbours(stages: tuple[int, ...], count: int) -> list[int]:
    """The stages from the smallest to the largest of those named, as far as there are such."""
    low, high = min(stages, default=1), max(stages, default=2)
    return list(range(min(low, count), min(high, count) + 1))


@register("tiny", module="mtlc.nn.tiny:Tiny")
@dataclass(frozen=True)
class Tiny(Encoder, Layer):
    """A small convolutional encoder of our own, for tests and laptops: under half a million parameters.

    Four levels of `width` times 1, 2, 4 and 8 channels at strides 4, 8, 16 and 32.
    """

    width: int = key(24, "channels of the finest level", low=8)
    stages: tuple[int, ...] | Auto = key(AUTO, "stages that this block computes; auto: all four", low=1)

    def levels(self) -> Levels:
        return tuple(Level(self.width * 2**i, 4 * 2**i) for i in range(4))

    def inside(self) -> tuple[int, ...]:
        return tuple(level.channels for level in self.levels())


class TimmModel(NamedTuple):
    """What a model of timm is like, without importing it: see `Encoder`."""

    levels: Levels
    inside: tuple[int, ...] | None
    only: Size | None


@cache
def timm_models() -> dict[str, TimmModel]:
    """Every `features_only` model of timm."""
    kept = json.loads((Path(__file__).parent / "timm_models.json").read_text())
    return {name: _model(*facts) for name, facts in kept.items()}


def _model(levels: list[list[int]], inside: list[int] | None, only: list[int] | None) -> TimmModel:
    channels = None if inside is None else tuple(inside)
    return TimmModel(tuple(Level(*each) for each in levels), channels, Size(*only) if only else None)


@register("timm", module="mtlc.nn.timm:Timm")
@dataclass(frozen=True)
class Timm(Encoder, Layer):
    """Any model of the timm library that can give its inner features, by name."""

    model: str = key(..., "a model name of timm, such as `efficientnet_lite0`")
    pretrained: bool = key(False, "start from the weights that timm names for this model")
    mean: tuple[float, ...] | Auto = key(AUTO, "mean colour taken off, in [0, 1]; auto: timm's configuration")
    std: tuple[float, ...] | Auto = key(AUTO, "spread divided by, in [0, 1]; auto: timm's configuration")
    eps: float | Auto = key(AUTO, "added to the variances of its batch norms; auto: timm's", above=0)
    stages: tuple[int, ...] | Auto = key(AUTO, "stages that this block computes; auto: all", low=1)

    def levels(self) -> Levels:
        return timm_models()[self.model].levels

    def inside(self) -> tuple[int, ...] | None:
        return timm_models()[self.model].inside

    @property
    def only(self) -> Size | None:
        return timm_models()[self.model].only

    def called(self) -> str:
        return f"`{self.model}`"

    def problems(self) -> Iterator[Problem]:
        if self.model not in timm_models():
            guess = suggest(self.model, timm_models())
            hint = (
                f"did you mean `{guess}`?"
                if guess
                else "name a model that `timm.create_model(…, features_only=True)` knows"
            )
            yield Problem("model", f"timm has no feature model `{self.model}`", hint, "MTL106")
            return
        for name in ("mean", "std"):
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) != 3:
                hint = f"write `{name} = [0.5, 0.5, 0.5]`"
                yield Problem(name, f"`{name}` is three numbers, for red, green and blue", hint)
        yield from super().problems()


@dataclass(frozen=True)
class Tapped(Encoder):
    """An encoder that also writes what the last block of each stage reads: MTAN's masks look at it."""

    encoder: Encoder

    @property
    def stages(self) -> tuple[int, ...] | Auto:  # type: ignore[override]
        return self.encoder.stages

    @property
    def word(self) -> str:  # type: ignore[override]
        return self.encoder.word

    @property
    def module(self) -> Any:  # type: ignore[override]
        return self.encoder.module

    @property
    def pretrained(self) -> bool:
        return getattr(self.encoder, "pretrained", False)

    def levels(self) -> Levels:
        return self.encoder.levels()

    def inside(self) -> tuple[int, ...] | None:
        return self.encoder.inside()

    def called(self) -> str:
        return self.encoder.called()

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        (levels,) = self.encoder.writes(reads)
        inside = self.inside() or ()
        computed = [number - 1 for number in self.chosen]
        return levels, tuple(Level(inside[i], levels[i].stride) for i in computed)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {**self.encoder.arguments(reads), "taps": True}
