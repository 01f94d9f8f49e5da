"""From a plan to torch: one module tree and, over it, an fx graph to train and one to infer."""

from __future__ import annotations

import hashlib
import importlib
import keyword
import linecache
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, fx, nn

from mtlc.drawing import draw
from mtlc.graph import IMAGE_FEATURE, Step, TaskGraph
from mtlc.names import Names
from mtlc.parts.encoders import Encoder
from mtlc.parts.foreign import blaming
from mtlc.parts.part import Auto, Levels, Part
from mtlc.plan import Plan, inference, training
from mtlc.promise import hold


@dataclass(frozen=True, eq=False)
class Model:
    """A built model. `train` and `infer` run the same modules: a change to one is a change to both.

    `train(image)` gives the predictions by task and the auxiliary ones by feature, `infer(image)` only the
    first; `image` is B×3×H×W in [0, 1], of any height and width.
    """

    plan: Plan
    train: fx.GraphModule = field(repr=False)
    infer: fx.GraphModule = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)  # where in the module tree each step's module is

    def slice(self, tasks: Iterable[str]) -> fx.GraphModule:
        """What these tasks need, over the same modules. Raises `KeyError` for a task that is not there."""
        wanted = list(tasks)
        known = self.plan.infer.outputs
        for task in wanted:
            if task not in known:
                raise KeyError(f"there is no task `{task}`; the tasks are {', '.join(known)}")
        return _module(self.train, inference(self.plan.graph, wanted), self.attributes, "infer")

    def training_slice(self, tasks: Iterable[str]) -> fx.GraphModule:
        """What the losses of these tasks need, over the same modules; gives what `train` gives of them."""
        return _module(self.train, training(self.plan.graph, tasks), self.attributes, "train")

    def module(self, step: str) -> nn.Module:
        """The module of a step, by the step's name."""
        return self.train.get_submodule(self.attributes[step])

    def state_dict(self) -> dict[str, Tensor]:
        return self.train.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.train.load_state_dict(state)

    def load_pretrained(self, but: Collection[str] = ()) -> dict[str, str]:
        """Load the weights that the spec asks for, and say of each step where they came from.

        `but` names steps that need none. Raises what the part raises where they cannot be had
        (`mtlc.nn.weights.WeightsError` for timm's).
        """
        wanted = [n for n, step in self.plan.graph.steps.items() if getattr(step.part, "pretrained", False)]
        return {n: self.module(n).load_pretrained() for n in wanted if n not in but}  # type: ignore[operator]

    def failed_step(self, error: BaseException) -> Step | None:
        """The step inside which an exception of `train`, `infer` or a slice arose, if it arose in one."""
        steps = {attribute: name for name, attribute in self.attributes.items()}
        name = steps.get(_running(error.__traceback__) or "")
        return None if name is None else self.plan.graph.steps[name]

    def explain_failure(self, error: BaseException) -> str | None:
        """Where in the spec a run-time failure belongs: "in `depth_1`, specs/nyud.mtl:36"."""
        step = self.failed_step(error)
        return None if step is None else f"in `{step.name}`, {step.span.source.name}:{step.span.line}"


def lower(plan: Plan) -> Model:
    """Build the modules, each from its own seed, and both graphs over them."""
    root = nn.Module()
    attributes = attributes_of(plan.graph)
    levels, multiple = plan.graph.levels(), _multiple(plan.graph)
    for name, step in plan.graph.steps.items():
        reads = tuple(levels[feature] for feature in step.reads)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(first_seed(plan.train.seed, name))
            made = _build(step.part, reads, multiple)
        hold(made, step.part, reads, step.shapes)
        root.add_module(attributes[name], made)
    train = _module(root, plan.graph, attributes, "train")
    return Model(plan, train, _module(root, plan.infer, attributes, "infer"), attributes)


def first_seed(seed: int, step: str) -> int:
    """Each step has its own, so that adding or dropping a task leaves the others' first weights alone."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{step}".encode()).digest()[:8]) >> 1


def _multiple(graph: TaskGraph) -> int:
    """What encoders pad images to: every stride of the graph then divides the padded height and width."""
    strides = [level.stride for levels in graph.levels().values() for level in levels]
    return math.lcm(*(stride for stride in strides if stride))


def _build(part: Part, reads: tuple[Levels, ...], multiple: int) -> nn.Module:
    arguments = {key: _plain(value) for key, value in part.arguments(reads).items()}
    if isinstance(part, Encoder):
        arguments["multiple"] = multiple
    with blaming(part, "making its module"):
        made: nn.Module = constructor(part)(**arguments)
        if not isinstance(made, nn.Module):
            raise TypeError(f"a {type(made).__name__} is no torch.nn.Module")
    return made


def constructor(part: Part) -> Any:
    if not isinstance(part.module, str):
        return part.module
    file, _, name = part.module.partition(":")
    return getattr(importlib.import_module(file or type(part).__module__), name)


def _plain(value: Any) -> Any:
    return None if isinstance(value, Auto) else value


def attributes_of(graph: TaskGraph) -> dict[str, str]:
    """A legal attribute for each step: a task may be called `train` or `class`, an attribute may not."""
    names = Names()
    return {step: names.fresh(_legal(step)) for step in graph.steps}


def _legal(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name == "self" or hasattr(_EMPTY, name) else name


_EMPTY = fx.GraphModule(nn.Module(), fx.Graph())


def _module(root: nn.Module, graph: TaskGraph, attributes: Mapping[str, str], name: str) -> fx.GraphModule:
    def outputs(nodes: Mapping[str, fx.Node]) -> Any:
        predictions = {task: nodes[feature] for task, feature in graph.outputs.items()}
        inner = {auxiliary.feature: nodes[auxiliary.feature] for auxiliary in graph.auxiliaries}
        return (predictions, inner) if name == "train" else predictions

    return draw(root, name.capitalize(), graph.steps.values(), (IMAGE_FEATURE,), outputs, attributes)


def _running(trace: TracebackType | None) -> str | None:
    """The attribute that a generated `forward` was calling when the exception arose."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith("<eval_with_key>"):
            line = linecache.getline(code.co_filename, trace.tb_lineno, trace.tb_frame.f_globals)
            called = re.search(r"= self\.(\w+)\(", line)
            return called[1] if called else None
        trace = trace.tb_next
    return None
