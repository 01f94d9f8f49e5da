"""Parts of the page: headed sections, sentences for what is missing, and what can be unfolded."""

from __future__ import annotations

from mtlc.page.html import Child, Html, element


def section(name: str, title: str, *children: Child) -> Html:
    """A part of the page with its heading, which the table of contents links to."""
    return element("section", element("h2", title, id=name), *children, aria_labelledby=name)


def missing(text: str) -> Html:
    """A sentence in the place of what is not there, and why."""
    return element("p", text, class_="missing")


def said(text: str) -> Html:
    """How to read what follows."""
    return element("p", text, class_="said")


def unfolded(summary: str, *children: Child) -> Html:
    """Details that a click (no script) shows."""
    return element("details", element("summary", summary), *children)
