"""How diagnostics are shown: as text with the lines they are about, as JSON, as GitHub annotations."""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mtlc.diagnostics import Diagnostic, Label
from mtlc.source import Source, Span

TAB = 4
WIDTH = 120  # longer lines are cut around what they are shown for
CONTEXT = 40  # cells kept before the first label of a cut line
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "frame": "\x1b[1;34m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def text(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Frames as in compilers: message, place, the lines with labels under them, hint. Empty for none."""
    return "\n".join(_Frame(each, colour).show() for each in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """One object; lines and columns count from 1, ends are not included."""
    shown = [
        {
            "code": each.code,
            "severity": each.severity,
            "message": each.message,
            "hint": each.hint,
            "primary": _place(each.primary),
            "others": [_place(label) for label in each.others],
        }
        for each in diagnostics
    ]
    return json.dumps({"version": 1, "diagnostics": shown}, ensure_ascii=False)


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command a line: GitHub shows each at its place in a change."""
    return "".join(_annotation(each) + "\n" for each in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    severities = [each.severity for each in diagnostics]
    counts = [(severities.count("error"), "error"), (severities.count("warning"), "warning")]
    return ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in counts if n) or "no errors"


def _place(label: Label) -> dict[str, Any]:
    span = label.span
    return {
        "file": span.source.name,
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
        "label": label.text,
    }


def _annotation(diagnostic: Diagnostic) -> str:
    span = diagnostic.primary.span
    message = diagnostic.message + (f"\nhint: {diagnostic.hint}" if diagnostic.hint else "")
    places = {
        "file": span.source.name,
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "title": diagnostic.code,
    }
    shown = ",".join(f"{key}={_escape_property(str(value))}" for key, value in places.items())
    return f"::{diagnostic.severity} {shown}::{_escape(message)}"


def _escape(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(value: str) -> str:
    return _escape(value).replace(":", "%3A").replace(",", "%2C")


@dataclass(frozen=True)
class _Mark:
    """A stretch of one line, in characters, and what is said under it."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


class _Frame:
    """One diagnostic as text."""

    def __init__(self, diagnostic: Diagnostic, colour: bool) -> None:
        self.diagnostic, self.colour = diagnostic, colour
        labels = [(diagnostic.primary, True), *((label, False) for label in diagnostic.others)]
        self.sources = list(dict.fromkeys(label.span.source for label, _ in labels))
        self.marks = {
            source: sorted(
                (mark for label in labels if label[0].span.source is source for mark in _marks(*label)),
                key=lambda mark: (mark.line, mark.start),
            )
            for source in self.sources
        }
        self.margin = max(len(str(mark.line)) for marks in self.marks.values() for mark in marks)

    def show(self) -> str:
        each = self.diagnostic
        head = self.paint(each.severity, f"{each.severity}[{each.code}]")
        lines = [head + self.paint("bold", f": {_printable(each.message)}")]
        for place, source in enumerate(self.sources):
            lines += self.section(source, first=place == 0)
        if each.hint:
            lines.append(f"{' ' * self.margin}  {self.paint('frame', '=')} hint: {_printable(each.hint)}")
        return "\n".join(lines) + "\n"

    def paint(self, colour: str, text: str) -> str:
        return f"{_COLOURS[colour]}{text}{_RESET}" if self.colour else text

    def section(self, source: Source, first: bool) -> list[str]:
        marks = self.marks[source]
        place = self.diagnostic.primary.span if first else Span(source, _offset(source, marks[0]), 0)
        arrow = "-->" if first else ":::"
        lines = [f"{' ' * self.margin}{self.paint('frame', arrow)} {_printable(str(place))}", self.gutter()]
        before = 0
        for number, group in groupby(marks, key=lambda mark: mark.line):
            if before and number > before + 1:
                lines.append(self.paint("frame", "..."))
            lines += self.line(source.line_text(number), number, list(group))
            before = number
        return lines

    def gutter(self, number: int | None = None, rest: str = "") -> str:
        shown = "" if number is None else str(number)
        edge = self.paint("frame", f"{shown:>{self.margin}} |")
        return f"{edge} {rest}" if rest else edge

    def line(self, text: str, number: int, marks: list[_Mark]) -> list[str]:
        cells = _cells(text)
        low, high = _window(cells, marks)
        shown, shift = _cut(text, cells, low, high)
        under = [
            (cells[mark.start] - shift, max(1, cells[mark.end] - cells[mark.start]), mark) for mark in marks
        ]
        under = [(start, min(size, max(1, cells[high] - shift - start)), mark) for start, size, mark in under]
        return [self.gutter(number, shown), *(self.gutter(None, each) for each in self.underlines(under))]

    def underlines(self, under: list[tuple[int, int, _Mark]]) -> list[str]:
        """Labels under one line: each in a row of its own, the rightmost beside its carets."""
        rows = []
        for start, size, mark in sorted(under, key=lambda each: (not each[2].primary, each[0])):
            carets = ("^" if mark.primary else "-") * size
            colour = self.diagnostic.severity if mark.primary else "frame"
            rows.append(" " * start + self.paint(colour, f"{carets} {_printable(mark.text)}".rstrip()))
        return rows


def _marks(label: Label, primary: bool) -> list[_Mark]:
    """A label as marks of single lines: one, or the first and the last line of a longer stretch."""
    span = label.span
    source, first, last = span.source, span.line, span.end_line
    if last > first and span.end == source.start(last):  # it ends with a line end: not on the next line
        last -= 1
    start = span.column - 1
    if first == last:
        length = len(source.line_text(first))
        start = min(start, length)
        end = min(max(span.end - source.start(first), start), length)
        return [_Mark(first, start, end, label.text, primary)]
    begin = _Mark(first, start, len(source.line_text(first)), "from here", primary)
    closing = source.line_text(last)
    indent = len(closing) - len(closing.lstrip())
    end = span.end - source.start(last) if span.end_line == last else len(closing)
    text = f"to here: {label.text}" if label.text else "to here"
    return [begin, _Mark(last, min(indent, end), end, text, primary)]


def _offset(source: Source, mark: _Mark) -> int:
    return source.start(mark.line) + mark.start


def _cells(text: str) -> list[int]:
    """At which cell of a terminal each character begins, and at which the text ends."""
    cells = [0]
    for char in text:
        cells.append(cells[-1] + (TAB - cells[-1] % TAB if char == "\t" else _cell_width(char)))
    return cells


def _cell_width(char: str) -> int:
    if _printable(char) == char and unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _window(cells: list[int], marks: list[_Mark]) -> tuple[int, int]:
    """Which characters of a line to show: all, or those around its first mark."""
    if cells[-1] <= WIDTH:
        return 0, len(cells) - 1
    first = min(marks, key=lambda mark: (not mark.primary, mark.start))
    start = max(0, min(cells[first.start] - CONTEXT, cells[-1] - WIDTH))
    shown = [i for i, cell in enumerate(cells) if start <= cell <= start + WIDTH]
    return shown[0], shown[-1]


def _cut(text: str, cells: list[int], low: int, high: int) -> tuple[str, int]:
    """The shown part of a line, tabs as blanks, and by how many cells it moved to the left."""
    shown = "".join(
        " " * (cells[i + 1] - cells[i]) if text[i] == "\t" else _printable(text[i]) for i in range(low, high)
    )
    left = "..." if low else ""
    right = "..." if high < len(text) else ""
    return f"{left}{shown}{right}".rstrip(), cells[low] - len(left)


def _printable(text: str) -> str:
    """Without what could steer a terminal or turn the reading direction."""
    return "".join("\ufffd" if unicodedata.category(char) == "Cc" or char in _BIDI else char for char in text)
