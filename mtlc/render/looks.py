"""How a box and a wire look: shape, line and colours, as DOT attributes."""

from __future__ import annotations

from collections.abc import Sequence

from mtlc.render import write
from mtlc.render.boxes import Kind
from mtlc.render.colours import INK, NEUTRAL, QUIET, SLAB, WHITE, ink_on, mix, shade, tint
from mtlc.render.flows import Manner

IMAGE = "#4b5563"
MANY = 5  # streams from other tasks; from here on their lines are thinner


def box(kind: Kind, colour: str) -> write.Attributes:
    """The look of a box of this kind in its task's colour."""
    if kind is Kind.IMAGE:
        return {"style": "filled", "fillcolor": IMAGE, "color": IMAGE, "fontcolor": WHITE}
    if kind is Kind.SLAB:
        return {"fillcolor": SLAB, "color": NEUTRAL, "fontcolor": INK}
    if kind is Kind.HUB:
        look = {"shape": "ellipse", "style": "filled", "fillcolor": WHITE, "color": INK}
        return {**look, "penwidth": 1.6, "fontcolor": INK}
    if kind is Kind.DENSE:
        return {"style": "filled", "fillcolor": colour, "color": colour, "fontcolor": ink_on(colour)}
    if kind is Kind.PER_IMAGE:
        look = {"shape": "ellipse", "style": "filled", "fillcolor": WHITE, "color": colour}
        return {**look, "penwidth": 2.2, "fontcolor": shade(colour)}
    if kind is Kind.TRAINING:
        pale = {"style": "filled,rounded,dashed", "fillcolor": WHITE, "color": mix(colour, WHITE, 0.35)}
        return {**pale, "fontcolor": QUIET}
    fill = WHITE if kind is Kind.FIT else tint(colour)
    return {"fillcolor": fill, "color": colour, "fontcolor": INK}


def stripes(tasks: Sequence[str], *, round: bool = False) -> write.Attributes:
    """What lies behind a box whose parameters serve the tasks of these colours: a stripe each, a wedge where it is
    round. Graphviz has one pen for a node's outline and between its stripes: `outline` is another node."""
    shape, style = ("ellipse", "wedged") if round else ("box", "striped")
    return {
        "shape": shape,
        "style": style,
        "fillcolor": ":".join(map(tint, tasks)),
        "penwidth": 0,
        "label": "",
    }


def outline(*, weighed: bool, round: bool = False) -> write.Attributes:
    """The look of the box itself."""
    line: write.Attributes = (
        {"color": INK, "penwidth": 2.2} if weighed else {"color": NEUTRAL, "penwidth": 1.0}
    )
    return {"shape": "ellipse" if round else "box", "style": "", "fontcolor": INK, **line}


def wire(manner: Manner, colour: str, *, rail: bool = False, others: int = 0) -> write.Attributes:
    """The look of a wire in the colour of its stream; `others` reach each lane from other lanes."""
    if manner is Manner.OWN:
        return {"color": colour, "penwidth": 1.1 if rail else 1.6}
    if manner is Manner.TRAINING:
        return {"color": mix(colour, WHITE, 0.35), "style": "dashed", "penwidth": 1.0}
    if manner is Manner.STORED:
        return {"color": colour, "style": "dotted", "penwidth": 1.5}
    return {"color": colour, "style": "dashed", "penwidth": 1.1 if others < MANY else 0.7}
