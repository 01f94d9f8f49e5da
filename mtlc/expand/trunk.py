"""From the image to what each task's decoder reads: shared layers, layers of their own, and links within them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from mtlc.expand.draft import Draft
from mtlc.graph import IMAGE_FEATURE
from mtlc.parts.encoders import Encoder, Tapped
from mtlc.parts.mixing import AtLevel, Masked, Mixing, Mtan
from mtlc.spec import Layer, Line, Spec

Features = dict[str, str]  # by task
Seen = dict[tuple[str, str], str]  # by layer and task
Lines = list[tuple[int, Line]]  # the links lines at a layer, each with its number


def trunk(spec: Spec, draft: Draft) -> Seen:
    """The feature that each task sees of each layer it uses."""
    used = {task.name: {layer.name for layer in spec.chain(task.reads)} for task in spec.tasks.values()}
    seen: Seen = {}
    for layer in spec.layers.values():
        users = [task for task, names in used.items() if layer.name in names]
        lines = [(number, line) for number, line in enumerate(spec.links, 1) if line.part.at == layer.name]
        write = _shared if layer.shared else _own
        features = write(layer, {task: _read(layer, task, seen) for task in users}, lines, draft)
        seen |= {(layer.name, task): feature for task, feature in features.items()}
    return seen


def _read(layer: Layer, task: str, seen: Seen) -> str:
    return IMAGE_FEATURE if layer.reads is None else seen[layer.reads, task]


def _shared(layer: Layer, reads: Features, lines: Lines, draft: Draft) -> Features:
    """One step for all who use the layer; a line of masks then gives each of its tasks levels of its own."""
    if not reads:
        return {}
    read = (next(iter(reads.values())),)
    if not lines:
        (feature,) = draft.add(layer.part, layer.name, read, (layer.name,), layer.span)
        return dict.fromkeys(reads, feature)
    assert isinstance(layer.part, Encoder)
    writes = (layer.name, f"{layer.name}_inside")
    whole = draft.add(Tapped(layer.part), layer.name, read, writes, layer.span)
    features = dict.fromkeys(reads, whole[0])
    for number, line in lines:
        assert isinstance(line.part, Mtan)
        part, names = Masked(line.part, len(line.sources)), [f"{layer.name}_{task}" for task in line.sources]
        found = draft.add(part, f"{part.word}_{number}", whole, tuple(names), line.span)
        features |= zip(line.sources, found, strict=True)
    return features


def _own(layer: Layer, reads: Features, lines: Lines, draft: Draft) -> Features:
    """A step for each task; where lines mix tasks, one for each stage of the encoder, with those lines behind."""
    mixed = {task for _, line in lines for task in line.sources}
    features = {}
    for task, read in reads.items():
        if task not in mixed:
            name = f"{layer.name}_{task}"
            (features[task],) = draft.add(layer.part, name, (read,), (name,), layer.span, task)
    if mixed:
        features |= _stitched(layer, {task: reads[task] for task in reads if task in mixed}, lines, draft)
    return features


def _stitched(layer: Layer, now: Features, lines: Lines, draft: Draft) -> Features:
    """Stage by stage, so that the next stage reads what was mixed."""
    assert isinstance(layer.part, Encoder)
    for stage in layer.part.chosen:
        part = replace(cast(Any, layer.part), stages=(stage,))
        for task, read in now.items():
            name = f"{layer.name}_{task}_{stage}"
            (now[task],) = draft.add(part, name, (read,), (name,), layer.span, task)
        for number, line in lines:
            now |= _mixed(line, number, stage, now, draft)
    return now


def _mixed(line: Line, number: int, stage: int, now: Features, draft: Draft) -> Features:
    """One line after one stage."""
    assert isinstance(line.part, Mixing)
    part, reads = AtLevel(line.part, stage - 1), tuple(now[task] for task in line.sources)
    name = f"{part.word}_{number}_{stage}"
    writes = tuple(f"{read}_mixed" for read in reads)
    return dict(zip(line.sources, draft.add(part, name, reads, writes, line.span), strict=True))
