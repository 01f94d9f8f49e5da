"""Mistakes that follow from others: what is wrong beside a mistake of the text is told with that mistake.

Where the text itself could not be read as written (`MTL0…`), what was read there is a guess. A mistake found in
the guess stands only if it has a cause of its own: a word that is nearly a known one, a number out of bounds.
"""

from __future__ import annotations

import re

from mtlc.diagnostics import Diagnostic, Diagnostics
from mtlc.source import Span

_BRACKETS = ("MTL003", "MTL004", "MTL005", "MTL006")
_OWN_CAUSE = ("MTL104", "MTL109")  # a value out of bounds, a `$name` without a value
_TWICE = ("MTL105", "MTL202")
_WITHOUT_BEGINNING = ("MTL012", "MTL013")
_COMMENT = re.compile(r"#[^\r\n]*")


def settle(diagnostics: Diagnostics) -> None:
    """Drop what follows from mistakes of the text."""
    kept: list[Diagnostic] = []
    for each in sorted(diagnostics, key=_weakness):
        if each.severity == "warning" or not any(_explains(cause, each) for cause in kept):
            kept.append(each)
    diagnostics.keep(lambda each: any(each is one for one in kept))


def _explains(cause: Diagnostic, found: Diagnostic) -> bool:
    if cause.primary.span.source is not found.primary.span.source:
        return False
    if not _of_text(cause):
        return _is_torn(cause, found)
    if _of_text(found):
        return _same_brackets(cause, found) or _beside(cause, found)
    if _is_cured(found):
        return _is_halved(cause, found)
    return (
        any(_touch(span, found.primary.span) for span in (cause.primary.span, *cause.reach))
        or (found.code not in _OWN_CAUSE and _reached(cause, found))
        or _same_header(cause.primary.span, found)
    )


def _weakness(found: Diagnostic) -> int:
    """Mistakes of the text come first, then those whose cause is known; otherwise as they stand."""
    return 0 if _of_text(found) else 1 if _is_cured(found) else 2


def _is_halved(cause: Diagnostic, found: Diagnostic) -> bool:
    """Whether a known word is only wrong because the mistake of the text stands in it, or took what followed it."""
    gap = _gap(cause.primary.span, found.primary.span)
    if cause.code == "MTL003" or gap is None:
        return False
    return gap in ("", "\n", "\r\n", "\r") or (cause.code in _WITHOUT_BEGINNING and not gap.strip())


def _of_text(each: Diagnostic) -> bool:
    return each.code.startswith("MTL0") and each.severity == "error"


def _is_cured(found: Diagnostic) -> bool:
    """Whether what was meant is known, so that it is wrong whatever stands around it."""
    return (found.hint or "").startswith("did you mean")


def _reached(cause: Diagnostic, found: Diagnostic) -> bool:
    spans = [found.primary.span]
    if found.code in _TWICE:
        spans += [label.span for label in found.others]
    return any(
        reach.source is span.source and reach.start <= span.start <= reach.end
        for reach in cause.reach
        for span in spans
    )


def _same_brackets(cause: Diagnostic, found: Diagnostic) -> bool:
    """Several brackets of one line that do not match are one muddle."""
    same = cause.primary.span.line == found.primary.span.line
    return same and cause.code in _BRACKETS and found.code in _BRACKETS


def _beside(cause: Diagnostic, found: Diagnostic) -> bool:
    """Whether two different mistakes of the text stand side by side: the same one twice is made twice."""
    same = (cause.code, cause.primary.text) == (found.code, found.primary.text)
    mended = (span for span in cause.reach if span.start == span.end)
    places = (cause.primary.span, *mended)
    return not same and not _is_cured(found) and any(_touch(span, found.primary.span) for span in places)


def _same_header(place: Span, found: Diagnostic) -> bool:
    """Whether both stand in the beginning of one block, before its brace."""
    span = found.primary.span
    start = span.source.start(span.line)
    before_brace = "{" not in span.source.text[start : max(place.start, span.start)]
    return found.code.startswith("MTL2") and place.line == span.line and before_brace


def _is_torn(cause: Diagnostic, found: Diagnostic) -> bool:
    """Two unknown words side by side, one of them a block's: one statement on two lines, or words exchanged."""
    codes = {cause.code, found.code}
    unknown = "MTL201" in codes and codes <= {"MTL201", "MTL204", "MTL218"} and not _is_cured(found)
    return unknown and _touch(cause.primary.span, found.primary.span)


def _gap(first: Span, second: Span) -> str | None:
    """What stands between two places, without comments; None where the second one begins within the first."""
    if first.start > second.start:
        first, second = second, first
    if first.end > second.start > first.start:
        return None
    return _COMMENT.sub("", first.source.text[first.end : second.start])


def _touch(first: Span, second: Span) -> bool:
    """Whether nothing but blanks, brackets and commas stands between two places."""
    gap = _gap(first, second)
    return gap is not None and not re.search(r"[^\s{}(),:]", gap)
