"""What the kept weights reach: every metric with the pixels or images behind it, and what it is for each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mtlc.page.confusion import confusion
from mtlc.page.figures import MISSING, figure, many, whole
from mtlc.page.html import Child, Html, element, join
from mtlc.page.metric import better, catalogue, unit
from mtlc.page.section import missing, said, section, unfolded
from mtlc.page.status import kind
from mtlc.page.story import Judged, Line, Story
from mtlc.page.table import table
from mtlc.page.tasks import Colours, chip, colours

LONG = 24  # rows of single classes that are shown without being asked for


def results(story: Story) -> Html:
    """The section: the test, or where there is none yet the validation of the best weights."""
    of = colours(story.tasks)
    if story.test:
        body = _judged(story.test, of, "test")
        if story.best:
            body = join(
                [body, unfolded("The same on the validation split", _judged(story.best, of, "validation"))]
            )
        return section("results", "Results on the test split", body)
    lost = missing(_no_test(story))
    if story.best:
        return section(
            "results", "Results on the validation split", lost, _judged(story.best, of, "validation")
        )
    return section("results", "Results", lost)


def _no_test(story: Story) -> str:
    if kind(story) != "done":
        return "There is no test yet: it is made once, at the end, where the data has a test split."
    none = (
        "no test split" if story.validations else "neither a test nor a validation split: nothing was judged"
    )
    return f"The data has {none}."


def _judged(judged: Judged, of: Colours, split: str) -> Html:
    scores = judged.scores
    images = many(scores["images"], "image")
    told = said(
        f"{images} of the {split} split; weights of step {whole(judged.step)}." if judged.step else images
    )
    classes = [_classes(task, scores, of) for task in scores["metrics"]]
    return join([told, _metrics(scores, of), _explained(scores), *classes])


def _metrics(scores: Line, of: Colours) -> Html:
    head = ("task", "metric", "value", "unit", "better", "judged on", "of images")
    rows = [row for task in scores["metrics"] for row in _rows(task, scores, of)]
    return table(head, rows, caption="Metrics and what is behind each", numbers={2, 5, 6})


def _explained(scores: Line) -> Html:
    """What each metric is, once for each meaning."""
    meant: dict[tuple[str, str], list[str]] = {}
    for task, values in scores["metrics"].items():
        for metric in (catalogue(values).get(name) for name in values):
            if metric and metric.about:
                meant.setdefault((metric.name, metric.about), []).append(task)
    names = [name for name, _ in meant]
    told = [
        [
            "; " if n else "",
            element("b", name),
            f" ({', '.join(of)})" if names.count(name) > 1 else "",
            f": {about}",
        ]
        for n, ((name, about), of) in enumerate(meant.items())
    ]
    return element("p", told, ".", class_="said") if told else Html()


def _rows(task: str, scores: Line, of: Colours) -> Iterator[Sequence[Child]]:
    counted: Mapping[str, int] = scores["counted"][task]
    basis = next((name for name in counted if name != "images"), "images")
    behind = f"{whole(counted[basis])} {basis}"
    images = f"{whole(counted['images'])} of {whole(scores['images'])}" if "images" in counted else MISSING
    known = catalogue(scores["metrics"][task])
    for name, value in scores["metrics"][task].items():
        metric = known.get(name)
        yield chip(task, of), name, figure(value), unit(metric), better(metric), behind, images
    yield chip(task, of), "loss", figure(scores["losses"].get(task)), "", "lower", behind, images


def _classes(task: str, scores: Line, of: Colours) -> Html:
    """A row for each class, and the confusion matrix."""
    rows, matrix = scores.get("by_class", {}).get(task), scores.get("confusion", {}).get(task)
    if not rows and not matrix:
        return Html()
    parts = [_by_class(task, rows)] if rows else []
    if matrix:
        parts.append(confusion(task, matrix["names"], matrix["counts"], of.get(task, "")))
    return join([element("h3", chip(task, of), " in detail"), element("div", parts, class_="beside")])


def _by_class(task: str, rows: Sequence[Mapping[str, str | float | None]]) -> Html:
    head = list(rows[0])
    said = [[_cell(name, row[name]) for name in head] for row in rows]
    whole = table(head, said, caption=f"{task}, one by one", numbers=range(1, len(head)))
    return unfolded(f"All {len(rows)}, one by one", whole) if len(rows) > LONG else whole


def _cell(name: str, value: str | float | None) -> str:
    if isinstance(value, str):
        return value
    return whole(value) if isinstance(value, int) else figure(value)
