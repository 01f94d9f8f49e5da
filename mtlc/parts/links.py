"""The catalogue of links: parts that let the streams of tasks help each other, or one task's stream help itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from mtlc.parts.part import AUTO, Auto, Level, Levels, Part, Problem, ShapeError, key, register

Form = Literal["arrow", "joint", "single"]
Supervised = Literal["nothing", "streams", "levels"]


class Link(Part):
    """What stands after `via` in a `links` block.

    `form` says how it is written: `arrow` (sources -> targets, one part per target), `joint` (one part over a set)
    or `single` (applied to each stream alone). `dim`, where a part has it, is the width it runs at, `lr_mult`
    multiplies the learning rate of its weights.

    A joint part needs the `fewest` streams; with `reads_levels` it reads, behind them, the inner levels of each
    task's decoder. `supervised` says from what training predicts too, each with the weight of the part's key
    `supervise`: from the `streams` it reads, or from the `levels` that it writes, for each task, behind its
    streams.
    """

    noun: ClassVar[str] = "link"
    form: ClassVar[Form] = "arrow"
    fewest: ClassVar[int] = 2
    reads_levels: ClassVar[bool] = False
    supervised: ClassVar[Supervised] = "nothing"
    paper: ClassVar[str] = ""
    cost: ClassVar[str] = ""
    at: int | str | None = None
    lr_mult: float = 1.0

    @classmethod
    def misdeclared(cls) -> str | None:
        for name, allowed in (("form", get_args(Form)), ("supervised", get_args(Supervised))):
            if (value := getattr(cls, name)) not in allowed:
                return f"`{name}` is one of {', '.join(map(repr, allowed))}, not {value!r}"
        return None

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        """By default a joint part changes all it reads; another one changes the stream that it reads first."""
        return self.parted(reads)[0] if self.form == "joint" else reads[:1]

    def parted(self, reads: tuple[Levels, ...]) -> tuple[tuple[Levels, ...], tuple[Levels, ...]]:
        """The streams among what it reads, and the decoders' levels behind them."""
        levels = 1 if self.form == "single" else len(reads) // 2 if self.reads_levels else 0
        count = len(reads) - levels
        return reads[:count], reads[count:]


def at_key() -> Any:
    """The key `at`, as most links have it."""
    return key(
        None, "stride it runs at (4, 8, 16 or 32); none: the target's own, the finest for a set", low=1
    )


def divides(part: Link, heads: int, dim: int) -> None:
    """Raise `ShapeError` unless the heads split the width evenly."""
    if dim % heads:
        fits = [h for h in range(1, min(dim, 16) + 1) if dim % h == 0]
        raise ShapeError(
            "MTL305",
            f"`{part.word}` cannot split a width of {dim} into {heads} heads",
            f"set `heads` to one of {', '.join(map(str, fits))}",
            key="heads",
        )


@register("attention", module="mtlc.nn.attention:Attention")
@dataclass(frozen=True)
class Attention(Link):
    """Plain cross-attention: each cell of the target looks at every cell of all sources. The dense baseline."""

    heads: int = key(4, "attention heads; must divide the width", low=1)
    at: int | None = at_key()

    paper: ClassVar[str] = "Vaswani et al., Attention Is All You Need, 2017 (arXiv 1706.03762), eq. 1"
    cost: ClassVar[str] = "time grows with the square of the number of cells"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        dim = reads[0][0].channels
        divides(self, self.heads, dim)
        return {"dim": dim, "sources": len(reads) - 1, "heads": self.heads}


@register("kem", module="mtlc.nn.kem:Kem")
@dataclass(frozen=True)
class Kem(Link):
    """Knowledge extraction: all streams talk through one small workspace whose slots read their best cells only."""

    slots: int = key(32, "slots of the workspace", low=1)
    select: int | float = key(64, "cells each slot reads: a count, or a share of all tasks' cells", above=0)
    heads: int = key(4, "attention heads; must divide dim", low=1)
    etf: int | Auto | None = key(
        AUTO, "vectors of the fixed equiangular frame in front; auto: at most 64; none: plain KEM", low=2
    )
    dim: int | Auto = key(AUTO, "width it runs at; auto: the smallest of its streams", low=1)
    at: int | None = at_key()
    residual: float = key(1.0, "weight of what the workspace writes back (w_r)", low=0)
    mask: Literal["before", "after"] = key(
        "before", "whether the other cells are dropped before the softmax, or after it and not renormalised"
    )
    norm: bool = key(True, "layer norm on the cells before they are read (ours: the paper does not say)")

    form: ClassVar[Form] = "joint"
    paper: ClassVar[str] = (
        "Zhang et al., SGW-based Multi-Task Learning in Vision Tasks, 2024 (arXiv 2410.03778)"
    )
    cost: ClassVar[str] = "time grows in step with the number of cells: 2 x slots x cells attention entries"

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.select, float) and self.select > 1:
            yield Problem(
                "select", "a share of the cells is at most 100%", "write a whole number for a count"
            )

    def width(self, dim: int) -> int | None:
        """The number of frame vectors at this width; None for plain KEM."""
        return min(64, dim) if isinstance(self.etf, Auto) else self.etf

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        dim = reads[0][0].channels
        divides(self, self.heads, dim)
        frame = self.width(dim)
        if frame is not None and frame > dim:
            raise ShapeError(
                "MTL306",
                f"`kem` cannot place {frame} equiangular vectors in a width of {dim}",
                f"set `etf` to at most {dim}, or to `none`",
                key="etf",
            )
        select = self.select if isinstance(self.select, int) else float(self.select)
        own = {"dim": dim, "streams": len(reads), "etf": frame, "select": select}
        keys = {k: getattr(self, k) for k in ("slots", "heads", "residual", "mask", "norm")}
        return {**own, **keys}


@register("coherence", module="mtlc.nn.coherence:Coherence")
@dataclass(frozen=True)
class Coherence(Link):
    """Coherence fusion: where to look comes from the other tasks, what is copied comes from the task itself."""

    reduction: int = key(16, "how much the channel gate narrows", low=1)
    residual: bool = key(False, "add the stream to the result (the paper's figure has it, its code does not)")
    at: int | None = at_key()

    paper: ClassVar[str] = "MT-CP, WACV 2025 (arXiv 2412.03179), coherence fusion module"
    cost: ClassVar[str] = (
        "time grows with the square of the number of cells, memory in step with it (fused attention)"
    )

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        own = {"reduction": self.reduction, "residual": self.residual}
        return {"dim": reads[0][0].channels, "sources": tuple(r[0].channels for r in reads[1:]), **own}


@register("trace_back")
@dataclass(frozen=True)
class TraceBack(Link):
    """Trace-back: the stream is refined through the task's own decoder levels, deepest first.

    Each refinement but the last also gives a prediction that is supervised in training only.
    """

    supervise: float = key(0.5, "weight of each inner prediction's loss", low=0)
    reduction: int = key(16, "how much the channel gates narrow", low=1)

    form: ClassVar[Form] = "single"
    paper: ClassVar[str] = "MT-CP, WACV 2025 (arXiv 2412.03179), spatial refinement module"
    cost: ClassVar[str] = "one gated 1x1 fusion per decoder level"
    at: ClassVar[None] = None  # type: ignore[misc]

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        """The width of what the last refinement reads, at the decoder's finest stride."""
        stream, levels = reads
        return ((Level((levels[1:2] or stream)[0].channels, levels[0].stride),),)


def ceil_share(select: int | float, cells: int) -> int:
    """How many of `cells` a slot reads: a count is at most all of them, a share is rounded up."""
    wanted = select if isinstance(select, int) else math.ceil(round(select * cells, 6))
    return max(1, min(wanted, cells))
