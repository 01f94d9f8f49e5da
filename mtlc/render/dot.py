"""`dot`: the picture of a task graph as DOT text with every place in it; the same text for the same graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mtlc.graph import TaskGraph
from mtlc.render import colours, looks, measure, write
from mtlc.render.boxes import SMALL, Kind
from mtlc.render.flows import Manner
from mtlc.render.frame import frame
from mtlc.render.layout import Placed
from mtlc.render.picture import Picture, picture
from mtlc.render.serving import Serving
from mtlc.render.simplify import simplify
from mtlc.render.wires import Wire, wires
from mtlc.spec import Spec

Level = Literal["spec", "graph", "gradients"]
FONT: write.Attributes = {"fontname": measure.FONT, "fontsize": measure.SIZE}


def dot(graph: TaskGraph, spec: Spec, level: Level = "graph", serving: Serving | None = None) -> str:
    """The picture of a graph after any pass, as text for Graphviz (`layout=nop2`: the places are in it).

    Level `graph` shows every step, level `spec` one box per part of the spec without what the compiler added.
    Shapes stand on the wires once the pass `shapes` has filled them. Level `gradients` shows which tasks each step's
    parameters serve, as `serving` says.
    """
    if (level == "gradients") != (serving is not None):
        raise ValueError("level `gradients`, and no other, needs to know who is served by what")
    drawn = picture(simplify(graph, spec) if level == "spec" else graph, spec, serving)
    return "\n".join(write.block(f"digraph {write.quoted(drawn.name)}", _body(drawn))) + "\n"


def _body(drawn: Picture) -> Iterator[str]:
    yield write.defaults("graph", {"layout": "nop2", "outputorder": "edgesfirst", "pad": 0.25, **FONT})
    yield write.defaults("node", {"shape": "box", "style": "filled,rounded", "fixedsize": "true", **FONT})
    yield write.defaults("edge", {"arrowsize": 0.6, **FONT, "fontsize": measure.SMALL_SIZE})
    yield from frame(drawn)
    for place in drawn.layout.places.values():
        yield from _node(place, drawn)
    others = sum(flow.manner is Manner.OTHER for flow in drawn.flows) // max(1, len(drawn.lanes.order))
    yield from (_edge(wire, drawn, others) for wire in wires(drawn.flows, drawn.layout))


def _node(place: Placed, drawn: Picture) -> Iterator[str]:
    box, at, size = place.box, (place.x, place.y), (place.box.width, place.height)
    colour = colours.NEUTRAL if box.task is None else drawn.colour[box.task]
    small = {"fontsize": measure.SMALL_SIZE} if box.kind in SMALL else {"class": "titled"}
    attributes = {"label": write.label(box.lines), **small, **looks.box(box.kind, colour)}
    if drawn.serving and (tasks := drawn.serving.joint(box.name)):
        round, shared = box.kind is Kind.HUB, [drawn.colour[task] for task in tasks]
        yield write.node(f".serves.{box.name}", at, size, looks.stripes(shared, round=round))
        attributes = {**attributes, **looks.outline(weighed=drawn.serving.weighed, round=round)}
    elif drawn.serving and box.kind is Kind.HUB:
        attributes = {**attributes, **looks.outline(weighed=False, round=True), "style": "filled"}
    yield write.node(box.name, at, size, attributes)


def _edge(wire: Wire, drawn: Picture, others: int) -> str:
    flow, places = wire.flow, drawn.layout.places
    colour = colours.NEUTRAL if flow.task is None else drawn.colour[flow.task]
    attributes = {**looks.wire(flow.manner, colour, rail=flow.rail, others=others)}
    if wire.label_at is not None:
        said = {"label": write.label([flow.label]), "lp": write.point(wire.label_at)}
        attributes |= {**said, "fontcolor": colours.INK if flow.task is None else colours.shade(colour)}
    return write.edge(places[flow.tail].box.name, places[flow.head].box.name, wire.path, attributes)
