"""The train graph cut in two: what tasks share, and what each has of its own after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, fx, nn

from mtlc.analyse.sharing import sharing
from mtlc.drawing import draw
from mtlc.graph import IMAGE_FEATURE, Step, TaskGraph
from mtlc.lower import Model
from mtlc.plan import training
from mtlc.training.objective import Outputs

Feature = Tensor | Sequence[Tensor]


@dataclass(frozen=True, eq=False)
class Cut:
    """The steps that two or more tasks need as one module, `trunk`, and for each task a module of the rest.

    `trunk(image)` gives the features that tails read, by name; `tails[task](image, *features)`, with those of
    `reads[task]`, the task's prediction and its auxiliary ones. All are over the modules of the model.
    """

    trunk: nn.Module
    tails: Mapping[str, nn.Module]
    reads: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward pass over a cut: `trunk` are the tensors at the cut, `ends` the same as leaves that tails read."""

    outputs: Outputs
    trunk: list[Tensor]
    ends: list[Tensor]


def cut(model: Model, tasks: Iterable[str]) -> Cut:
    """Cut what the losses of these tasks need."""
    graph = training(model.plan.graph, tasks)
    users = sharing(graph).users
    common = [step for name, step in graph.steps.items() if len(users[name]) > 1]
    own = {
        task: [step for name, step in graph.steps.items() if users[name] == (task,)] for task in graph.outputs
    }
    known = {IMAGE_FEATURE, *(feature for step in common for feature in step.writes)}
    reads = {task: tuple(_read(graph, task, own[task], known)) for task in own}
    ends = list(dict.fromkeys(feature for each in reads.values() for feature in each))
    trunk = draw(
        model.train,
        "Trunk",
        common,
        (IMAGE_FEATURE,),
        lambda nodes: {f: nodes[f] for f in ends},
        model.attributes,
    )
    tails = {task: _tail(model, graph, task, own[task], reads[task]) for task in own}
    return Cut(trunk, tails, reads)


def run(cut: Cut, images: Tensor) -> Pass:
    """Forward through the trunk, then through each tail from leaves of its own making."""
    features: Mapping[str, Feature] = cut.trunk(images)
    found = (tensor for feature in features.values() for tensor in _tensors(feature) if tensor.requires_grad)
    whole = list({id(tensor): tensor for tensor in found}.values())
    leaves = {id(tensor): tensor.detach().requires_grad_() for tensor in whole}
    predictions: dict[str, Tensor] = {}
    auxiliary: dict[str, Tensor] = {}
    for task, tail in cut.tails.items():
        read = (_replaced(features[feature], leaves) for feature in cut.reads[task])
        predictions[task], more = tail(images, *read)
        auxiliary |= more
    return Pass((predictions, auxiliary), whole, [leaves[id(tensor)] for tensor in whole])


def _read(graph: TaskGraph, task: str, own: Sequence[Step], known: set[str]) -> Iterator[str]:
    """What of the trunk a task's own steps, or its losses, read."""
    wanted = [feature for step in own for feature in step.reads] + [graph.outputs[task]]
    wanted += [each.feature for each in graph.auxiliaries if each.task == task]
    return (feature for feature in dict.fromkeys(wanted) if feature in known - {IMAGE_FEATURE})


def _tail(
    model: Model, graph: TaskGraph, task: str, own: Sequence[Step], reads: Sequence[str]
) -> fx.GraphModule:
    inner = [each.feature for each in graph.auxiliaries if each.task == task]

    def outputs(nodes: Mapping[str, fx.Node]) -> Any:
        return nodes[graph.outputs[task]], {feature: nodes[feature] for feature in inner}

    root: nn.Module = model.train
    return draw(root, "Tail", own, (IMAGE_FEATURE, *reads), outputs, model.attributes)


def _tensors(feature: Feature) -> Sequence[Tensor]:
    return [feature] if isinstance(feature, Tensor) else feature


def _replaced(feature: Feature, leaves: Mapping[int, Tensor]) -> Feature:
    if isinstance(feature, Tensor):
        return leaves.get(id(feature), feature)
    return [leaves.get(id(each), each) for each in feature]
