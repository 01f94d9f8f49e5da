"""HTML from plain functions: text is escaped where it enters, and markup is a type of its own."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = {"img", "meta", "br", "circle", "line", "path", "rect", "polyline"}


class Html(str):
    """Markup that is escaped already."""

    __slots__ = ()


Child = str | Iterable["Child"]


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element. `class_` is `class`, other underscores are hyphens; None and False leave an attribute out."""
    said = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in VOID and not children:
        return Html(f"<{tag}{said}>" if tag in ("img", "meta", "br") else f"<{tag}{said}/>")
    return Html(f"<{tag}{said}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Html:
    """Children one after another; those that are no `Html` are text."""
    return Html("".join(_child(each) for each in children))


def prose(text: str) -> Html:
    """A sentence in which what stands in backticks is code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # one is alone
        return join([text])
    return join(element("code", piece) if n % 2 else piece for n, piece in enumerate(pieces))


def _child(child: Child) -> str:
    if isinstance(child, Html):
        return child
    return escape(child, quote=False) if isinstance(child, str) else join(child)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(text)}"'
