"""The picture of the architecture, as `mtlc render` draws it, and the steps in words."""

from __future__ import annotations

import re
from dataclasses import replace

from mtlc import render
from mtlc.page.html import Html, element
from mtlc.page.section import missing, section, unfolded
from mtlc.plan import Plan, graph_text
from mtlc.source import Source


def architecture(plan: Plan | None, name: str) -> Html:
    """The section; `name` is the title of the picture."""
    if plan is None:
        return section(
            "architecture", "Architecture", missing("It needs the spec to be resolved; see the notes.")
        )
    spec = replace(plan.spec, source=Source(f"{name}.mtl", ""))
    picture = inlined(render.svg(render.dot(plan.graph, spec, "graph")))
    steps = unfolded("Every step, with what it reads and writes", element("pre", graph_text(plan.graph)))
    return section(
        "architecture", "Architecture", element("div", picture, class_="picture wide", tabindex="0"), steps
    )


def inlined(drawn: str) -> Html:
    """An SVG file as an element of a page: HTML knows the namespaces and wants no prolog; all of it stays in sight."""
    start = drawn[drawn.index("<svg") :]
    return Html(re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", start.strip()))
