"""From a spec to its task graph: layers, decoders, then links stage by stage, then heads."""

from __future__ import annotations

from collections.abc import Iterator

from mtlc.diagnostics import Diagnostics
from mtlc.expand.draft import Draft
from mtlc.expand.trunk import trunk
from mtlc.graph import IMAGE_FEATURE, TaskGraph
from mtlc.parts.part import Part
from mtlc.parts.steps import DenseHead, PooledHead
from mtlc.spec import Line, Spec, Task

Streams = dict[str, str]  # the feature that is a task's stream at this stage, by task


def expand(spec: Spec, diagnostics: Diagnostics) -> TaskGraph:
    """Every step that some task needs, in an order in which they can run. Shapes are filled by the passes."""
    draft = Draft()
    layers = trunk(spec, draft)
    levels: Streams = {}
    streams: Streams = {}
    for task in _dense(spec):
        streams[task.name], levels[task.name] = _decode(spec, task, layers[task.reads, task.name], draft)
    for stage, line in enumerate(spec.links, 1):
        if isinstance(line.part.at, str):
            continue  # it runs within the layers
        streams |= _stage(line, stage, streams, levels, draft)
    outputs = {}
    for task in spec.tasks.values():
        source = streams.get(task.name, layers[task.reads, task.name])
        outputs[task.name] = _head(task, source, draft)
    return TaskGraph({step.name: step for step in draft.steps}, outputs)


def _dense(spec: Spec) -> Iterator[Task]:
    return (task for task in spec.tasks.values() if task.part.dense)


def _decode(spec: Spec, task: Task, read: str, draft: Draft) -> tuple[str, ...]:
    """The task's stream and its decoder's inner levels. The step's place is where the decoder was said."""
    name = task.name
    part: Part = task.part.decoder  # type: ignore[attr-defined]
    origin = spec.origins.get(f"task.{name}.decoder")
    span = task.span if origin is None else origin.span
    return draft.add(part, f"{name}_decoder", (read,), (name, f"{name}_levels"), span, name)


def _head(task: Task, read: str, draft: Draft) -> str:
    part: Part = DenseHead(task.channels) if task.part.dense else PooledHead(task.channels)
    reads = (read, IMAGE_FEATURE) if task.part.dense else (read,)
    name = task.name
    (feature,) = draft.add(part, f"{name}_head", reads, (f"{name}_prediction",), task.span, name)
    return feature


def _stage(line: Line, stage: int, streams: Streams, levels: Streams, draft: Draft) -> Streams:
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


def _joint(line: Line, stage: int, streams: Streams, levels: Streams, draft: Draft) -> Streams:
    reads = tuple(streams[task] for task in line.sources)
    writes = tuple(f"{task}_{stage}" for task in line.sources)
    if line.part.reads_levels:
        reads += tuple(levels[task] for task in line.sources)
    if line.part.supervised == "levels":
        writes += tuple(f"{task}_{stage}_levels" for task in line.sources)
    name = f"{line.part.word}_{stage}"
    features = draft.add(line.part, name, reads, writes, line.span, None, stage)
    return dict(zip(line.sources, features, strict=False))  # behind the streams stand levels
