"""The whole report page of a run: one HTML file that needs nothing else, no network and no script."""

from __future__ import annotations

from pathlib import Path

from mtlc.page.architecture import architecture
from mtlc.page.costs import costs
from mtlc.page.gradients import compares, gradients
from mtlc.page.html import Html, element, join, prose
from mtlc.page.learning import learning
from mtlc.page.ran import ran
from mtlc.page.results import results
from mtlc.page.samples import samples
from mtlc.page.section import section
from mtlc.page.status import kind, notes, sentence, warnings
from mtlc.page.story import Story
from mtlc.page.validation import validation
from mtlc.plan import Plan

STYLE = Path(__file__).parent / "page.css"
NOTHING_ELSE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
CONTENTS = {
    "ran": "What ran",
    "results": "Results",
    "curves": "Losses and weights",
    "gradients": "Gradients",
    "validation": "Validation",
    "samples": "Samples",
    "architecture": "Architecture",
    "cost": "Cost",
    "spec": "Spec",
}


def page(story: Story, plan: Plan | None, problem: str = "") -> str:
    """The page of a run. `plan` is what its spec means here; None where it cannot be resolved, for a `problem`."""
    lost = [*warnings(story), *([problem] if problem else [])]
    parts = [
        _head(story, [*notes(story)], lost),
        ran(story, plan),
        results(story),
        learning(story),
        gradients(story),
        validation(story),
        samples(story),
        architecture(plan, story.name),
        costs(plan),
        section("spec", "Spec, as resolved", element("pre", story.spec)),
    ]
    body = element("body", element("main", parts))
    return f"<!DOCTYPE html>\n{element('html', _meta(story), body, lang='en')}\n"


def _meta(story: Story) -> Html:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=NOTHING_ELSE),
        element("title", f"{story.name} – mtlc report"),
        element("style", Html(STYLE.read_text(encoding="utf-8"))),
    )


def _head(story: Story, noted: list[str], lost: list[str]) -> Html:
    there = {name: title for name, title in CONTENTS.items() if name != "gradients" or compares(story)}
    links = (element("a", title, href=f"#{name}") for name, title in there.items())
    items = [element("li", prose(each), class_="warning") for each in lost]
    items += [element("li", prose(each)) for each in noted]
    told = element("ul", items, class_="notes") if items else ""
    return element(
        "header",
        element("h1", story.name),
        element("p", prose(sentence(story)), class_=f"status {kind(story)}"),
        told,
        element("nav", join(links), aria_label="Contents"),
    )
