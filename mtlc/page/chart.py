"""A line chart as SVG: light axes, round ticks, one colour a line, a title and a text for those who hear it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mtlc.page.curve import Point, held
from mtlc.page.figures import figure, whole
from mtlc.page.html import Html, element, join
from mtlc.page.scale import Scale, fitted, labels
from mtlc.render.measure import width

Style = Literal["line", "faint", "dots"]
LEFT, RIGHT, TOP, BOTTOM = 50, 14, 28, 30  # margins around the plot
DASH = 9  # of each of several lines that run together
NAME = 10.5  # size of the names of what begins


@dataclass(frozen=True)
class Line:
    """A curve. `name` says which it is to those who hear the chart or point at it.

    `steps` draws a value until the next one instead of a slope to it. Of lines that run together each is the
    `turn`-th of so many to show its colour.
    """

    name: str
    colour: str
    points: Sequence[Point]
    style: Style = "line"
    steps: bool = False
    turn: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Chart:
    """Lines over steps 0 to `steps`. `note` stands beside the title, `mark` points at a point and says what it is.

    `log` chooses the vertical scale; by default it is the data's spread that does. At each of `begins` something
    of this name begins.
    """

    title: str
    lines: Sequence[Line]
    steps: int
    ink: str = "#26282b"
    note: str = ""
    mark: tuple[Point, str] | None = None
    size: tuple[int, int] = (360, 200)
    log: bool | None = None
    begins: Sequence[tuple[float, str]] = ()


def draw(chart: Chart) -> Html:
    """The chart as one `svg` element, to be put into a page."""
    wide, high = chart.size
    x = Scale(0, max(chart.steps, 1), LEFT, wide - RIGHT, least=1)
    y = fitted((v for line in chart.lines for _, v in line.points), high - BOTTOM, TOP, log=chart.log)
    note = element("tspan", f"  {chart.note}", class_="tick") if chart.note else ""
    heading = element("text", chart.title, note, x=4, y=15, class_="heading", fill=chart.ink)
    curves = join(_curve(line, x, y) for line in chart.lines if line.points)
    parts = [
        element("title", told(chart)),
        heading,
        *_axes(x, y),
        *_begins(chart, x, y),
        curves,
        *_mark(chart, x, y),
    ]
    return element("svg", parts, viewBox=f"0 0 {wide} {high}", role="img", aria_label=told(chart))


def told(chart: Chart) -> str:
    """The chart in a sentence."""
    curves = [line for line in chart.lines if line.points and line.style != "faint"]
    said = "; ".join(_told(line) for line in curves)
    return f"{chart.title} over training steps: {said or 'no value yet'}"


def _told(line: Line) -> str:
    (first, start), (last, end) = line.points[0], line.points[-1]
    name = f"{line.name} " if line.name else ""
    return f"{name}from {figure(start)} at step {first:g} to {figure(end)} at step {last:g}"


def _axes(x: Scale, y: Scale) -> Iterator[Html]:
    ticks = y.ticks(4)
    for value, label in zip(ticks, labels(ticks), strict=True):
        at = round(y(value), 1)
        yield element("line", x1=x.start, x2=x.end, y1=at, y2=at, class_="grid")
        yield element("text", label, x=x.start - 6, y=round(at + 3.5, 1), class_="tick end")
    for value in x.ticks(4):
        said = whole(value) if value else "0"
        yield element("text", said, x=round(x(value), 1), y=y.start + 15, class_="tick middle")
    yield element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis")
    yield element("text", "step", x=x.end, y=y.start + 27, class_="tick end")


def _begins(chart: Chart, x: Scale, y: Scale) -> Iterator[Html]:
    """A line where each begins (the first begins with the axis), and its name where there is room for it."""
    free = x.start
    for step, name in chart.begins:
        at = round(x(step), 1)
        if step > 0:
            yield element("line", element("title", name), x1=at, x2=at, y1=TOP, y2=y.start, class_="begin")
        wide = width(name, NAME) + 8
        if at >= free and at + wide <= x.end:
            yield element("text", name, x=at + 4, y=TOP - 2, class_="tick start")
            free = at + wide


def _curve(line: Line, x: Scale, y: Scale) -> Html:
    points = held(line.points) if line.steps else line.points
    places = [(round(x(a), 1), round(y(b), 1)) for a, b in points]
    turn, turns = line.turn
    path = element(
        "polyline",
        points=" ".join(f"{a},{b}" for a, b in places),
        stroke=line.colour,
        stroke_dasharray=f"{DASH} {DASH * (turns - 1)}" if turns > 1 else None,
        stroke_dashoffset=-DASH * turn if turn else None,
        class_=f"curve {line.style}",
    )
    if line.style != "dots" and len(places) > 1:
        return path
    dots = (_dot(place, point, line) for place, point in zip(places, line.points, strict=True))
    return join([path, *dots])


def _dot(place: Point, point: Point, line: Line) -> Html:
    said = f"{line.name} {figure(point[1])} at step {whole(point[0])}".strip()
    return element("circle", element("title", said), cx=place[0], cy=place[1], r=2.6, fill=line.colour)


def _mark(chart: Chart, x: Scale, y: Scale) -> Iterator[Html]:
    if chart.mark is None:
        return
    (step, value), said = chart.mark
    at, height = round(x(step), 1), round(y(value), 1)
    yield element("circle", cx=at, cy=height, r=5, class_="mark", stroke=chart.ink)
    left = at > (x.start + x.end) / 2
    up = height > (TOP + y.start) / 2
    place = {"x": at - 8 if left else at + 8, "y": height - 8 if up else height + 16}
    yield element("text", said, class_=f"tick marked {'end' if left else 'start'}", **place)
