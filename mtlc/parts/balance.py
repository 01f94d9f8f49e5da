"""The catalogue of loss-level balancing: how the tasks' losses become the one number that is minimised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from mtlc.parts.part import Part, key, register


class LossBalancer(Part):
    """What stands after `balance`. Each states the scale of its weights and what it keeps between steps."""

    noun: ClassVar[str] = "balancing method"
    paper: ClassVar[str] = ""
    scale: ClassVar[str] = ""
    needs: ClassVar[str] = ""


POSITIVE = "losses of at least 0"


def _every() -> Any:
    return key("epoch", "how often the weights change: `epoch`, or a number of steps", low=1)


@register("equal", module="mtlc.balance.equal:Equal")
@dataclass(frozen=True)
class Equal(LossBalancer):
    """The sum of the losses, each times its task's `weight`."""

    scale: ClassVar[str] = "every weight is 1"


@register("uncertainty", module="mtlc.balance.uncertainty:Uncertainty")
@dataclass(frozen=True)
class Uncertainty(LossBalancer):
    """Learned log-variances: sum of exp(-s)/2 times the loss, plus s/2; the one half holds for every kind of loss."""

    init: float = key(0.0, "first log-variance")

    paper: ClassVar[str] = "Kendall, Gal, Cipolla, CVPR 2018 (arXiv 1705.07115)"
    scale: ClassVar[str] = "free: at its optimum a weight is half the inverse of its loss"


@register("dwa", module="mtlc.balance.dwa:Dwa")
@dataclass(frozen=True)
class Dwa(LossBalancer):
    """Dynamic weight average: a softmax of how much slower each loss has fallen lately."""

    temperature: float = key(2.0, "higher makes the weights more equal", above=0)
    every: int | Literal["epoch"] = _every()

    paper: ClassVar[str] = "Liu, Johns, Davison, CVPR 2019 (arXiv 1803.10704), eq. 7"
    scale: ClassVar[str] = "the weights sum to the number of tasks"


@register("random", module="mtlc.balance.random:Random")
@dataclass(frozen=True)
class Random(LossBalancer):
    """Weights drawn anew each step, a softmax of normal numbers: the control for any claim about balancing."""

    seed: int | None = key(None, "seed of the draws; none: the run's", low=0)

    paper: ClassVar[str] = "Lin et al., TMLR 2022 (arXiv 2111.10603)"
    scale: ClassVar[str] = "the weights sum to 1"


@register("lps", module="mtlc.balance.lps:Lps")
@dataclass(frozen=True)
class Lps(LossBalancer):
    """Loss prioritisation: log-projected losses, weighted by how slowly each falls, spread around their mean."""

    spread: float = key(7.5, "how far weights are pushed from their mean (7.5 NYUD, 1.6 PASCAL)", low=0)
    every: int | Literal["epoch"] = _every()
    epsilon: float = key(1e-6, "inside the logarithm", above=0)
    renormalise: Literal["mean", "one"] = key(
        "mean", "after weights below 0 are set to 0, scale so that their mean is kept, or is one"
    )

    paper: ClassVar[str] = "MT-CP, WACV 2025 (arXiv 2412.03179), loss prioritisation scheme"
    scale: ClassVar[str] = "the mean weight stays near 1"


@register("famo", module="mtlc.balance.famo:Famo")
@dataclass(frozen=True)
class Famo(LossBalancer):
    """Equal rates of improvement: less weight for the losses that fell fastest in the last steps."""

    lr: float = key(0.025, "learning rate of the weights, by Adam", above=0)
    decay: float = key(1e-3, "weight decay towards equal shares", low=0)

    paper: ClassVar[str] = "Liu et al., NeurIPS 2023 (arXiv 2306.03792), alg. 1"
    scale: ClassVar[str] = "simplex: the weights sum to 1"
    needs: ClassVar[str] = f"{POSITIVE}; a second forward pass over each batch, without gradient"


@register("gradnorm", module="mtlc.balance.gradnorm:GradNorm")
@dataclass(frozen=True)
class GradNorm(LossBalancer):
    """Gradients of like length in the last weights that all tasks share, longer for a task that is behind."""

    alpha: float = key(1.5, "how much longer for a task that is behind; 0: all alike", low=0)
    lr: float = key(0.025, "learning rate of the weights, by Adam", above=0)

    paper: ClassVar[str] = "Chen et al., ICML 2018 (arXiv 1711.02257), eq. 2"
    scale: ClassVar[str] = "the weights sum to the number of tasks"
    needs: ClassVar[str] = "a backward pass of each task, down to the last weights that all tasks share only"


@register("gls", module="mtlc.balance.gls:Gls")
@dataclass(frozen=True)
class Gls(LossBalancer):
    """The geometric mean of the losses: neither their units nor their tasks' `weight` tilt its direction."""

    paper: ClassVar[str] = "Chennupati et al., CVPR workshops 2019 (arXiv 1904.08492)"
    scale: ClassVar[str] = "mean: equal losses have weights of one over the number of tasks"
    needs: ClassVar[str] = POSITIVE


@register("stch", module="mtlc.balance.stch:Stch")
@dataclass(frozen=True)
class Stch(LossBalancer):
    """Smooth Tchebycheff: the worst loss, and those near it. `log` compares each with what it was after a warm-up."""

    mu: float = key(1.0, "how near to the worst a loss must be to count; towards 0 the worst alone", above=0)
    log: bool = key(False, "take log(loss / its mean at the end of `warmup`), times the number of tasks")
    warmup: int = key(4, "with `log`: epochs of the sum of the logarithms before", low=1)

    paper: ClassVar[str] = "Lin et al., ICML 2024 (arXiv 2402.19078); `log` as in LibMTL"
    scale: ClassVar[str] = "simplex: the weights sum to 1; with `log`, free: one over the losses"
    needs: ClassVar[str] = f"with `log`, {POSITIVE}"
