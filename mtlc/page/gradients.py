"""What the tasks' gradients were like where they share weights: who opposed whom, how long, how weighed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from mtlc.page.chart import Chart, Line, draw
from mtlc.page.curve import Point, smoothed, thinned
from mtlc.page.figures import figure
from mtlc.page.html import Html, element, join
from mtlc.page.learning import WIDE
from mtlc.page.phases import begins
from mtlc.page.section import said, section
from mtlc.page.status import done
from mtlc.page.story import Story
from mtlc.page.table import table
from mtlc.page.tasks import Colours, chip, colours, key
from mtlc.render.colours import INK

Pair = tuple[str, str]


def compares(story: Story) -> bool:
    """Whether gradients were compared in any step."""
    return any("norms" in line.get("gradients", {}) for line in story.steps)


def gradients(story: Story) -> Html:
    """The section; nothing for a run without a gradient-level method."""
    if not compares(story):
        return Html("")
    of = colours(story.tasks)
    sets = _sets(story)
    parts = [
        said(
            "Of the weights that several tasks share, in steps that compared gradients. A pair is opposed where the "
            "cosine of its gradients is below 0: a step along one makes the other worse."
        ),
        _pairs(story, of),
        element("figure", draw(_opposed(story)), class_="broad"),
        element("h3", "Lengths"),
        element("figure", draw(_lengths(story, of)), key(of), class_="broad"),
        _modules(story, of),
        element("h3", "Weights of the gradients"),
        said(
            "What the method gave each task's gradient"
            + (", for each set of tasks." if len(sets) > 1 else ".")
        ),
        *(element("figure", draw(_weights(story, tasks, of)), class_="broad") for tasks in sets),
    ]
    return section("gradients", "Gradients", *parts)


def _pairs(story: Story, of: Colours) -> Html:
    rows = [
        (
            join([chip(one, of), Html(" and "), chip(two, of)]),
            figure(fmean(found)),
            _percent(found),
            figure(min(found)),
            str(len(found)),
        )
        for (one, two), found in _cosines(story).items()
    ]
    head = ("tasks", "mean cosine", "opposed", "least", "steps")
    return table(head, rows, caption="Pairs of tasks", numbers=(1, 2, 3, 4))


def _percent(cosines: Sequence[float]) -> str:
    return f"{100 * sum(each < 0 for each in cosines) / len(cosines):.0f} %"


def _cosines(story: Story) -> dict[Pair, list[float]]:
    found: dict[Pair, list[float]] = {}
    for line in story.steps:
        for one, two, value in line.get("gradients", {}).get("cosines", ()):
            found.setdefault((one, two), []).append(value)
    return found


def _opposed(story: Story) -> Chart:
    points = []
    for line in story.steps:
        values = [value for *_, value in line.get("gradients", {}).get("cosines", ())]
        if values:
            points.append((float(line["step"]), 100 * sum(value < 0 for value in values) / len(values)))
    lines = [Line("", INK, thinned(points), "faint"), Line("opposed", INK, smoothed(thinned(points)))]
    return Chart("pairs that are opposed, %", lines, done(story), size=WIDE, log=False, begins=begins(story))


def _lengths(story: Story, of: Colours) -> Chart:
    lines = [
        Line(task, of[task], smoothed(thinned(points)))
        for task, points in _norms(story).items()
        if task in of
    ]
    return Chart("length of the gradient", lines, done(story), size=WIDE, begins=begins(story))


def _norms(story: Story) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for line in story.steps:
        for task, value in line.get("gradients", {}).get("norms", {}).items():
            found.setdefault(task, []).append((float(line["step"]), float(value)))
    return found


def _modules(story: Story, of: Colours) -> Html:
    found: dict[str, dict[str, list[float]]] = {}
    for line in story.steps:
        for module, norms in line.get("gradients", {}).get("modules", {}).items():
            for task, value in norms.items():
                found.setdefault(module, {}).setdefault(task, []).append(value)
    rows = [(module, *(_mean(norms, task) for task in of)) for module, norms in found.items()]
    head = ("module", *(chip(task, of) for task in of))
    return table(head, rows, caption="Mean length by module", numbers=range(1, len(of) + 1))


def _mean(norms: Mapping[str, Sequence[float]], task: str) -> str:
    return figure(fmean(norms[task])) if norms.get(task) else "–"


def _sets(story: Story) -> list[tuple[str, ...]]:
    every = (
        tuple(each["tasks"]) for line in story.steps for each in line.get("gradients", {}).get("weights", ())
    )
    return list(dict.fromkeys(every))


def _weights(story: Story, tasks: tuple[str, ...], of: Colours) -> Chart:
    lines = [
        Line(task, of[task], smoothed(thinned(list(_weights_of(story, tasks, task)))))
        for task in tasks
        if task in of
    ]
    who = "all tasks" if tasks == story.tasks else ", ".join(tasks)
    title = f"weight, in what {who} share"
    return Chart(title, lines, done(story), size=WIDE, log=False, begins=begins(story))


def _weights_of(story: Story, tasks: tuple[str, ...], task: str) -> Iterator[Point]:
    for line in story.steps:
        for each in line.get("gradients", {}).get("weights", ()):
            value = (each["weights"] or {}).get(task) if tuple(each["tasks"]) == tasks else None
            if value is not None:
                yield float(line["step"]), float(value)
