"""What a spec means: every name resolved, every value typed, and where each value came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mtlc import parts
from mtlc.parts.agreement import AgreementLoss
from mtlc.parts.data import Augment, Data
from mtlc.parts.links import Link
from mtlc.parts.several import Several
from mtlc.parts.training import Eval, Phase, Train
from mtlc.source import Source, Span
from mtlc.syntax import Let, Value


@dataclass(frozen=True)
class Origin:
    """Where a value stands, how it is written, and through which door it came (`key`, `task all`, `--set`, …)."""

    span: Span
    door: str = "key"
    value: Value | None = None


@dataclass(frozen=True)
class Layer:
    """A `shared` or `layer` block; `reads` is None for the image."""

    name: str
    part: parts.layers.Layer
    shared: bool
    reads: str | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Task:
    """A `task` block: the layer it reads, the label it learns, and the channels it predicts.

    Of several data sets, which label of each it learns is in `Spec.data`; together their label is called like
    the task.
    """

    name: str
    part: parts.tasks.Task
    reads: str
    label: str
    classes: tuple[str, ...]
    channels: int
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Line:
    """One part of one line of a `links` block: a stage. `targets` is None for joint and single parts."""

    sources: tuple[str, ...]
    targets: tuple[str, ...] | None
    part: Link
    span: Span = field(compare=False, repr=False)
    mutual: bool = False

    @property
    def receivers(self) -> tuple[str, ...]:
        """The streams that the line changes, in the order written."""
        if self.targets is None:
            return self.sources
        return tuple(dict.fromkeys(self.sources + self.targets)) if self.mutual else self.targets

    def sources_of(self, target: str) -> tuple[str, ...]:
        """In arrow form, the streams that one receiver reads beside its own; `<->` is both directions."""
        read = self.sources if target in (self.targets or ()) else ()
        if self.mutual and target in self.sources:
            read += self.targets or ()
        return tuple(name for name in dict.fromkeys(read) if name != target)

    def written(self) -> str:
        """The line as a person would write it."""
        ends = [self.sources] if self.targets is None else [self.sources, self.targets]
        arrow = " <-> " if self.mutual else " -> "
        return f"{arrow.join(', '.join(end) for end in ends)} via {self.part.word}"


@dataclass(frozen=True)
class Agreement:
    """One loss of one line of an `agree` block."""

    tasks: tuple[str, ...]
    part: AgreementLoss
    span: Span = field(compare=False, repr=False)

    def written(self) -> str:
        """The line as a person would write it."""
        return f"{', '.join(self.tasks)} via {self.part.word}"


@dataclass(frozen=True)
class Spec:
    """A whole spec. `files` are the texts it was read from, `plugins` the Python files it named."""

    source: Source = field(compare=False, repr=False)
    data: Data
    layers: Mapping[str, Layer]
    tasks: Mapping[str, Task]
    links: tuple[Line, ...]
    agree: tuple[Agreement, ...]
    balance: parts.balance.LossBalancer
    gradients: parts.gradients.GradientBalancer | None
    train: Train
    eval: Eval
    phases: Mapping[str, Phase] = field(default_factory=dict)
    plugins: tuple[str, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    lets: Mapping[str, Let] = field(default_factory=dict, compare=False, repr=False)

    @property
    def mixes(self) -> bool:
        """Whether `train.mix` says something: not with one data set."""
        return len(self.data.sets()) > 1 or self.train.mix != "proportional"

    @property
    def balancing(self) -> tuple[parts.part.Part, ...]:
        """The methods of balancing: of losses, of gradients, or both. The sum of the losses goes without saying
        where gradients are weighed."""
        if self.gradients is None:
            return (self.balance,)
        summed = self.balance == parts.balance.Equal()
        return (self.gradients,) if summed else (self.balance, self.gradients)

    def chain(self, layer: str | None) -> Iterator[Layer]:
        """A layer, the one it reads, and so on to the image."""
        while layer is not None:
            yield self.layers[layer]
            layer = self.layers[layer].reads


def only(spec: Spec, tasks: Collection[str]) -> Spec:
    """The spec as it would be with these tasks alone; a line of a relation that has too few of them left goes."""
    links = (_only(line, tasks) for line in spec.links)
    agree = (replace(each, tasks=tuple(t for t in each.tasks if t in tasks)) for each in spec.agree)
    best = spec.eval.best if spec.eval.best in (*tasks, "loss") else "loss"
    return replace(
        spec,
        tasks={name: task for name, task in spec.tasks.items() if name in tasks},
        links=tuple(line for line in links if line is not None),
        agree=tuple(each for each in agree if len(each.tasks) > 1),
        eval=replace(spec.eval, best=best),
    )


def apart(spec: Spec) -> dict[str, Spec]:
    """The spec as it would be with each of its data sets alone, by name; a task that one does not label goes."""
    if not isinstance(spec.data, Several):
        return {"": spec}
    return {name: _alone(spec, data, spec.data.learns[name]) for name, data in spec.data.members.items()}


def _alone(spec: Spec, data: Data, learns: Mapping[str, str]) -> Spec:
    tasks = {name: replace(spec.tasks[name], label=learns[name]) for name in spec.tasks if name in learns}
    return replace(only(spec, tasks), data=data, tasks=tasks)


def _only(line: Line, tasks: Collection[str]) -> Line | None:
    sources = tuple(name for name in line.sources if name in tasks)
    if line.targets is None:
        fewest = line.part.fewest if line.part.form == "joint" else 1
        return replace(line, sources=sources) if len(sources) >= fewest else None
    kept = replace(line, sources=sources, targets=tuple(name for name in line.targets if name in tasks))
    if line.mutual:
        return kept if kept.targets and sources and any(map(kept.sources_of, kept.receivers)) else None
    targets = tuple(name for name in kept.targets or () if kept.sources_of(name))
    return replace(kept, targets=targets) if targets else None


__all__ = ["Agreement", "Augment", "Layer", "Line", "Origin", "Spec", "Task", "apart", "only"]
