"""Which tasks each parameter serves: the sets on which gradients can be in conflict, exact by parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mtlc.analyse.sharing import Tasks
from mtlc.lower import Model, lower
from mtlc.plan import Plan

IMAGES = 2  # batch norm in training needs more than one value a channel


@dataclass(frozen=True)
class Partition:
    """A model's parameters by the tasks whose losses they change. Names are those of the train module.

    Only parameters that learn are in it; one that no loss depends on serves the empty set. `sizes` says how many
    numbers each holds.
    """

    tasks: Tasks
    serves: Mapping[str, Tasks]
    sizes: Mapping[str, int]

    @property
    def sets(self) -> dict[Tasks, tuple[str, ...]]:
        """The parameters of each set of tasks, in the order of the module tree."""
        found: dict[Tasks, list[str]] = {}
        for name, tasks in self.serves.items():
            found.setdefault(tasks, []).append(name)
        return {tasks: tuple(names) for tasks, names in found.items()}

    def size(self, names: Iterable[str]) -> int:
        """How many numbers these parameters hold together."""
        return sum(self.sizes[name] for name in names)

    @property
    def shared(self) -> dict[Tasks, tuple[str, ...]]:
        """The sets of two or more tasks: where gradient-level methods act."""
        return {tasks: names for tasks, names in self.sets.items() if len(tasks) > 1}


def partition(plan: Plan) -> Partition:
    """The partition of a plan's model, found on shapes without numbers: neither data nor memory is needed."""
    with torch.device("meta"):
        model = lower(plan)
        return partition_of(model, torch.zeros(IMAGES, 3, *plan.data.size))


def partition_of(model: Model, images: Tensor) -> Partition:
    """The partition of a built model, from one forward pass in training mode.

    A parameter serves a task if autograd leads from the task's prediction, or from one of its auxiliary ones, to
    the parameter: by parameter, not by module. A link's weights for one target serve that target's tasks alone, an
    encoder's last stage those that read its last level.
    """
    tasks = tuple(model.plan.tasks)
    with torch.enable_grad():
        predictions, auxiliary = model.train.train()(images)
    found = {task: [predictions[task]] for task in tasks}
    for each in model.plan.graph.auxiliaries:
        found[each.task].append(auxiliary[each.feature])
    reached = {task: reachable(outputs) for task, outputs in found.items()}
    sizes = {name: parameter.numel() for name, parameter in model.train.named_parameters()}
    return Partition(tasks, dict(_serves(model.train, tasks, reached)), sizes)


def reachable(outputs: Iterable[Tensor]) -> set[int]:
    """The identities of the leaves to which a gradient of these tensors flows."""
    todo = [each.grad_fn for each in outputs if each.grad_fn is not None]
    seen: set[Any] = set(todo)
    leaves = set[int]()
    while todo:
        node = todo.pop()
        if hasattr(node, "variable"):  # where a gradient is accumulated
            leaves.add(id(node.variable))
        new = [after for after, _ in node.next_functions if after is not None and after not in seen]
        seen.update(new)
        todo += new
    return leaves


def _serves(module: nn.Module, tasks: Tasks, reached: Mapping[str, set[int]]) -> Iterator[tuple[str, Tasks]]:
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            yield name, tuple(task for task in tasks if id(parameter) in reached[task])
