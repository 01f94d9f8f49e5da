"""A confusion matrix as a table: each row is a class of the labels, cells say where its pixels or images went."""

from __future__ import annotations

from collections.abc import Sequence

from mtlc.page.figures import whole
from mtlc.page.html import Html, element
from mtlc.render.colours import INK, NEUTRAL, WHITE, contrast, mix

MOST = 40  # classes: a larger matrix cannot be read


def confusion(task: str, names: Sequence[str], counts: Sequence[Sequence[int]], colour: str = "") -> Html:
    """Shares of each row, darker for more, the counts behind them as hints; of many classes the most frequent."""
    shown = _most_frequent(counts)
    caption = f"Confusion of {task}: of each labelled class, how much (in %) was predicted as …"
    if len(shown) < len(names):
        caption += (
            f" The {len(shown)} most frequent of {len(names)} classes; the others are the rest of a row."
        )
    head = element(
        "tr",
        element("th", "label", scope="col"),
        (element("th", element("span", names[c]), scope="col", class_="turned") for c in shown),
        element("th", "count", scope="col", class_="number"),
    )
    rows = [_row(names, counts, label, shown, colour or NEUTRAL) for label in shown]
    body = element(
        "table",
        element("caption", caption),
        element("thead", head),
        element("tbody", rows),
        class_="confusion",
    )
    return element("div", body, class_="wide", tabindex="0", role="region", aria_label=f"Confusion of {task}")


def _most_frequent(counts: Sequence[Sequence[int]]) -> list[int]:
    ranked = sorted(range(len(counts)), key=lambda c: -sum(counts[c]))
    return sorted(ranked[:MOST])


def _row(
    names: Sequence[str], counts: Sequence[Sequence[int]], label: int, shown: Sequence[int], colour: str
) -> Html:
    total = sum(counts[label])
    cells = (_cell(names[label], names[said], counts[label][said], total, colour) for said in shown)
    end = element("td", whole(total), class_="number")
    return element("tr", element("th", names[label], scope="row"), cells, end)


def _cell(label: str, said: str, count: int, total: int, colour: str) -> Html:
    if not total:
        return element("td", "–")
    share = count / total
    back = mix(WHITE, colour, min(1.0, 0.08 + share)) if count else WHITE
    ink = WHITE if contrast(back, WHITE) > contrast(back, INK) else INK
    hint = f"{label} as {said}: {whole(count)} of {whole(total)}"
    return element("td", _share(share), title=hint, style=f"background:{back};color:{ink}")


def _share(share: float) -> str:
    """Per cent, without digits that cannot be compared anyway."""
    if not share:
        return ""
    return "<1" if share < 0.005 else f"{100 * share:.0f}"
