"""What a contact sheet shows of one task: its prediction, its label if there is one, how to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import NamedTuple

import numpy as np
from torch import Tensor

from mtlc.parts.tasks import likeness
from mtlc.training.pictures.colour import IGNORE, Picture, Span, colour, depth_span
from mtlc.training.pictures.palette import ABSENT, class_colours, depth_colours, grey_colours

PREDICTION, LABEL = "prediction", "label"
NORMALS = "red right, green up, blue to us"
OWN_SCALE = "colours of this image's own span"
UNKNOWN = "dark grey: nothing is known there"


class Swatch(NamedTuple):
    """A class's colour and name."""

    colour: tuple[int, int, int]
    name: str


class Bar(NamedTuple):
    """A row of colours (N×3) and what its two ends mean."""

    colours: Picture
    low: str
    high: str


class Tag(NamedTuple):
    """A tag or class; `probability` is None of a label alone, `labelled` where the label does not say."""

    name: str
    probability: float | None
    labelled: bool | None


class Number(NamedTuple):
    """A value of a name; `labelled` is None where the label does not say."""

    name: str
    value: float
    labelled: float | None


@dataclass(frozen=True)
class Panel:
    """One task's column. A task of whole images has `tags` or `numbers` (of a `row`) and no pictures.

    `note` may have several lines.
    """

    title: str
    prediction: Picture | None = None
    label: Picture | None = None
    swatches: tuple[Swatch, ...] = ()
    bar: Bar | None = None
    note: str = ""
    tags: tuple[Tag, ...] = ()
    numbers: tuple[Number, ...] = ()
    row: str = PREDICTION


def panel(
    title: str,
    kind: str,
    prediction: Tensor,
    label: Tensor | None = None,
    *,
    names: Sequence[str] = (),
    span: Span | None = None,
) -> Panel:
    """The panel of a raw prediction of one image (no batch axis) and its label; both share their colours.

    `names` are those of the classes, tags or values; `span` is the nearest and farthest depth in metres, by
    default that of this image, which the panel then says.
    """
    if kind in _OF_IMAGES:
        return _OF_IMAGES[kind](title, prediction.detach().float().cpu(), label, names)
    kind = likeness(kind)
    note = _note(kind, span)
    if kind == "depth":
        span = span or (depth_span(prediction) if label is None else depth_span(prediction, label))
    true = None if label is None else colour(kind, label, label=True, span=span)
    return Panel(
        title,
        colour(kind, prediction, span=span),
        true,
        swatches=_swatches(prediction, label, names) if kind == "semseg" else (),
        bar=_bar(kind, span),
        note=note if true is None else _lines(note, _unknown(true)),
    )


def label_panel(
    title: str, kind: str, label: Tensor, *, names: Sequence[str] = (), span: Span | None = None
) -> Panel:
    """The panel of a label alone."""
    label = label.detach().cpu()
    if kind == "regress":
        numbers = tuple(Number(_name(c, names), y, None) for c, y in enumerate(label.tolist()))
        return Panel(title, numbers=numbers, row=LABEL)
    if kind in _OF_IMAGES:
        tags = tuple(Tag(each, None, None) for each in said(kind, label, names))
        return Panel(title, tags=tags, note="" if tags else "label: none", row=LABEL)
    kind = likeness(kind)
    note = _note(kind, span)
    if kind == "depth":
        span = span or depth_span(label, label=True)
    drawn = colour(kind, label, label=True, span=span)
    return Panel(
        title,
        label=drawn,
        swatches=_ranked_swatches([label], names) if kind == "semseg" else (),
        bar=_bar(kind, span) if kind == "depth" else None,
        note=_lines(note, _unknown(drawn)),
    )


def said(kind: str, label: Tensor, names: Sequence[str]) -> list[str]:
    """What a label of a whole image says, in words: its tags, its class, or its numbers."""
    if kind == "tags":
        return [_name(c, names) for c, y in enumerate(label.tolist()) if y == 1]
    if kind == "classify":
        return [_name(int(label), names)] if int(label) >= 0 else []
    return [f"{_name(c, names)} {y:.4g}" for c, y in enumerate(label.tolist()) if isfinite(y)]


def legend(kind: str, labels: Sequence[Tensor], names: Sequence[str], span: Span | None = None) -> Panel:
    """How to read several labels of one kind: a panel without pictures."""
    kind = likeness(kind)
    swatches = _ranked_swatches([each.cpu() for each in labels], names) if kind == "semseg" else ()
    return Panel("", swatches=swatches, bar=_bar(kind, span), note=NORMALS if kind == "normals" else "")


def _swatches(prediction: Tensor, label: Tensor | None, names: Sequence[str]) -> tuple[Swatch, ...]:
    """The classes in the prediction or the label, the largest first."""
    return _ranked_swatches(
        [prediction.detach().argmax(0).cpu(), *([] if label is None else [label.cpu()])], names
    )


def _ranked_swatches(maps: Sequence[Tensor], names: Sequence[str]) -> tuple[Swatch, ...]:
    ids = np.concatenate([each.numpy().ravel() for each in maps])
    classes, pixels = np.unique(ids[(ids >= 0) & (ids != IGNORE)], return_counts=True)
    return tuple(_swatch(int(c), names) for c in classes[np.argsort(-pixels, kind="stable")])


def _swatch(c: int, names: Sequence[str]) -> Swatch:
    red, green, blue = class_colours(c + 1)[c].tolist()
    return Swatch((red, green, blue), _name(c, names))


def _name(c: int, names: Sequence[str]) -> str:
    return names[c] if c < len(names) else f"class {c}"


def _note(kind: str, span: Span | None) -> str:
    """How to read the colours, and of depth whether other pictures have them too."""
    return {"normals": NORMALS, "depth": OWN_SCALE if span is None else ""}.get(kind, "")


def _unknown(label: Picture) -> str:
    """What the colour of what is absent means, where a label shows it."""
    return UNKNOWN if bool((label == ABSENT).all(-1).any()) else ""


def _lines(*notes: str) -> str:
    return "\n".join(filter(None, notes))


def _bar(kind: str, span: Span | None) -> Bar | None:
    if span is not None:
        return Bar(depth_colours(), f"{span[0]:.3g} m", f"{span[1]:.3g} m")
    if kind in ("edges", "saliency"):
        return Bar(grey_colours(), "0", "probability 1")
    return None


# --- tasks of whole images


def _tags(title: str, prediction: Tensor, label: Tensor | None, names: Sequence[str]) -> Panel:
    truth = None if label is None else [bool(y) if y in (0, 1) else None for y in label.cpu().tolist()]
    note = "" if label is None else "filled: in the label"
    return Panel(title, tags=_ranked(prediction.sigmoid(), truth, names), note=note)


def _class(title: str, prediction: Tensor, label: Tensor | None, names: Sequence[str]) -> Panel:
    known = label is not None and int(label) >= 0
    truth = [c == int(label) for c in range(len(prediction))] if label is not None and known else None
    return Panel(title, tags=_ranked(prediction.softmax(0), truth, names), note="filled: the label" * known)


def _ranked(
    probability: Tensor, truth: Sequence[bool | None] | None, names: Sequence[str]
) -> tuple[Tag, ...]:
    """What is predicted or labelled, at least three, the most probable first."""
    ranked = sorted(enumerate(probability.tolist()), key=lambda tag: -tag[1])
    tags = [Tag(_name(c, names), p, None if truth is None else truth[c]) for c, p in ranked]
    return tuple(
        tag
        for i, (tag, (_, p)) in enumerate(zip(tags, ranked, strict=True))
        if i < 3 or p > 0.5 or tag.labelled
    )


def _numbers(title: str, prediction: Tensor, label: Tensor | None, names: Sequence[str]) -> Panel:
    truth = [nan] * len(prediction) if label is None else label.tolist()
    known = [y if isfinite(y) else None for y in truth]
    rows = zip(prediction.tolist(), known, strict=True)
    numbers = tuple(Number(_name(c, names), *row) for c, row in enumerate(rows))
    return Panel(title, numbers=numbers, note="in brackets: the label" * any(y is not None for y in known))


_OF_IMAGES: Mapping[str, Callable[[str, Tensor, Tensor | None, Sequence[str]], Panel]] = {
    "tags": _tags,
    "classify": _class,
    "regress": _numbers,
}
