"""A link's streams: at which stride and width it sees them, which `adapt` makes so, and whose they are."""

from __future__ import annotations

from mtlc.graph import TaskGraph
from mtlc.parts.links import Link
from mtlc.parts.part import Level, Levels, Part, ShapeError

STRIDES = (4, 8, 16, 32)


def fitted(part: Part, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
    """The levels that the part will see: a link sees equal streams, every other part what it reads.

    Arrow: everything at the target's width and stride. Joint: everything at the part's `dim` (default: the
    smallest width) and the finest stride. Single: the stream as it is. `at` replaces the stride in each form.
    Decoders' levels stay what they are.
    """
    if not isinstance(part, Link):
        return reads
    stride = _at(part)
    read, levels = part.parted(reads)
    streams = [stream for (stream,) in read]
    if part.form != "joint":
        return (_level(streams[0].channels, stride or streams[0].stride),) * len(read) + levels
    dim = getattr(part, "dim", None)
    width = dim if isinstance(dim, int) else min(stream.channels for stream in streams)
    return (_level(width, stride or min(stream.stride for stream in streams)),) * len(read) + levels


def owners(graph: TaskGraph) -> dict[str, str | None]:
    """Whose stream each feature is: what a hub writes belongs to the tasks of what it reads, in that order."""
    found: dict[str, str | None] = {}
    for step in graph.steps.values():
        before = [found.get(feature) for feature in step.reads]
        for index, feature in enumerate(step.writes):
            found[feature] = step.task or before[min(index, len(before) - 1)]
    return found


def _level(channels: int, stride: int) -> Levels:
    return (Level(channels, stride),)


def _at(part: Link) -> int | None:
    at = part.at
    assert not isinstance(at, str), "a link at a layer runs within the layers"
    if at is not None and at not in STRIDES:
        message = f"a link runs at stride 4, 8, 16 or 32, not at {at}"
        raise ShapeError("MTL304", message, "set `at` to one of these", key="at")
    return at
