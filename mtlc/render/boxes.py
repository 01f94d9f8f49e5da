"""What is drawn for each step: its text, its size, and where in its lane it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from mtlc.graph import IMAGE_FEATURE, Step, TaskGraph
from mtlc.names import Names
from mtlc.parts.decoders import Decoder
from mtlc.parts.encoders import Encoder, Tapped
from mtlc.parts.layers import Layer
from mtlc.parts.mixing import AtLevel, Masked, Mixing
from mtlc.parts.part import Auto
from mtlc.parts.steps import Fit, MtiMaps
from mtlc.render import measure, words
from mtlc.render.columns import Columns
from mtlc.render.lanes import Lanes, is_hub, is_shared
from mtlc.schema import literal
from mtlc.spec import Spec, Task


class Kind(Enum):
    IMAGE = "image"
    SLAB = "shared layer"
    HUB = "hub"
    PART = "part"
    FIT = "fit"
    TRAINING = "training only"
    DENSE = "prediction"
    PER_IMAGE = "prediction per image"


MOST_HEIGHT, MOST_HUB = 91.0, 170.0  # boxes grow with the wires that reach them, up to these
SMALL = (Kind.FIT, Kind.TRAINING)  # their text is small and none of it a title


@dataclass(frozen=True)
class Box:
    """One node of the picture. `task` is the lane it stands in, None for what stands across lanes.

    `side` is -1 above the lane's middle line, 0 on it and 1 below it. Sizes are in points.
    """

    name: str
    kind: Kind
    lines: tuple[str, ...]
    task: str | None
    column: int
    width: float
    height: float
    side: int = 0

    @property
    def on_line(self) -> bool:
        return self.task is not None and self.side == 0


Say = Callable[[Step, tuple[str, ...]], tuple[str, ...]]
"""What stands in a step's box, from what would stand there otherwise."""


def boxes(
    graph: TaskGraph, spec: Spec, lanes: Lanes, columns: Columns, say: Say | None = None
) -> dict[str, Box]:
    """The boxes by the name of their step; the image and the predictions stand under their feature's name."""
    say = say or (lambda _, text: text)
    names = Names(graph.steps)
    image = (names.fresh(IMAGE_FEATURE), Kind.IMAGE, ("image", literal(spec.data.size)), None, 0)
    found = {IMAGE_FEATURE: _sized(*image)}
    for step in graph.steps.values():
        found[step.name] = _box(step, spec, lanes, columns, say)
    for task, feature in graph.outputs.items():
        kind = Kind.DENSE if spec.tasks[task].part.dense else Kind.PER_IMAGE
        text = (task, *_kind(spec.tasks[task]))
        found[output(task)] = _sized(names.fresh(feature), kind, text, task, columns.last)
    return found


def output(task: str) -> str:
    """The key of a task's prediction among the boxes: not a name, so that no step can have it."""
    return f"-> {task}"


def _kind(task: Task) -> Iterator[str]:
    if task.part.word != task.name:
        yield task.part.word
    if task.classes:
        yield f"{task.channels} {task.part.items}"
    if not task.part.dense:
        yield "per image"


def _box(step: Step, spec: Spec, lanes: Lanes, columns: Columns, say: Say) -> Box:
    column, part = columns.of[step.name], step.part
    if is_shared(step):
        text = tuple(_slab_text(step, lanes, crowded=columns.crowded))
        return _sized(step.name, Kind.SLAB, say(step, text), None, column)
    if is_hub(step):
        height = max(58.0, min(20 + 11.0 * len(step.reads), MOST_HUB))
        said = words.settings(part.link if isinstance(part, MtiMaps) else part)
        text = (part.word, *list(said.values())[:2])
        box = _sized(step.name, Kind.HUB, say(step, text), None, column)
        return _grown(box, 118, height)
    if isinstance(part, Fit):
        text = (f"fit {words.shape(part.writes(())[0])}",)
        return _sized(step.name, Kind.FIT, say(step, text), step.task, column, _side(step, lanes))
    if step.training:
        text = say(step, (part.word, "training only"))
        return _sized(step.name, Kind.TRAINING, text, step.task, column, side=-1)
    title = _layer_name(step, spec)
    details = _details(step, crowded=columns.crowded)
    text = (*([title] if title else []), part.word, *details)
    box = _sized(step.name, Kind.PART, say(step, text), step.task, column)
    return _grown(box, box.width, min(14 + 7.0 * len(step.reads), MOST_HEIGHT))


def _side(step: Step, lanes: Lanes) -> int:
    """A fit of another task's stream stands on the side it comes from: the lane's middle is for its own."""
    carried = lanes.owners[step.writes[0]]
    if carried is None or step.task is None or carried == step.task:
        return 0
    return -1 if lanes.row[carried] < lanes.row[step.task] else 1


def _layer_name(step: Step, spec: Spec) -> str:
    """The name of the layer that the step is one task's copy of; empty for what is no layer."""
    if not isinstance(step.part, Layer):
        return ""
    return next((name for name, layer in spec.layers.items() if layer.span == step.span), "")


def _slab_text(step: Step, lanes: Lanes, *, crowded: bool) -> Iterator[str]:
    part, who = step.part, words.shared_by(lanes.users[step.name], lanes.order)
    if isinstance(part, AtLevel | Masked | Mixing):
        yield part.word
        yield _place(part)
        who = who.replace("shared by", "of")
    else:
        yield step.name
        yield part.word
        yield from _details(step, crowded=crowded)
    yield ""
    yield from measure.wrap(who, 64 if crowded else 92, 4)


def _place(part: AtLevel | Masked | Mixing) -> str:
    """Where a link within the layers stands."""
    if isinstance(part, AtLevel):
        return f"after stage {part.level + 1}"
    return "masks for each task" if isinstance(part, Masked) else "after each stage"


def _details(step: Step, *, crowded: bool) -> Iterator[str]:
    """What a layer or a decoder is set to; a link's settings stand in the caption of its stage.

    Where it is `crowded` a layer says what it writes, as no wire does, and only the first stages their model.
    """
    part = step.part.encoder if isinstance(step.part, Tapped) else step.part
    later = False
    if isinstance(part, Encoder) and not isinstance(part.stages, Auto):
        first, last = part.stages[0], part.stages[-1]
        later = first > 1
        yield f"stage {first}" if first == last else f"stages {first} to {last}"
    if isinstance(part, Layer | Decoder) and not (crowded and later):
        for setting in _said(part):
            yield from measure.wrap(setting, 64 if crowded and isinstance(part, Layer) else 112, 3)
    if crowded and isinstance(part, Layer) and step.shapes:
        yield words.shape(step.shapes[0][-1:] if isinstance(part, Encoder) else step.shapes[0])


def _said(part: Layer | Decoder) -> Iterator[str]:
    """The first key of a layer; of a decoder the first two, and from which levels it chose to read."""
    found = words.settings(part)
    if isinstance(part, Layer):
        yield from list(found.values())[:1]
    else:
        yield from [said for n, (name, said) in enumerate(found.items()) if n < 2 or name == "levels"]


def _sized(
    name: str, kind: Kind, lines: tuple[str, ...], task: str | None, column: int, side: int = 0
) -> Box:
    cut = tuple(measure.cut(line, measure.MOST_NAME, measure.TITLE_SIZE, bold=True) for line in lines)
    if kind in SMALL:
        widest = max(measure.width(line, measure.SMALL_SIZE) for line in cut)
        tall = measure.LEADING * measure.SMALL_SIZE * len(cut)
        return Box(name, kind, cut, task, column, round(widest + 12, 1), round(tall + 8, 1), side)
    title = measure.width(cut[0], measure.TITLE_SIZE, bold=True)
    widest = max([title, *(measure.width(line) for line in cut[1:])])
    tall = measure.LEADING * (measure.TITLE_SIZE + measure.SIZE * (len(cut) - 1))
    width, height = widest + 16, tall + 13
    if kind is Kind.PER_IMAGE:  # an ellipse around its text
        width, height = widest * 1.3 + 10, tall * 1.15 + 12
    return Box(name, kind, cut, task, column, round(max(52.0, width), 1), round(height, 1), side)


def _grown(box: Box, width: float, height: float) -> Box:
    grown = (max(box.width, width), max(box.height, height))
    return Box(box.name, box.kind, box.lines, box.task, box.column, *grown, box.side)
