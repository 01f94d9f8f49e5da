"""A page taken apart by Python's own parser: tags that match, texts, and all that a browser would fetch."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"img", "meta", "br"}
FETCHED = {"src", "href", "xlink:href", "data", "action", "poster", "srcset", "background"}


class Parsed(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"{tag} stays open" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self._seen(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._seen(tag, attrs)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]} closes nothing")

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] == "style":
            self.references += re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", data)

    def _seen(self, tag, attrs):
        named = dict(attrs)
        self.tags.append((tag, named))
        self.references += [value or "" for name, value in attrs if name in FETCHED]
        self.references += re.findall(r"url\(([^)]*)\)", named.get("style") or "")
        self.ids += [named["id"]] if "id" in named and tag not in ("g", "svg") else []

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))
