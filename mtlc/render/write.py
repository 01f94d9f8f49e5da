"""DOT text: statements with quoted names and sorted, escaped attributes. Points become DOT's, y upwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mtlc.render.wires import Path, Point

Attributes = Mapping[str, str | float]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def quoted(text: str) -> str:
    """A text as DOT reads it: `\\` and `"` escaped, what no SVG may hold replaced.

    `&` is written as an entity, or Graphviz would read `&lt;` in a name as `<`.
    """
    clean = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).replace("&", "&amp;")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Label(str):
    """Text that is quoted and escaped already."""


def label(lines: Iterable[str], *, left: bool = False) -> Label:
    """Lines of a label, in the middle or from the left."""
    end = "\\l" if left else "\\n"
    said = [quoted(line)[1:-1] for line in lines]
    return Label(f'"{end.join(said)}{end if left else ""}"')


def node(name: str, middle: Point, size: Point, attributes: Attributes) -> str:
    place = {"pos": point(middle), "width": inches(size[0]), "height": inches(size[1])}
    return f"{quoted(name)} [{_listed({**attributes, **place})}];"


def edge(tail: str, head: str, path: Path, attributes: Attributes) -> str:
    points = " ".join(map(point, path.points))
    place = {"pos": f"e,{point(path.tip)} {points}"}
    return f"{quoted(tail)} -> {quoted(head)} [{_listed({**attributes, **place})}];"


def box(left: float, top: float, right: float, bottom: float) -> str:
    return f"{point((left, bottom))},{point((right, top))}"


def point(at: Point) -> str:
    return f"{number(at[0])},{number(-at[1])}"


def inches(points: float) -> str:
    return f"{points / 72:.4f}"


def number(value: float) -> str:
    text = f"{value:.1f}"
    return "0" if text in ("0.0", "-0.0") else text.removesuffix(".0")


def block(opening: str, statements: Iterable[str]) -> Iterator[str]:
    yield f"{opening} {{"
    yield from (f"  {statement}" for statement in statements)
    yield "}"


def defaults(what: str, attributes: Attributes) -> str:
    return f"{what} [{_listed(attributes)}];"


def _listed(attributes: Attributes) -> str:
    return ", ".join(f"{key}={_value(value)}" for key, value in attributes.items())


def _value(value: str | float) -> str:
    return value if isinstance(value, Label) else quoted(value) if isinstance(value, str) else f"{value:g}"
