"""The pass `shapes`: what every step writes, and what is wrong where a part cannot work on what it reads."""

from __future__ import annotations

import re
from dataclasses import replace

from mtlc.diagnostics import Diagnostics
from mtlc.graph import IMAGE_FEATURE, Step, TaskGraph
from mtlc.parts.encoders import Encoder
from mtlc.parts.foreign import PartError, blaming, check_arguments, check_written
from mtlc.parts.layers import IMAGE, Layer
from mtlc.parts.links import Link
from mtlc.parts.part import Levels, Part, ShapeError
from mtlc.passes.streams import fitted
from mtlc.source import Span


def shapes(graph: TaskGraph, diagnostics: Diagnostics) -> TaskGraph:
    """Fill `Step.shapes`. A step that cannot be worked out keeps none, and what depends on it is silent.

    But a link gives back streams of the shapes it found them in, so that those below it are looked at too.
    """
    known = {IMAGE_FEATURE: IMAGE}
    steps = []
    for step in graph.steps.values():
        if all(feature in known for feature in step.reads):
            step = replace(step, shapes=_written(step, known, diagnostics))
            known.update(zip(step.writes, step.shapes or _unchanged(step, known), strict=False))
        steps.append(step)
    return graph.with_steps(steps)


def _written(step: Step, known: dict[str, Levels], diagnostics: Diagnostics) -> tuple[Levels, ...]:
    """What the step writes, once `adapt` has given a link's changes back at the shapes of their streams."""
    reads = tuple(known[feature] for feature in step.reads)
    try:
        _check_place(step)
        seen = fitted(step.part, reads)
        written = _promised(step, seen)
    except (ShapeError, PartError) as error:
        _report(error, step.span, diagnostics)
        return ()
    try:
        _try_arguments(step.part, seen)
    except (ShapeError, PartError) as error:
        _report(error, step.span, diagnostics)
    fits = {index for index, read in enumerate(reads) if read != seen[index]}
    return tuple(reads[index] if index in fits else levels for index, levels in enumerate(written))


def _promised(step: Step, seen: tuple[Levels, ...]) -> tuple[Levels, ...]:
    with blaming(step.part, "`writes`"):
        written = step.part.writes(seen)
    check_written(step.part, written, len(step.writes))
    return written


def _try_arguments(part: Part, seen: tuple[Levels, ...]) -> None:
    with blaming(part, "`arguments`"):
        given = part.arguments(seen)
    check_arguments(part, given, *(("multiple",) if isinstance(part, Encoder) else ()))


def _unchanged(step: Step, known: dict[str, Levels]) -> tuple[Levels, ...]:
    return tuple(known[feature] for feature in step.reads) if isinstance(step.part, Link) else ()


def _check_place(step: Step) -> None:
    part, read = step.part, step.reads[0]
    if not isinstance(part, Layer) or part.reads_image == (read == IMAGE_FEATURE):
        return
    if part.reads_image:
        message = f"the encoder `{part.word}` reads the image, not the layer `{read}`"
        raise ShapeError("MTL301", message, "write `from = image`, or put a neck here, such as `fpn`")
    message = f"`{part.word}` reads the levels of another layer, not the image"
    raise ShapeError("MTL301", message, "declare an encoder above it, such as `tiny`")


def _fault(key: str | None, place: Span) -> Span:
    """Where the key's value stands in a call; where it does not, the call's name."""
    found = re.search(rf"\b{key}\s*=\s*(\[[^\]]*\]|[^\s,()]+)", place.text) if key else None
    found = found or re.match(r"(\w+)\s*\(", place.text)
    return place.source.span(place.start + found.start(1), place.start + found.end(1)) if found else place


def _report(error: ShapeError | PartError, place: Span, diagnostics: Diagnostics) -> None:
    """Once for each cause: a line of links or a default of `task all` can be the cause of many steps."""
    code, key = (error.code, error.key) if isinstance(error, ShapeError) else ("MTL214", None)
    span = _fault(key, place)
    if not any(each.code == code and each.primary.span == span for each in diagnostics):
        diagnostics.error(code, error.message, span, hint=error.hint)
