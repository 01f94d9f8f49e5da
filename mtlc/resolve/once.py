"""Mistakes in values, each reported once for its place: a default that several tasks inherit is one mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mtlc.diagnostics import Diagnostics
from mtlc.resolve.unreadable import UNREADABLE, Unreadable
from mtlc.source import Span


@dataclass
class Once:
    """`may_hold` says whether a word may be declared in text that could not be read."""

    diagnostics: Diagnostics
    may_hold: Callable[[str], bool]
    reported: set[tuple[str, Span]] = field(default_factory=set)

    def error(self, code: str, message: str, span: Span, label: str = "", **more: Any) -> Unreadable:
        """Report, unless this was said of the same place before."""
        if (code, span) not in self.reported:
            self.reported.add((code, span))
            self.diagnostics.error(code, message, span, label, **more)
        return UNREADABLE

    def told(self, span: Span) -> bool:
        """Whether a mistake of the text stands in this stretch, so that what is read there does not fit."""
        places = [each.primary.span for each in self.diagnostics if each.code.startswith("MTL0")]
        return any(each.source is span.source and span.start <= each.start < span.end for each in places)
