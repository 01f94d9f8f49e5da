"""How the run learned: losses, their weights and the learning rate over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtlc.page.chart import Chart, Line, draw
from mtlc.page.curve import Point, corners, smoothed, stairs, thinned, together
from mtlc.page.html import Html, element, join
from mtlc.page.phases import begins
from mtlc.page.section import missing, said, section
from mtlc.page.status import done
from mtlc.page.story import Story
from mtlc.page.tasks import Colours, colours, ink, key
from mtlc.render.colours import INK, NEUTRAL

WIDE = (740, 240)


def learning(story: Story) -> Html:
    """The section."""
    if not story.steps:
        return section("curves", "Losses and weights", missing("No training step has been taken yet."))
    of = colours(story.tasks)
    losses = [_loss(story, task, of) for task in story.tasks]
    charts = join(element("figure", draw(each)) for each in [*losses, _rate(story)])
    return section(
        "curves",
        "Losses and weights",
        said(
            "Each task's loss before any weight: faint as it came, strong as a running mean"
            + ("; dots are the loss on the validation split." if story.validations else ".")
            + (" A dotted line is where a phase begins." if len(begins(story)) > 1 else "")
        ),
        element("div", charts, class_="charts"),
        element("h3", "Weights of the losses"),
        said("The task's own weight times the one that balancing gives it. Equal ones are dashed, in turn."),
        element("figure", draw(_weights(story, of)), key(of), class_="broad"),
    )


def _loss(story: Story, task: str, of: Colours) -> Chart:
    points = thinned(_of(story, "losses", task))
    judged = [(float(v.step), v.scores["losses"].get(task)) for v in story.validations]
    lines = [
        Line("", of[task], points, "faint"),
        Line("training", of[task], smoothed(points)),
        Line("validation", ink(task, of), [(x, y) for x, y in judged if y is not None], "dots"),
    ]
    return Chart(f"{task} loss", lines, done(story), ink(task, of), begins=begins(story))


def _weights(story: Story, of: Colours) -> Chart:
    points = {task: _of(story, "weights", task) for task in story.tasks}
    lines = [_weight(task, points, of) for task in story.tasks]
    return Chart("weight", lines, done(story), size=WIDE, begins=begins(story))


def _weight(task: str, points: Mapping[str, Sequence[Point]], of: Colours) -> Line:
    own = points[task]
    alike = [name for name, each in points.items() if name == task or together(own, each)]
    turn = (alike.index(task), len(alike))
    if stairs(own):
        return Line(task, of[task], corners(own), steps=True, turn=turn)
    return Line(task, of[task], smoothed(thinned(own)), turn=turn)


def _rate(story: Story) -> Chart:
    points = [(float(line["step"]), float(line["lr"])) for line in story.steps if line.get("lr") is not None]
    line = (
        Line("", NEUTRAL, corners(points), steps=True)
        if stairs(points)
        else Line("", NEUTRAL, thinned(points))
    )
    return Chart("learning rate", [line], done(story), INK, log=False, begins=begins(story))


def _of(story: Story, what: str, task: str) -> Sequence[Point]:
    """A task's numbers by step; steps without its label, or where it is no number, have none."""
    found = ((line["step"], line[what].get(task)) for line in story.steps)
    return [(float(step), float(value)) for step, value in found if value is not None]
