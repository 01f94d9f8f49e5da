"""Steps the compiler adds by itself: heads, fits between unequal streams, pieces of links, first predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mtlc.parts.distillation import Mti
from mtlc.parts.part import Level, Levels, Part


@dataclass(frozen=True)
class DenseHead(Part):
    """1x1 to the prediction's channels, resized to the image. Reads a stream and the image (for its size)."""

    word: ClassVar[str] = "head"
    module: ClassVar[str] = "mtlc.nn.heads:DenseHead"
    outputs: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return ((Level(self.outputs, 1),),)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        (stream,) = reads[0]
        return {"dim": stream.channels, "outputs": self.outputs, "stride": stream.stride}


@dataclass(frozen=True)
class PooledHead(Part):
    """The mean of the coarsest level, then one linear map: a prediction per image."""

    word: ClassVar[str] = "head"
    module: ClassVar[str] = "mtlc.nn.heads:PooledHead"
    outputs: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return ((Level(self.outputs, 0),),)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {"dim": reads[0][-1].channels, "outputs": self.outputs}


@dataclass(frozen=True)
class Fit(Part):
    """Bring a stream to another stride (bilinear) and width (1x1, only if the widths differ)."""

    word: ClassVar[str] = "fit"
    module: ClassVar[str] = "mtlc.nn.adapt:Fit"
    dim: int
    to_stride: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return ((Level(self.dim, self.to_stride),),)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        (stream,) = reads[0]
        own = {"dim": self.dim, "to_stride": self.to_stride}
        return {"channels": stream.channels, "stride": stream.stride, **own}


@dataclass(frozen=True)
class GiveBack(Part):
    """stream + back(written - read): a part that ran at another stride or width gives back its change."""

    word: ClassVar[str] = "give_back"
    module: ClassVar[str] = "mtlc.nn.adapt:GiveBack"

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return (reads[0],)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        (stream,), (written,) = reads[0], reads[1]
        sizes = {"stride": stream.stride, "at": written.stride}
        return {"channels": stream.channels, "dim": written.channels, **sizes}


@dataclass(frozen=True)
class Refine(Part):
    """One refinement of trace-back: reads what came so far and the decoder's levels, of which it uses one.

    Inner ones write their fused map, for supervision, and what goes on; the last writes the stream.
    """

    word: ClassVar[str] = "refine"
    module: ClassVar[str] = "mtlc.nn.trace_back:Refine"
    level: int
    last: bool
    reduction: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        (so_far,), back = reads[0], reads[1][self.level]
        if self.last:
            return ((Level(so_far.channels, back.stride),),)
        return (Level(so_far.channels + back.channels, back.stride),), (back,)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        own = {"level": self.level, "last": self.last, "reduction": self.reduction}
        return {"dim": reads[0][0].channels, "back": reads[1][self.level].channels, **own}


@dataclass(frozen=True)
class MtiMaps(Part):
    """What `mti` finds of all tasks at all scales. Reads what the link reads; one list of levels for each task."""

    word: ClassVar[str] = "mti"
    module: ClassVar[str] = "mtlc.nn.mti:Maps"
    link: Mti

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return self.link.writes(reads)[len(reads) // 2 :]

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return self.link.arguments(reads)


@dataclass(frozen=True)
class MtiStream(Part):
    """The stream that `mti` gives a task: of its own levels, then of each other task's."""

    word: ClassVar[str] = "distil"
    module: ClassVar[str] = "mtlc.nn.mti:Stream"

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return (reads[0][:1],)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {"dim": reads[0][0].channels, "scales": len(reads[0]), "sources": len(reads) - 1}


@dataclass(frozen=True)
class AuxiliaryHead(Part):
    """The prediction of an inner refinement, in the train graph only. Reads the fused map and the image."""

    word: ClassVar[str] = "auxiliary"
    module: ClassVar[str] = "mtlc.nn.trace_back:Auxiliary"
    dim: int
    outputs: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return ((Level(self.outputs, 1),),)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        (fused,) = reads[0]
        own = {"dim": self.dim, "outputs": self.outputs}
        return {"fused": fused.channels, "stride": fused.stride, **own}


@dataclass(frozen=True)
class FirstHead(DenseHead):
    """A prediction that only training makes, from a stream or from one of several levels; else like a head."""

    word: ClassVar[str] = "auxiliary"
    module: ClassVar[str] = "mtlc.nn.heads:FirstHead"
    level: int | None = None

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        channels, stride = reads[0][self.level or 0]
        own = {"outputs": self.outputs, "level": self.level}
        return {"dim": channels, "stride": stride, **own}
