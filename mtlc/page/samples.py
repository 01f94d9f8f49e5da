"""Sample predictions: the contact sheets of the run, put into the page whole."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from mtlc.page.html import Html, element, join
from mtlc.page.section import missing, said, section
from mtlc.page.status import kind
from mtlc.page.story import Story


def samples(story: Story) -> Html:
    """The section."""
    if not story.samples:
        text = "There are none yet: contact sheets are written at the end, after the last evaluation."
        if kind(story) == "done":
            text = "There are none: the data has no test or validation split to take images from."
        return section("samples", "Sample predictions", missing(text))
    sheets = join(_sheet(path, story.tasks) for path in story.samples)
    told = said("Each image with every task's prediction and, below it, the label where it has one.")
    return section("samples", "Sample predictions", told, sheets)


def _sheet(path: Path, tasks: tuple[str, ...]) -> Html:
    data = b64encode(path.read_bytes()).decode()
    alt = f"Image {path.stem}: the photo, then the prediction and below it the label of {', '.join(tasks)}"
    picture = element("img", src=f"data:image/png;base64,{data}", alt=alt)
    return element("figure", picture, class_="sheet")
