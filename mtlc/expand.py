"""From a spec to its task graph: layers, decoders, then links stage by stage, then heads."""

from __future__ import annotations

from collections.abc import Iterator

from mtlc.diagnostics import Diagnostics
from mtlc.graph import IMAGE_FEATURE, Step, TaskGraph
from mtlc.names import Names
from mtlc.parts.part import Part
from mtlc.parts.steps import DenseHead, PooledHead
from mtlc.source import Span
from mtlc.spec import Layer, Line, Spec, Task

Streams = dict[str, str]  # the feature that is a task's stream at this stage, by task


def expand(spec: Spec, diagnostics: Diagnostics) -> TaskGraph:
    """Every step that some task needs, in an order in which they can run. Shapes are filled by the passes."""
    draft = _Draft()
    layers = _layers(spec, draft)
    levels: Streams = {}
    streams: Streams = {}
    for task in _dense(spec):
        streams[task.name], levels[task.name] = _decode(spec, task, layers[task.reads, task.name], draft)
    for stage, line in enumerate(spec.links, 1):
        streams |= _stage(line, stage, streams, levels, draft)
    outputs = {}
    for task in spec.tasks.values():
        source = streams.get(task.name, layers[task.reads, task.name])
        outputs[task.name] = _head(task, source, draft)
    return TaskGraph({step.name: step for step in draft.steps}, outputs)


class _Draft:
    """The steps so far. Steps and features share one namespace, so that a name means one thing."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.names = Names([IMAGE_FEATURE])

    def add(
        self,
        part: Part,
        name: str,
        reads: tuple[str, ...],
        writes: tuple[str, ...],
        span: Span,
        task: str | None = None,
        stage: int | None = None,
    ) -> tuple[str, ...]:
        """Append a step and give the features it writes; one wanted under the step's own name shares it."""
        step = self.names.fresh(name)
        features = tuple(step if wanted == name else self.names.fresh(wanted) for wanted in writes)
        self.steps.append(Step(step, part, reads, features, task, span, stage))
        return features


def _dense(spec: Spec) -> Iterator[Task]:
    return (task for task in spec.tasks.values() if task.part.dense)


def _layers(spec: Spec, draft: _Draft) -> dict[tuple[str, str], str]:
    """The feature that each task sees of each layer it uses: one step for all, or a `layer` for each."""
    used = {task.name: {layer.name for layer in spec.chain(task.reads)} for task in spec.tasks.values()}
    seen: dict[tuple[str, str], str] = {}
    for layer in spec.layers.values():
        users = [task for task, names in used.items() if layer.name in names]
        groups = [users] if layer.shared and users else [[user] for user in users]
        for group in groups:
            feature = _layer(layer, group[0], seen, draft)
            seen |= {(layer.name, task): feature for task in group}
    return seen


def _layer(layer: Layer, task: str, seen: dict[tuple[str, str], str], draft: _Draft) -> str:
    read = IMAGE_FEATURE if layer.reads is None else seen[layer.reads, task]
    name = layer.name if layer.shared else f"{layer.name}_{task}"
    (feature,) = draft.add(layer.part, name, (read,), (name,), layer.span, None if layer.shared else task)
    return feature


def _decode(spec: Spec, task: Task, read: str, draft: _Draft) -> tuple[str, ...]:
    """The task's stream and its decoder's inner levels. The step's place is where the decoder was said."""
    name = task.name
    part: Part = task.part.decoder  # type: ignore[attr-defined]
    origin = spec.origins.get(f"task.{name}.decoder")
    span = task.span if origin is None else origin.span
    return draft.add(part, f"{name}_decoder", (read,), (name, f"{name}_levels"), span, name)


def _head(task: Task, read: str, draft: _Draft) -> str:
    part: Part = DenseHead(task.channels) if task.part.dense else PooledHead(task.channels)
    reads = (read, IMAGE_FEATURE) if task.part.dense else (read,)
    name = task.name
    (feature,) = draft.add(part, f"{name}_head", reads, (f"{name}_prediction",), task.span, name)
    return feature


def _stage(line: Line, stage: int, streams: Streams, levels: Streams, draft: _Draft) -> Streams:
    """One links line: all its steps read the state before it; the result is what they change in it."""
    if line.part.form == "joint":
        return _joint(line, stage, streams, levels, draft)
    changed: Streams = {}
    for target in line.receivers:
        others = tuple(streams[source] for source in line.sources_of(target))
        reads = (streams[target], *((levels[target],) if line.part.form == "single" else others))
        name, writes = f"{line.part.word}_{stage}_{target}", (f"{target}_{stage}",)
        (changed[target],) = draft.add(line.part, name, reads, writes, line.span, target, stage)
    return changed


def _joint(line: Line, stage: int, streams: Streams, levels: Streams, draft: _Draft) -> Streams:
    reads = tuple(streams[task] for task in line.sources)
    writes = tuple(f"{task}_{stage}" for task in line.sources)
    if line.part.reads_levels:
        reads += tuple(levels[task] for task in line.sources)
    if line.part.supervised == "levels":
        writes += tuple(f"{task}_{stage}_levels" for task in line.sources)
    name = f"{line.part.word}_{stage}"
    features = draft.add(line.part, name, reads, writes, line.span, None, stage)
    return dict(zip(line.sources, features, strict=False))  # behind the streams stand levels
