"""What stands around the boxes: title, bands of the stages, captions, the names of the lanes, the legend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mtlc.render import colours, looks, measure, words, write
from mtlc.render.boxes import Kind
from mtlc.render.columns import DECODERS, LAYERS
from mtlc.render.flows import Manner
from mtlc.render.gaps import MARGIN, shown
from mtlc.render.heights import NAME
from mtlc.render.legend import Entry, Joint, legend
from mtlc.render.picture import Picture
from mtlc.render.wires import Path, Point
from mtlc.schema import call, literal

TITLE = 15.0
ROW = 12.0  # from one line of a caption to the next
TITLED = {"class": "titled"}
SAMPLE = (26.0, 11.0)
LEAST_LINE = 400.0  # a line of text below a narrow picture


def frame(picture: Picture) -> Iterator[str]:
    rows = max((len(_stage_text(picture, stage)) for stage in picture.columns.stages), default=1)
    top = -16 - ROW * rows
    yield from _title(picture, top - 18)
    for stage in picture.columns.stages:
        yield from _band(picture, stage, top)
    yield from _captions(picture, top + ROW)
    yield from _names(picture)
    yield from _legend(picture)


def text(name: str, left: float, y: float, said: str, size: float, **look: str) -> str:
    """One line of text whose left end is given."""
    wide = measure.width(said, size, bold="class" in look)
    shape: write.Attributes = {"shape": "plaintext", "style": "", "margin": 0, "fontsize": size}
    label = write.label([said], left=True)
    return write.node(name, (left + wide / 2, y), (wide, size * 1.1), {"label": label, **shape, **look})


def _title(picture: Picture, y: float) -> Iterator[str]:
    spec = picture.spec
    count = len(picture.outputs)
    data, balance = (
        f"{spec.data.called()} {literal(spec.data.size)}",
        f"balance {' and '.join(map(call, spec.balancing))}",
    )
    agree = [f"agree {call(line.part)}" for line in spec.agree]
    parts = (data, f"{count} task{'s' * (count != 1)}", *agree, balance)
    yield text(".title", 0, y - 16, picture.name, TITLE, fontcolor=colours.INK, **TITLED)
    yield text(".subtitle", 0, y, "  ·  ".join(parts), measure.SIZE, fontcolor=colours.NEUTRAL)


def _stage_sides(picture: Picture, stage: int) -> tuple[float, float]:
    """From where wires begin to cross into the stage to where they are back in their lanes."""
    inside = picture.columns.within(DECODERS + stage)
    gaps, edges = picture.layout.gaps, picture.layout.columns
    left = min(gaps[inside[0] - 1].run, edges[inside[0]][0] - MARGIN)
    return left, max(gaps[inside[-1]].out, edges[inside[-1]][1] + MARGIN)


def _stage_text(picture: Picture, stage: int) -> tuple[str, ...]:
    left, right = _stage_sides(picture, stage)
    return words.stage(picture.spec, stage, right - left - 10)


def _band(picture: Picture, stage: int, top: float) -> Iterator[str]:
    left, right = _stage_sides(picture, stage)
    place = write.box(left, top, right, picture.layout.bottom + MARGIN)
    look = {"bb": place, "style": "filled,rounded", "color": colours.BAND_EDGE, "fillcolor": colours.BAND}
    caption, *rest = _stage_text(picture, stage)
    x, name = left + 7, f".stage.{stage}"
    lines = [text(name, x, top + ROW, caption, measure.TITLE_SIZE, **TITLED)]
    for number, line in enumerate(rest, 2):
        y = top + ROW * number
        lines.append(text(f"{name}.{number}", x, y, line, measure.SIZE, fontcolor=colours.NEUTRAL))
    yield from write.block(f"subgraph cluster_stage_{stage}", [write.defaults("graph", look), *lines])


def _captions(picture: Picture, y: float) -> Iterator[str]:
    own = any(box.task and picture.columns.sections[box.column] == LAYERS for box in picture.boxes)
    layers = "layers" if own else "shared layers"
    heads = picture.columns.heads
    said = {LAYERS: layers, DECODERS: "decoders", heads: "heads", heads + 1: "predictions"}
    for section, caption in said.items():
        inside = picture.columns.within(section)
        if inside:
            left = picture.layout.columns[inside[0]][0]
            yield text(f".caption.{section}", left, y, caption, measure.SIZE, fontcolor=colours.QUIET)


def _names(picture: Picture) -> Iterator[str]:
    """The name of each task, where its own lane begins."""
    halves = {(box.task, box.column): box.height / 2 for box in picture.boxes if not box.side}
    for task, column in picture.layout.begins.items():
        y = picture.layout.lanes[task].y - halves.get((task, column), 4.0) - NAME / 2
        left = picture.layout.columns[column][0]
        ink = colours.shade(picture.colour[task])
        yield text(f".task.{task}", left, y, shown(task), measure.TITLE_SIZE, fontcolor=ink, **TITLED)


def _legend(picture: Picture) -> Iterator[str]:
    x, y = 0.0, picture.layout.bottom + MARGIN + 26
    for number, entry in enumerate(legend(picture.boxes, picture.flows, picture.serving)):
        wide = measure.width(entry.text, measure.SIZE) + (SAMPLE[0] + 6 if entry.sample else 0)
        if x and x + wide > picture.right:
            x, y = 0.0, y + 19
        yield from _entry(number, entry, x, y)
        x += wide + 20
    if picture.serving:
        yield from _below(picture.serving.said, y + 26, max(picture.right, LEAST_LINE))


def _below(said: Iterable[str], y: float, room: float) -> Iterator[str]:
    lines = [line for each in said for line in measure.wrap(each, room, 3)]
    for number, line in enumerate(lines):
        yield text(f".said.{number}", 0, y + 14 * number, line, measure.SIZE, fontcolor=colours.INK)


def _entry(number: int, entry: Entry, x: float, y: float) -> Iterator[str]:
    name, left = f".legend.{number}", x
    if entry.sample:
        left += SAMPLE[0] + 6
        yield from _sample(f"{name}.sample", entry.sample, (x, y))
    yield text(name, left, y, entry.text, measure.SIZE, fontcolor=colours.NEUTRAL)


def _sample(name: str, sample: Kind | Manner | Joint, at: Point) -> Iterable[str]:
    colour = colours.PALETTE[0] if isinstance(sample, Kind) else colours.NEUTRAL
    (x, y), (wide, _) = at, SAMPLE
    if isinstance(sample, Joint):
        shown = {".stripes": looks.stripes(colours.PALETTE[:2]), "": looks.outline(weighed=sample.weighed)}
        return [
            write.node(name + end, (x + wide / 2, y), SAMPLE, {**look, "label": ""})
            for end, look in shown.items()
        ]
    if isinstance(sample, Kind):
        look = {"label": "", **looks.box(sample, colour)}
        return [write.node(name, (x + wide / 2, y), SAMPLE, look)]
    path = Path([(x, y)], tip=(x + wide, y))
    path.line((x + wide - 6, y))
    ends = [f"{name}.from", f"{name}.to"]
    dots = [write.node(end, (x + wide * n, y), (0.1, 0.1), {"style": "invis"}) for n, end in enumerate(ends)]
    return [*dots, write.edge(ends[0], ends[1], path, looks.wire(sample, colour))]
