"""Real tables: a caption, a header for each column, and one for each row where its first cell is a name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mtlc.page.html import Child, Html, element


def table(
    head: Sequence[Child],
    rows: Sequence[Sequence[Child]],
    *,
    caption: str = "",
    numbers: Collection[int] = (),
    class_: str | None = None,
) -> Html:
    """A table; `numbers` are the columns that hold figures. It can be scrolled where it is too wide."""

    def cell(tag: str, place: int, child: Child, scope: str | None = None) -> Html:
        return element(tag, child, scope=scope, class_="number" if place in numbers else None)

    header = element("tr", (cell("th", place, each, "col") for place, each in enumerate(head)))
    body = (
        element(
            "tr", (cell("td" if n else "th", n, each, None if n else "row") for n, each in enumerate(row))
        )
        for row in rows
    )
    said = element("caption", caption) if caption else ""
    whole = element("table", said, element("thead", header), element("tbody", body), class_=class_)
    return element("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption or "table")


def facts(rows: Sequence[tuple[str, Child]]) -> Html:
    """Names with what there is to say of each."""
    return element("dl", ((element("dt", name), element("dd", said)) for name, said in rows))
