"""Numbers, times and sizes as a person reads them on the page."""

from __future__ import annotations

from datetime import datetime

from mtlc.training.pace import duration
from mtlc.training.words import number

MISSING = "–"


def figure(value: float | None) -> str:
    """A few digits that matter; a dash where nothing defines the number."""
    return MISSING if value is None else number(value)


def whole(value: float) -> str:
    """12 345 678, in groups of three with thin spaces."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def moment(time: str) -> str:
    """`2026-03-01 12:30:05 UTC` of an ISO time."""
    return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M:%S %Z")


def between(start: str, end: str) -> str:
    """How long it took, `0:12:05`."""
    seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return duration(seconds)


def many(count: int, thing: str) -> str:
    """`1 image`, `12 images`."""
    return f"{whole(count)} {thing}{'s' * (count != 1)}"
