"""Steps as an fx graph over a module tree: one `call_module` a step, and an item for each feature of several."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import fx, nn

from mtlc.graph import Step

Outputs = Callable[[Mapping[str, fx.Node]], Any]


def draw(
    root: nn.Module,
    name: str,
    steps: Iterable[Step],
    inputs: Sequence[str],
    outputs: Outputs,
    attributes: Mapping[str, str],
) -> fx.GraphModule:
    """A module that runs these steps in order, over the modules of `root`.

    Its `forward` takes the features `inputs`; `outputs` says from the node of each feature what it gives.
    `attributes` says where in `root` each step's module is.
    """
    graph = fx.Graph()
    nodes = {feature: graph.placeholder(_local(feature)) for feature in inputs}
    for step in steps:
        _call(step, attributes[step.name], nodes, graph)
    graph.output(outputs(nodes))
    graph.eliminate_dead_code(is_impure_node=lambda node: node.target is not operator.getitem)
    module = fx.GraphModule(root, graph, class_name=name)
    module.graph.lint()
    return module


def _call(step: Step, attribute: str, nodes: dict[str, fx.Node], graph: fx.Graph) -> None:
    reads = tuple(nodes[feature] for feature in step.reads)
    single = len(step.writes) == 1
    call = graph.create_node(
        "call_module", attribute, reads, name=_local(step.writes[0] if single else step.name)
    )
    made = [call]
    if single:
        nodes[step.writes[0]] = call
    else:
        for index, feature in enumerate(step.writes):
            item = graph.create_node("call_function", operator.getitem, (call, index), name=_local(feature))
            nodes[feature] = item
            made.append(item)
    for node in made:
        node.meta |= {"step": step.name, "span": step.span}


def _local(name: str) -> str:
    """A name for a variable of the generated `forward`; fx itself steps around keywords and builtins."""
    return "self_" if name == "self" else name
