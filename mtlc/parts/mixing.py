"""The catalogue of links that mix tasks within their encoders, as they were published, or on their streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from mtlc.parts.links import Form, Link
from mtlc.parts.part import AUTO, Auto, Levels, Part, key, register


class Mixing(Link):
    """A joint link that may run `at` a layer, after each of its levels, and then changes what that layer writes.

    `shared` says of which sort this layer is: one for all tasks, or one for each.
    """

    form: ClassVar[Form] = "joint"
    shared: ClassVar[bool] = False


def _place() -> Any:
    return key(
        None,
        "a stride (4, 8, 16, 32), or the per-task `layer` after whose levels it runs; none: the finest stride",
        low=1,
        name=True,
    )


def _lr_mult(published: str) -> Any:
    return key(1.0, f"multiplies the learning rate of its weights; {published}", above=0)


@register("cross_stitch", module="mtlc.nn.cross_stitch:CrossStitch")
@dataclass(frozen=True)
class CrossStitch(Mixing, Link):
    """Cross-stitch: every task's features become a learned weighted sum of all tasks' features.

    As published it stands `at` a per-task encoder, after each of its stages.
    """

    own: float = key(0.9, "first weight of a task's own features")
    other: float = key(0.1, "first weight of each other task's features")
    per: Literal["channel", "map"] = key("channel", "one weight for each channel, or one for a whole map")
    dim: int | Auto = key(AUTO, "width it runs at on streams; auto: the smallest of its streams", low=1)
    at: int | str | None = _place()
    lr_mult: float = _lr_mult("a higher rate than that of the encoders is advised")

    paper: ClassVar[str] = "Misra et al., Cross-stitch Networks, CVPR 2016 (arXiv 1604.03539), eq. 1"
    cost: ClassVar[str] = "tasks x tasks weights a channel; at an encoder every task runs its own"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        own = {"own": self.own, "other": self.other, "per": self.per}
        return {"dim": reads[0][0].channels, "streams": len(reads), "level": None, **own}


@register("nddr", module="mtlc.nn.nddr:Nddr")
@dataclass(frozen=True)
class Nddr(Mixing, Link):
    """NDDR: all tasks' features side by side, brought back to each task's width by a 1x1 of its own.

    As published it stands `at` a per-task encoder, after each of its stages.
    """

    own: float = key(0.9, "first weight of a task's own channels")
    other: float = key(0.1, "first weight of the same channels of each other task")
    dim: int | Auto = key(AUTO, "width it runs at on streams; auto: the smallest of its streams", low=1)
    at: int | str | None = _place()
    lr_mult: float = _lr_mult("its authors' script has 100, from trained encoders")

    paper: ClassVar[str] = "Gao et al., NDDR-CNN, CVPR 2019 (arXiv 1801.08297), eq. 1"
    cost: ClassVar[str] = (
        "a 1x1 over all tasks' channels for each task; at an encoder every task runs its own"
    )

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        own = {"own": self.own, "other": self.other}
        return {"dim": reads[0][0].channels, "streams": len(reads), "level": None, **own}


@register("mtan", module="mtlc.nn.mtan:Mtan")
@dataclass(frozen=True)
class Mtan(Mixing, Link):
    """Multi-task attention: each task masks the features of one shared encoder, stage after stage."""

    at: str = key(..., "the shared encoder whose features are masked", name=True)
    reduction: int = key(4, "how much a mask's inner 1x1 narrows", low=1)

    shared: ClassVar[bool] = True
    fewest: ClassVar[int] = 1
    paper: ClassVar[str] = "Liu, Johns, Davison, MTAN, CVPR 2019 (arXiv 1803.10704), eq. 1 and 2"
    cost: ClassVar[str] = "one encoder for all, two 1x1 a stage and task, a 3x3 a stage"

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        levels, inside = reads
        return {
            "levels": levels[-len(inside) :],
            "inside": tuple(c for c, _ in inside),
            "reduction": self.reduction,
        }


@dataclass(frozen=True)
class Within(Part):
    """A mixing link as a step within the layers."""

    link: Mixing

    @property
    def word(self) -> str:  # type: ignore[override]
        return self.link.word

    @property
    def module(self) -> Any:  # type: ignore[override]
        return self.link.module

    @property
    def lr_mult(self) -> float:
        return self.link.lr_mult


@dataclass(frozen=True)
class AtLevel(Within):
    """After one level of every task's own layer: it reads all their levels and changes that one."""

    level: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return reads

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        maps = tuple(levels[self.level : self.level + 1] for levels in reads)
        return {**self.link.arguments(maps), "level": self.level}


@dataclass(frozen=True)
class Masked(Within):
    """`mtan` for so many tasks: it reads what `Tapped` writes, and every task gets levels of its own."""

    tasks: int

    def writes(self, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
        return (reads[0],) * self.tasks

    def arguments(self, reads: tuple[Levels, ...]) -> dict[str, Any]:
        return {**self.link.arguments(reads), "tasks": self.tasks}
