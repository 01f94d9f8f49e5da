"""The metrics on the validation split over the steps: a chart for each, and all numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator

from mtlc.page.chart import Chart, Line, draw
from mtlc.page.figures import figure, many, whole
from mtlc.page.html import Child, Html, element, join
from mtlc.page.metric import better, catalogue, unit
from mtlc.page.phases import begins
from mtlc.page.section import missing, said, section, unfolded
from mtlc.page.status import done, kind
from mtlc.page.story import Judged, Story
from mtlc.page.table import table
from mtlc.page.tasks import Colours, chip, colours, ink


def validation(story: Story) -> Html:
    """The section."""
    if not story.validations:
        return section("validation", "Validation", missing(_none(story)))
    of = colours(story.tasks)
    images = f"the validation split ({many(story.validations[-1].scores['images'], 'image')})"
    if len(story.validations) == 1:
        once = f"Evaluated once on {images}: charts begin with the second time."
        return section("validation", "Validation", said(once), _once(story, of))
    charts = join(element("figure", draw(each)) for each in _charts(story, of))
    return section(
        "validation",
        "Validation",
        said(f"On {images}, over the steps."),
        element("div", charts, class_="charts"),
        unfolded("All numbers", _numbers(story)),
    )


def _none(story: Story) -> str:
    if kind(story) == "done":
        return "The data has no validation split: the run has not been evaluated while it trained."
    return "The run has not been evaluated on a validation split: the data has none, or it was not due yet."


def metrics(story: Story) -> Iterator[tuple[str, str]]:
    """Each task with each of its metrics, in order."""
    for task in story.tasks:
        names = dict.fromkeys(n for v in story.validations for n in v.scores["metrics"].get(task, {}))
        yield from ((task, name) for name in names)


def _charts(story: Story, of: Colours) -> Iterator[Chart]:
    kept = [each for each in story.validations if each.best]
    for task, name in metrics(story):
        points = [(float(v.step), y) for v in story.validations if (y := _value(v, task, name)) is not None]
        metric = catalogue(n for t, n in metrics(story) if t == task).get(name)
        said = (unit(metric), f"{better(metric)} is better" if metric else "")
        mark = None
        if kept and (value := _value(kept[-1], task, name)) is not None:
            mark = ((float(kept[-1].step), value), f"{figure(value)} kept")
        lines = [Line("", of[task], points, "dots")]
        note = ", ".join(each for each in said if each)
        yield Chart(f"{task} {name}", lines, done(story), ink(task, of), note, mark, begins=begins(story))


def _value(judged: Judged, task: str, name: str) -> float | None:
    value: float | None = judged.scores["metrics"].get(task, {}).get(name)
    return value


def _once(story: Story, of: Colours) -> Html:
    only = story.validations[0]
    rows: list[list[Child]] = [["all", "loss", figure(only.scores["loss"]), "", "lower"]]
    for task, name in metrics(story):
        metric = catalogue(n for t, n in metrics(story) if t == task).get(name)
        rows.append([chip(task, of), name, figure(_value(only, task, name)), unit(metric), better(metric)])
    head = ("task", "metric", "value", "unit", "better")
    return table(head, rows, caption=f"The validation at step {whole(only.step)}", numbers={2})


def _numbers(story: Story) -> Html:
    names = [*metrics(story)]
    head = ["step", "loss", *(f"{task} {name}" for task, name in names), "kept"]
    rows = [
        [
            whole(each.step),
            figure(each.scores["loss"]),
            *(figure(_value(each, task, name)) for task, name in names),
            "best so far" if each.best else "",
        ]
        for each in story.validations
    ]
    return table(head, rows, caption="Every validation", numbers=range(len(head) - 1))
