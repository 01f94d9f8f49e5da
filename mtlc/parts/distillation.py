"""The catalogue of links that distil tasks' features from each other, at one scale or at several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mtlc.parts.links import Form, Link, Supervised, at_key, divides
from mtlc.parts.part import AUTO, Auto, Level, Levels, ShapeError, key, register


@register("pad_net", module="mtlc.nn.pad_net:PadNet")
@dataclass(frozen=True)
class PadNet(Link):
    """PAD-Net: the target adds what a gate of each source lets through of it; first predictions are supervised.

    Every stream on the line gets a first prediction by a 1x1 head, in training only, with the loss and the
    weight of its task. A stream that its task's own head reads as it is has that prediction already. A stream
    is the paper's F_t: its two bottlenecks are what the decoder does here.
    """

    supervise: float = key(1.0, "weight of each first prediction's loss; 0: none is made", low=0)
    at: int | None = at_key()

    supervised: ClassVar[Supervised] = "streams"
    paper: ClassVar[str] = (
        "Xu et al., PAD-Net, CVPR 2018 (arXiv 1805.04409), with the gates of the survey's code (arXiv 2004.13379)"
    )
    cost: ClassVar[str] = "two 3x3 convolutions for each pair of source and target"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {"dim": reads[0][0].channels, "sources": len(reads) - 1}


@register("mti")
@dataclass(frozen=True)
class Mti(Link):
    """MTI-Net: PAD-Net at several scales, each scale also told what all tasks found at the coarser one.

    Scale 0 is the stream, the others are the coarser levels of the task's decoder (ours: the paper reads a
    backbone of four scales). Each scale's map is refined, predicted from (supervised in training only) and
    distilled; all scales, resized to the finest, then make the stream (ours: 1x1, norm, ReLU). The coarsest
    scale is told nothing. The mask over tasks weighs corresponding channels of the tasks. Scales need not
    differ by two. What all tasks find is one step, what makes each task's stream of it one for each.
    """

    supervise: float = key(1.0, "weight of the loss of each scale's prediction; 0: none is made", low=0)
    depth: int = key(2, "residual blocks that refine a scale (ours: the number)", low=1)
    narrow: int = key(4, "how much the mask's two residual blocks are narrower (ours)", low=1)
    reduction: int = key(16, "how much the gates of propagation (SE) narrow", low=1)
    dim: int | Auto = key(AUTO, "width it runs at, at every scale; auto: the smallest of its streams", low=1)
    at: int | None = at_key()

    form: ClassVar[Form] = "joint"
    fewest: ClassVar[int] = 1
    reads_levels: ClassVar[bool] = True
    supervised: ClassVar[Supervised] = "levels"
    paper: ClassVar[str] = "Vandenhende et al., MTI-Net, ECCV 2020 (arXiv 2001.06902)"
    cost: ClassVar[str] = (
        "at every scale 3x3 convolutions for each pair of tasks, and residual blocks as wide as all tasks"
    )

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        """The streams, then for each task the maps that training predicts from."""
        streams, levels = self.parted(reads)
        strides = (streams[0][0].stride, *_coarser(self, reads))
        maps = tuple(Level(streams[0][0].channels, stride) for stride in strides)
        return (*streams, *(maps for _ in levels))

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        own = {"depth": self.depth, "narrow": self.narrow, "reduction": self.reduction}
        return {**_scales(self, reads), **own}


@register("sequential_attention", module="mtlc.nn.sequential_attention:SequentialAttention")
@dataclass(frozen=True)
class SequentialAttention(Link):
    """Sequential cross attention: each cell looks across tasks at each scale, then across its task's scales.

    Scale 0 is the stream, the others are the coarser levels of the task's decoder, brought to its width. Across
    scales it goes from coarse to fine, so that what changed is used again. One task has nothing to look across
    but its scales, one scale only the tasks. The paper's self-attention inside of the encoder is not part of it.
    """

    heads: int = key(4, "heads of each attention; must divide the width (ours: the number)", low=1)
    dim: int | Auto = key(AUTO, "width it runs at, at every scale; auto: the smallest of its streams", low=1)
    at: int | None = at_key()

    form: ClassVar[Form] = "joint"
    fewest: ClassVar[int] = 1
    reads_levels: ClassVar[bool] = True
    paper: ClassVar[str] = (
        "Kim et al., Sequential Cross Attention Based Multi-Task Learning, 2022 (arXiv 2209.02518)"
    )
    cost: ClassVar[str] = (
        "for each pair of tasks and each pair of scales, time that grows with the square of the number of cells"
    )

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        _coarser(self, reads)
        return super().writes(reads)

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        divides(self, self.heads, reads[0][0].channels)
        return {**_scales(self, reads), "heads": self.heads}


def _scales(part: Link, reads: tuple[Levels, ...]) -> dict[str, Any]:
    """What `mtlc.nn.scales:Scales` wants to know."""
    streams, levels = part.parted(reads)
    dim, stride = streams[0][0]
    return {"dim": dim, "stride": stride, "levels": levels}


def _coarser(part: Link, reads: tuple[Levels, ...]) -> tuple[int, ...]:
    """The strides of the decoders' levels above that of the streams: the same for every task."""
    streams, levels = part.parted(reads)
    found = [tuple(s for _, s in own if s > streams[0][0].stride) for own in levels]
    other = next((each for each in found if each != found[0]), found[0])
    if other != found[0]:
        message = (
            f"`{part.word}` works scale by scale, but below its stream one task has {_listed(found[0])}, "
            f"another {_listed(other)}"
        )
        raise ShapeError("MTL307", message, "let these tasks' decoders read the same `levels`")
    return found[0]


def _listed(strides: tuple[int, ...]) -> str:
    return f"levels of stride {', '.join(map(str, strides))}" if strides else "no level"
