"""How the run learned: losses, their weights and the learning rate over the steps."""

from __future__ import annotations

from collections.abc import Sequence

from mtlc.page.chart import Chart, Line, draw
from mtlc.page.curve import Point, smoothed, stairs, thinned
from mtlc.page.html import Html, element, join
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
            "Each task's loss before any weight: faint as it came, strong as a running mean; dots are the "
            "loss on the validation split."
        ),
        element("div", charts, class_="charts"),
        element("h3", "Weights of the losses"),
        said("The task's own weight times the one that balancing gives it."),
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
    return Chart(f"{task} loss", lines, done(story), ink(task, of))


def _weights(story: Story, of: Colours) -> Chart:
    return Chart("weight", [_weight(story, task, of) for task in story.tasks], done(story), size=WIDE)


def _weight(story: Story, task: str, of: Colours) -> Line:
    points = _of(story, "weights", task)
    shown = thinned(points)
    return Line(task, of[task], shown if stairs(points) else smoothed(shown))


def _rate(story: Story) -> Chart:
    points = [(float(line["step"]), float(line["lr"])) for line in story.steps if line.get("lr") is not None]
    return Chart("learning rate", [Line("", NEUTRAL, thinned(points))], done(story), INK, log=False)


def _of(story: Story, what: str, task: str) -> Sequence[Point]:
    """A task's numbers by step; steps without its label, or where it is no number, have none."""
    found = ((line["step"], line[what].get(task)) for line in story.steps)
    return [(float(step), float(value)) for step, value in found if value is not None]
