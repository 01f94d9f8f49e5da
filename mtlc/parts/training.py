"""The catalogue of training and evaluation: optimisers, schedules, and the keys of the `train` and `eval` blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from mtlc.parts.part import AUTO, Auto, Part, Problem, key, register


class Optimizer(Part):
    """Turns gradients into steps."""

    noun: ClassVar[str] = "optimizer"
    lr: float
    weight_decay: float

    def problems(self) -> Iterator[Problem]:
        betas = getattr(self, "betas", (0.0, 0.0))
        if len(betas) != 2 or not all(beta < 1 for beta in betas):
            yield Problem("betas", "`betas` is two numbers below 1", "write `betas = [0.9, 0.999]`")


@register("adamw")
@dataclass(frozen=True)
class Adamw(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019)."""

    lr: float = key(1e-3, "learning rate", above=0)
    weight_decay: float = key(1e-2, "decay of the weights per step, times lr", low=0)
    betas: tuple[float, ...] = key((0.9, 0.999), "decay of the two running means", low=0, high=1)


@register("adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam with L2 regularisation (Kingma and Ba, ICLR 2015)."""

    lr: float = key(1e-3, "learning rate", above=0)
    weight_decay: float = key(0.0, "L2 regularisation", low=0)
    betas: tuple[float, ...] = key((0.9, 0.999), "decay of the two running means", low=0, high=1)


@register("sgd")
@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent with momentum."""

    lr: float = key(1e-2, "learning rate", above=0)
    momentum: float = key(0.9, "share of the last step that is kept", low=0, high=1)
    weight_decay: float = key(0.0, "L2 regularisation", low=0)
    nesterov: bool = key(False, "look ahead by the momentum")


class Schedule(Part):
    """How the learning rate moves over the run, or over each phase's own steps where there are phases."""

    noun: ClassVar[str] = "schedule"


@register("constant")
@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate stays, after a linear warm-up."""

    warmup: int = key(0, "steps of linear warm-up", low=0)


@register("poly")
@dataclass(frozen=True)
class Poly(Schedule):
    """(1 - step/steps) to a power, after a linear warm-up."""

    power: float = key(0.9, "the power", above=0)
    warmup: int = key(0, "steps of linear warm-up", low=0)


@register("cosine")
@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine down to a share of the learning rate, after a linear warm-up."""

    warmup: int = key(0, "steps of linear warm-up", low=0)
    floor: float = key(0.0, "the last learning rate, as a share of the first", low=0, high=1)


@register("one_cycle")
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to the learning rate and down again, momentum the other way (Smith 2018), as torch's OneCycleLR."""

    rise: float = key(0.3, "share of the run spent rising", above=0, high=1)
    start: float = key(25.0, "the first learning rate is lr divided by this", above=0)
    end: float = key(1e4, "the last learning rate is the first divided by this", above=0)


@register("phase")
@dataclass(frozen=True)
class Phase(Part):
    """One phase of training, run in the order written.

    It begins with a new optimiser (no momentum of the phase before) and at the start of the schedule, which
    spans the phase's own steps. Balancing keeps what it knows of each task. Layers and tasks that are frozen,
    and all that belongs to a task that is not trained, stay as they are, statistics of batch norms included.
    """

    noun: ClassVar[str] = "block"
    steps: int = key(..., "steps of this phase", low=1)
    tasks: tuple[str, ...] | Auto = key(AUTO, "tasks trained; auto: all", name=True)
    freeze: tuple[str, ...] = key((), "layers and tasks that stay as they are", name=True)
    optimizer: Optimizer | Auto = key(AUTO, "auto: that of `train`")


@register("train")
@dataclass(frozen=True)
class Train(Part):
    """How the model is trained."""

    noun: ClassVar[str] = "block"
    steps: int = key(1000, "optimiser steps; with phases, theirs count", low=1)
    batch: int = key(8, "images per step", low=1)
    accumulate: int = key(1, "parts that a batch is cut into to save memory", low=1)
    optimizer: Optimizer = key(Adamw(), "turns gradients into steps")
    schedule: Schedule = key(Constant(), "how the learning rate moves")
    precision: Literal["fp32", "bf16", "fp16"] = key(
        "fp32", "arithmetic of the forward pass; fp16 scales the loss, and leaves out steps that overflow"
    )
    clip: float | None = key(None, "largest norm of the gradient", above=0)
    seed: int = key(0, "of weights, sample order and augmentation", low=0)
    recompute: Literal["all"] | tuple[str, ...] = key(
        (),
        "layers and tasks of which less is kept for the gradient, to be computed anew block by block; or `all`",
        name=True,
    )
    compile: bool = key(False, "have torch.compile translate the training graph")
    save: int = key(200, "steps between checkpoints", low=1)
    workers: int = key(0, "processes that prepare samples beside the training one", low=0)
    on_bad_sample: Literal["stop", "skip"] = key(
        "stop", "an image or label that cannot be read: `stop` the run, or `skip` it and name it at the end"
    )
    on_not_finite: Literal["stop", "skip"] = key(
        "stop", "a loss or gradient that is no finite number: `stop` the run, or `skip` the step and count it"
    )
    mix: Literal["proportional", "uniform"] | tuple[float, ...] = key(
        "proportional",
        "how much of an epoch each of several data sets gives: `proportional` (every image once), `uniform`, "
        "or weights in the order of the `data` blocks",
        above=0,
    )

    def problems(self) -> Iterator[Problem]:
        if self.compile and self.recompute:
            message = (
                "`recompute` means nothing beside `compile = true`, which chooses by itself what to keep"
            )
            yield Problem("recompute", message, "leave one of them out")


@register("eval")
@dataclass(frozen=True)
class Eval(Part):
    """How the model is judged while it trains."""

    noun: ClassVar[str] = "block"
    every: int | Literal["epoch"] = key("epoch", "steps between evaluations on the validation split", low=1)
    best: str = key(
        "loss", "what the kept checkpoint is best at: `loss`, or a task's first metric", name=True
    )
    batch: int | Auto = key(AUTO, "images per step; auto: that of `train`", low=1)
