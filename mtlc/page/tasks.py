"""A task on the page: its name in the colour that it has in the architecture's picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtlc.page.html import Html, element
from mtlc.render.colours import INK, shade, task_colour

Colours = Mapping[str, str]


def colours(tasks: Sequence[str]) -> Colours:
    """The colour of each task, by its place in the spec."""
    return {task: task_colour(place) for place, task in enumerate(tasks)}


def ink(task: str, of: Colours) -> str:
    """A dark form of its colour, for text."""
    return shade(of[task]) if task in of else INK


def chip(task: str, of: Colours) -> Html:
    """A small square in the task's colour, and its name."""
    square = element("span", class_="chip", style=f"background:{of.get(task, INK)}", aria_hidden="true")
    return element("span", square, task, class_="task")


def key(of: Colours) -> Html:
    """All tasks in a row: what the colours of a chart mean."""
    return element("p", (chip(task, of) for task in of), class_="key")
