"""The catalogue of decoders: a decoder turns the levels a task reads into its stream and keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from mtlc.parts.part import AUTO, Auto, Level, Levels, Part, Problem, ShapeError, key, register


class Decoder(Part):
    """Writes two features: the stream, and its inner levels, finest first (top-down sums, one per level read)."""

    noun: ClassVar[str] = "decoder"
    dim: int
    levels: tuple[int, ...] | Auto

    def problems(self) -> Iterator[Problem]:
        if not isinstance(self.levels, Auto):
            twice = [stride for stride in self.levels if self.levels.count(stride) > 1]
            if not self.levels or twice:
                fault = f"names stride {twice[0]} twice" if twice else "names no stride"
                yield Problem("levels", f"`levels` {fault}", "name each stride once, or leave `levels` out")

    def reads_strides(self, levels: Levels) -> tuple[int, ...]:
        """The strides it uses, finest first: `levels`, or every one of at least 4 (the finest if none is)."""
        have = tuple(level.stride for level in levels)
        if isinstance(self.levels, Auto):
            return tuple(s for s in have if s >= 4) or have[:1]
        missing = [s for s in self.levels if s not in have]
        if missing:
            raise ShapeError(
                "MTL303",
                f"`{self.word}` asks for stride {missing[0]}, but the strides it reads are {_listed(have)}",
                f"choose `levels` from {_listed(have)}",
                key="levels",
            )
        return tuple(sorted(self.levels))

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        inner = tuple(Level(self.dim, stride) for stride in self.reads_strides(reads[0]))
        return inner[:1], inner

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {**super().arguments(reads), "inputs": reads[0], "levels": self.reads_strides(reads[0])}


def _listed(strides: tuple[int, ...]) -> str:
    return ", ".join(map(str, strides))


@register("conv_up", module="mtlc.nn.decoders:ConvUp")
@dataclass(frozen=True)
class ConvUp(Decoder):
    """1x1 to `dim`, top-down sum to the finest level of stride 4 or more, then `depth` 3x3 blocks."""

    dim: int = key(64, "channels of the stream", low=1)
    depth: int = key(1, "3x3 blocks after the sum", low=0)
    levels: tuple[int, ...] | Auto = key(AUTO, "strides to read; auto: all of 4 and more", low=1)
    norm: Literal["batch", "none"] = key("batch", "of the 3x3 blocks; none learns faster in short runs")


@register("linear", module="mtlc.nn.decoders:Linear")
@dataclass(frozen=True)
class Linear(Decoder):
    """`conv_up` without 3x3 blocks: 1x1 to `dim` and the top-down sum."""

    dim: int = key(64, "channels of the stream", low=1)
    levels: tuple[int, ...] | Auto = key(AUTO, "strides to read; auto: all of 4 and more", low=1)


@register("aspp", module="mtlc.nn.aspp:Aspp")
@dataclass(frozen=True)
class Aspp(Decoder):
    """DeepLab v3: the coarsest level at several dilations and as a whole, side by side, then 1x1 and 3x3.

    The stream keeps the stride of that level. Chen et al. 2017 (arXiv 1706.05587), section 3.3: 1x1, a 3x3 for
    each dilation and the image's mean, each `dim` wide, then 1x1 to `dim`. The 3x3 blocks behind it are ours,
    as in most code for it; `depth = 0` is the paper's.
    """

    dim: int = key(256, "channels of each branch and of the stream", low=1)
    dilations: tuple[int, ...] = key((6, 12, 18), "of the 3x3 branches", low=1)
    depth: int = key(1, "3x3 blocks behind it (ours)", low=0)
    levels: tuple[int, ...] | Auto = key(
        AUTO, "strides to choose from, of which it reads the coarsest; auto: all of 4 and more", low=1
    )

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        stream = (Level(self.dim, self.reads_strides(reads[0])[-1]),)
        return stream, stream

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        own = {"dim": self.dim, "dilations": self.dilations, "depth": self.depth}
        return {"inputs": reads[0], "stride": self.reads_strides(reads[0])[-1], **own}
