"""The parameters that tasks share, by the set of tasks that they serve, and gradients through them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mtlc.analyse.partition import Partition
from mtlc.analyse.sharing import Tasks

Named = dict[str, nn.Parameter]
AtCut = Mapping[str, Sequence["Tensor | None"]]


def learning(module: nn.Module) -> Named:
    """The parameters of a module that learn, by name."""
    return {name: each for name, each in module.named_parameters() if each.requires_grad}


def by_tasks(parameters: Named, partition: Partition, tasks: Collection[str]) -> dict[Tasks, Named]:
    """Parameters by those of `tasks` that they serve; what serves none of them has no place."""
    found: dict[Tasks, Named] = {}
    for name, each in parameters.items():
        served = tuple(task for task in partition.serves.get(name, ()) if task in tasks)
        if served:
            found.setdefault(served, {})[name] = each
    return found


def by_module(names: Collection[str]) -> dict[str, list[str]]:
    """Parameter names by the module of the model that they are in: one for each step of the graph."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition(".")[0], []).append(name)
    return found


def through(
    trunk: Sequence[Tensor], at_cut: Sequence[Tensor | None], parameters: Named, *, keep: bool
) -> dict[str, Tensor]:
    """The gradient of these parameters from gradients at the cut; `keep` the graph for another pass.

    What these gradients do not reach is not in it; what is in it may be written to.
    """
    pairs = [
        (tensor, gradient) for tensor, gradient in zip(trunk, at_cut, strict=True) if gradient is not None
    ]
    if not pairs or not parameters:
        return {}
    tensors, gradients = zip(*pairs, strict=True)
    found = torch.autograd.grad(
        tensors, list(parameters.values()), gradients, retain_graph=keep, allow_unused=True
    )
    return owned(parameters, found, gradients)


def owned(
    parameters: Named, gradients: Iterable[Tensor | None], others: Iterable[Tensor | None]
) -> dict[str, Tensor]:
    """Gradients as autograd gives them, by name, each laid out as its parameter and with memory of its own.

    Autograd may give one tensor for two parameters, what it was itself given (`others`), or one number for many: these
    are copied. What is None is left out.
    """
    found: dict[str, Tensor] = {}
    taken = {each.data_ptr() for each in others if each is not None}
    for (name, parameter), each in zip(parameters.items(), gradients, strict=True):
        if each is None:
            continue
        if each.data_ptr() in taken or not _laid_out(each, parameter):
            each = torch.empty_like(parameter).copy_(each)
        taken.add(each.data_ptr())
        found[name] = each
    return found


def _laid_out(gradient: Tensor, parameter: Tensor) -> bool:
    """Whether its numbers lie in memory as the parameter's do."""
    strides = zip(gradient.shape, gradient.stride(), parameter.stride(), strict=True)
    return all(mine == other for size, mine, other in strides if size > 1)


def summed(at_cut: AtCut, weights: Mapping[str, float]) -> list[Tensor | None]:
    """The weighted sum of the tasks' gradients at the cut, tensor by tensor."""
    tasks = [task for task in at_cut if task in weights]
    return [
        _weighted(zip(tasks, gradients, strict=True), weights)
        for gradients in zip(*(at_cut[task] for task in tasks), strict=True)
    ]


def _weighted(gradients: Iterable[tuple[str, Tensor | None]], weights: Mapping[str, float]) -> Tensor | None:
    total: Tensor | None = None
    for task, gradient in gradients:
        if gradient is not None:
            weight = weights[task]
            total = weight * gradient if total is None else total.add_(gradient, alpha=weight)
    return total


def accumulate(parameter: nn.Parameter, gradient: Tensor) -> None:
    """Add to a parameter's gradient, as a backward pass does."""
    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
