"""The catalogue of gradient-level balancing: how the tasks' gradients become one direction where they share weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from mtlc.parts.part import Part, key, register

NO_CONFLICT = "opposes no task's gradient"
NO_CONFLICT_OF_INDEPENDENT = "opposes no task's gradient, if they are linearly independent"
ANY_ORDER = "the order of tasks changes nothing"
LINEAR = "linear in the length of each gradient"
SCALE_FREE = "the length of a gradient does not change the direction"


def _common(default: Any, help: str, **bounds: Any) -> Any:
    """A key of every method; a method's own keys stand before it."""
    return field(default=default, metadata=dict(key(default, help, **bounds).metadata), kw_only=True)


@dataclass(frozen=True)
class GradientBalancer(Part):
    """What `gradients` names. Each states the scale of its direction, what it promises and what it costs."""

    on: Literal["shared", "last_shared"] = _common(
        "shared", "weights from all that tasks share, or from the last layer or link that all of them share"
    )
    scope: Literal["set", "joint"] = _common(
        "set", "weights for each set of tasks that shares weights of the model, or one weight a task for all"
    )
    every: int = _common(1, "steps from one choice of weights to the next", low=1)
    on_failure: Literal["equal", "skip", "stop"] = _common(
        "equal", "where there is no solution: weigh equally, leave shared weights as they are, or end the run"
    )

    noun: ClassVar[str] = "gradient method"
    paper: ClassVar[str] = ""
    scale: ClassVar[str] = ""
    cost: ClassVar[str] = ""
    mean: ClassVar[bool] = False  # whether equal weights would be 1/K and not 1
    promises: ClassVar[tuple[str, ...]] = ()


BACKWARD = "a backward pass through what is shared for each task, and one gradient of it a task in memory"


@register("upgrad", module="mtlc.balance.gradients.upgrad:UpGrad")
@dataclass(frozen=True)
class UpGrad(GradientBalancer):
    """Each gradient projected so that it opposes no other, then averaged. The one with the most guarantees."""

    paper: ClassVar[str] = "Quinton, Rey, arXiv 2406.16232, eq. 4"
    scale: ClassVar[str] = "mean: where nothing conflicts it is the mean gradient"
    cost: ClassVar[str] = f"{BACKWARD}; weights by K least-squares problems of K numbers"
    mean: ClassVar[bool] = True
    promises: ClassVar[tuple[str, ...]] = (NO_CONFLICT, ANY_ORDER, LINEAR)


@register("pcgrad", module="mtlc.balance.gradients.pcgrad:PcGrad")
@dataclass(frozen=True)
class PcGrad(GradientBalancer):
    """Each gradient projected off those that it opposes, in random order, then summed."""

    seed: int | None = key(None, "seed of the orders; none: the run's", low=0)

    paper: ClassVar[str] = "Yu et al., NeurIPS 2020 (arXiv 2001.06782), alg. 1"
    scale: ClassVar[str] = "sum: where nothing conflicts it is the sum of the gradients"
    cost: ClassVar[str] = f"{BACKWARD}; weights in closed form"
    promises: ClassVar[tuple[str, ...]] = (ANY_ORDER, LINEAR)  # the orders of projecting given


@register("mgda", module="mtlc.balance.gradients.mgda:Mgda")
@dataclass(frozen=True)
class Mgda(GradientBalancer):
    """The shortest vector in the hull of the gradients: helps every task, or none can be helped without harm."""

    normalise: Literal["l2"] | None = key(None, "`l2` chooses the weights by gradients of unit length")

    paper: ClassVar[str] = "Sener, Koltun, NeurIPS 2018 (arXiv 1810.04650), eq. 3"
    scale: ClassVar[str] = "simplex: the weights sum to 1"
    cost: ClassVar[str] = f"{BACKWARD}; weights by a least-squares problem of K numbers"
    mean: ClassVar[bool] = True
    promises: ClassVar[tuple[str, ...]] = (NO_CONFLICT, ANY_ORDER)  # with `normalise = none`


@register("cagrad", module="mtlc.balance.gradients.cagrad:CaGrad")
@dataclass(frozen=True)
class CaGrad(GradientBalancer):
    """Near the mean gradient, the direction that helps the worst-off task most."""

    c: float = key(0.5, "how far it may be from the mean gradient, as a share of its length", low=0)
    rescale: Literal["square", "linear"] | None = key(
        "square", "divide by 1 + c squared (as the authors' code does), by 1 + c, or by nothing"
    )

    paper: ClassVar[str] = "Liu et al., NeurIPS 2021 (arXiv 2110.14048), eq. 3"
    scale: ClassVar[str] = "mean: at c = 0 it is the mean gradient"
    cost: ClassVar[str] = f"{BACKWARD}; weights by some 10 to 50 least-squares problems of K numbers"
    mean: ClassVar[bool] = True
    promises: ClassVar[tuple[str, ...]] = (ANY_ORDER,)


@register("imtl_g", module="mtlc.balance.gradients.imtl_g:ImtlG")
@dataclass(frozen=True)
class ImtlG(GradientBalancer):
    """A direction on which the unit gradients of all tasks have equal projections, at times below 0 for all of them."""

    paper: ClassVar[str] = "Liu et al., ICLR 2021 (Towards Impartial Multi-task Learning), eq. 6"
    scale: ClassVar[str] = "simplex: the weights sum to 1"
    cost: ClassVar[str] = f"{BACKWARD}; weights in closed form"
    mean: ClassVar[bool] = True
    promises: ClassVar[tuple[str, ...]] = (ANY_ORDER,)


@register("aligned", module="mtlc.balance.gradients.aligned:Aligned")
@dataclass(frozen=True)
class Aligned(GradientBalancer):
    """Gradients made orthogonal and equally long with as little turning as can be, then averaged."""

    level: Literal["min", "median", "rmse"] = key(
        "min", "their length: of the eigenvalues the least, median or mean"
    )

    paper: ClassVar[str] = "Senushkin et al., CVPR 2023 (arXiv 2305.19000), alg. 1"
    scale: ClassVar[str] = "mean: orthogonal gradients of equal length give their mean"
    cost: ClassVar[str] = f"{BACKWARD}; weights in closed form"
    mean: ClassVar[bool] = True
    promises: ClassVar[tuple[str, ...]] = (ANY_ORDER,)


@register("dualproj", module="mtlc.balance.gradients.dualproj:DualProj")
@dataclass(frozen=True)
class DualProj(GradientBalancer):
    """The mean gradient, projected so that it opposes no task's."""

    paper: ClassVar[str] = "Lopez-Paz, Ranzato, NeurIPS 2017 (arXiv 1706.08840), eq. 8"
    scale: ClassVar[str] = "mean: where nothing conflicts it is the mean gradient"
    cost: ClassVar[str] = f"{BACKWARD}; weights by a least-squares problem of K numbers"
    mean: ClassVar[bool] = True
    promises: ClassVar[tuple[str, ...]] = (NO_CONFLICT, ANY_ORDER)


@register("nash", module="mtlc.balance.gradients.nash:Nash")
@dataclass(frozen=True)
class Nash(GradientBalancer):
    """The direction on which the tasks would agree as bargainers: every task gains in proportion."""

    max_norm: float | None = key(
        1.0, "shorten a longer direction to this length; without it the length is √K", above=0
    )

    paper: ClassVar[str] = "Navon et al., ICML 2022 (arXiv 2202.01017), eq. 4"
    scale: ClassVar[str] = "free: the direction has the same length at every step"
    cost: ClassVar[str] = f"{BACKWARD}; weights by a few dozen of Newton's steps on K numbers"
    promises: ClassVar[tuple[str, ...]] = (NO_CONFLICT, ANY_ORDER, SCALE_FREE)


@register("fairgrad", module="mtlc.balance.gradients.fairgrad:FairGrad")
@dataclass(frozen=True)
class FairGrad(GradientBalancer):
    """Alpha-fair gains for all tasks; `alpha = 1` is Nash-MTL, a larger one favours the worst-off."""

    alpha: float = key(1.0, "how much the worst-off task counts", above=0)

    paper: ClassVar[str] = "Ban, Ji, ICML 2024 (arXiv 2402.15638), eq. 7"
    scale: ClassVar[str] = "free: the weights grow as the gradients shrink; clip, or lower the learning rate"
    cost: ClassVar[str] = f"{BACKWARD}; weights by a few dozen of Newton's steps on K numbers"
    promises: ClassVar[tuple[str, ...]] = (NO_CONFLICT, ANY_ORDER)


@register("config", module="mtlc.balance.gradients.config:Config")
@dataclass(frozen=True)
class Config(GradientBalancer):
    """A direction at the same angle to every gradient, as long as their projections on it."""

    paper: ClassVar[str] = "Liu, Chu, Thuerey, ICLR 2025 (arXiv 2408.11104), eq. 3"
    scale: ClassVar[str] = "sum: as long as all projections together"
    cost: ClassVar[str] = f"{BACKWARD}; weights in closed form"
    promises: ClassVar[tuple[str, ...]] = (NO_CONFLICT_OF_INDEPENDENT, ANY_ORDER, LINEAR, SCALE_FREE)
