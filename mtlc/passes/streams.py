"""At which stride and width a link sees its streams: what `shapes` checks and `adapt` makes so."""

from __future__ import annotations

from mtlc.parts.links import Link
from mtlc.parts.part import Level, Levels, Part, ShapeError

STRIDES = (4, 8, 16, 32)


def fitted(part: Part, reads: tuple[Levels, ...]) -> tuple[Levels, ...]:
    """The levels that the part will see: a link sees equal streams, every other part what it reads.

    Arrow: everything at the target's width and stride. Joint: everything at the part's `dim` (default: the
    smallest width) and the finest stride. Single: the stream as it is. `at` replaces the stride in each form.
    """
    if not isinstance(part, Link):
        return reads
    stride = _at(part)
    if part.form == "single":
        return (_level(reads[0][0].channels, stride or reads[0][0].stride), *reads[1:])
    streams = [stream for (stream,) in reads]
    if part.form == "arrow":
        return (_level(streams[0].channels, stride or streams[0].stride),) * len(reads)
    dim = getattr(part, "dim", None)
    width = dim if isinstance(dim, int) else min(stream.channels for stream in streams)
    return (_level(width, stride or min(stream.stride for stream in streams)),) * len(reads)


def _level(channels: int, stride: int) -> Levels:
    return (Level(channels, stride),)


def _at(part: Link) -> int | None:
    at = getattr(part, "at", None)
    if at is not None and at not in STRIDES:
        message = f"a link runs at stride 4, 8, 16 or 32, not at {at}"
        raise ShapeError("MTL304", message, "set `at` to one of these")
    return at
