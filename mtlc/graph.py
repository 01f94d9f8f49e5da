"""The task graph: an ordered mapping of frozen steps, each naming the features it reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mtlc.diagnostics import Diagnostics
from mtlc.parts.layers import IMAGE
from mtlc.parts.part import Levels, Part
from mtlc.source import Span

if TYPE_CHECKING:
    import networkx as nx

IMAGE_FEATURE = "image"


@dataclass(frozen=True)
class Step:
    """One application of a part. A hub writes one feature per stream; `task` is None for what tasks share."""

    name: str
    part: Part
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    task: str | None
    span: Span = field(compare=False, repr=False)
    stage: int | None = None  # which links line, from 1
    training: bool = False  # exists in the train graph only
    shapes: tuple[Levels, ...] = ()  # per written feature; filled by the pass `shapes`


@dataclass(frozen=True)
class Auxiliary:
    """A prediction that is supervised in training only, with the weight of its loss."""

    task: str
    feature: str
    weight: float


@dataclass(frozen=True)
class TaskGraph:
    """Steps in an order in which they can run, and for each task the feature that holds its prediction."""

    steps: Mapping[str, Step]
    outputs: Mapping[str, str]
    auxiliaries: tuple[Auxiliary, ...] = ()

    def producers(self) -> dict[str, Step]:
        """The step that writes each feature; the image has none."""
        return {feature: step for step in self.steps.values() for feature in step.writes}

    def levels(self) -> dict[str, Levels]:
        """The levels of every feature, once `shapes` has filled them."""
        known = {IMAGE_FEATURE: IMAGE}
        for step in self.steps.values():
            known.update(zip(step.writes, step.shapes, strict=False))
        return known

    def with_steps(self, steps: Iterable[Step]) -> TaskGraph:
        return replace(self, steps={step.name: step for step in steps})


Pass = Callable[[TaskGraph, Diagnostics], TaskGraph]
Rule = Callable[[Step], "Step | Iterable[Step] | None"]


def rewrite(graph: TaskGraph, rule: Rule) -> TaskGraph:
    """Apply the rule to each step in order: it gives a step, several, or None for "not me"."""
    out: list[Step] = []
    for step in graph.steps.values():
        made = rule(step)
        out += [step] if made is None else [made] if isinstance(made, Step) else made
    return graph.with_steps(out)


def needed(graph: TaskGraph, features: Iterable[str]) -> set[str]:
    """The names of the steps that these features depend on."""
    producers = graph.producers()
    todo, names = list(features), set[str]()
    while todo:
        step = producers.get(todo.pop())
        if step is not None and step.name not in names:
            names.add(step.name)
            todo += step.reads
    return names


class IllegalGraph(Exception):
    """A pass has left a graph that no later pass may see: our mistake, never the user's (MTL900)."""


def verify(graph: TaskGraph) -> None:
    """Raise `IllegalGraph` unless every read is written before, every write is unique, every output exists."""
    written = {IMAGE_FEATURE}
    for name, step in graph.steps.items():
        if name != step.name:
            raise IllegalGraph(f"step `{step.name}` stands under the name `{name}`")
        for feature in step.reads:
            if feature not in written:
                raise IllegalGraph(f"step `{name}` reads `{feature}` before it is written")
        for feature in step.writes:
            if feature in written:
                raise IllegalGraph(f"step `{name}` writes `{feature}` a second time")
            written.add(feature)
        if step.shapes and len(step.shapes) != len(step.writes):
            raise IllegalGraph(
                f"step `{name}` writes {len(step.writes)} features with {len(step.shapes)} shapes"
            )
    _verify_outputs(graph, written)


def _verify_outputs(graph: TaskGraph, written: set[str]) -> None:
    """Every output is written, and no prediction depends on what exists in training only."""
    for feature in (*graph.outputs.values(), *(aux.feature for aux in graph.auxiliaries)):
        if feature not in written:
            raise IllegalGraph(f"nothing writes the output `{feature}`")
    for name in needed(graph, graph.outputs.values()):
        if graph.steps[name].training:
            raise IllegalGraph(f"a prediction depends on the training-only step `{name}`")


def view(graph: TaskGraph) -> nx.DiGraph[Any]:
    """The graph as networkx sees it: steps are nodes, features are edges. For analysis, never for storage."""
    import networkx as nx

    digraph: nx.DiGraph[Any] = nx.DiGraph()
    producers = graph.producers()
    for name, step in graph.steps.items():
        digraph.add_node(name, step=step)
        for feature in step.reads:
            source = producers[feature].name if feature in producers else IMAGE_FEATURE
            digraph.add_edge(source, name, feature=feature)
    return digraph
