"""A first look at a text, before any grammar: strings, comments, brackets, lines."""

import re
from collections.abc import Iterator
from typing import NamedTuple

CLOSER = {"(": ")", "[": "]", "{": "}"}
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_MARK = re.compile(
    r"""(?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*")|(?P<quote>"[^\r\n]*)|(?P<comment>\#[^\r\n]*)"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\r\n?|\n)|(?P<comma>,)"""
)


class Mark(NamedTuple):
    """`kind`: string, quote (a string without end), comment, open, close, end (of a line) or comma."""

    kind: str
    start: int
    end: int


def marks(text: str, start: int = 0) -> Iterator[Mark]:
    for match in _MARK.finditer(text, start):
        yield Mark(match.lastgroup or "", match.start(), match.end())


def opened_before(text: str, offset: int) -> list[int]:
    """The offsets of the brackets that are open at an offset, outermost first. Brackets must match."""
    stack: list[int] = []
    for mark in marks(text):
        if mark.start >= offset:
            break
        if mark.kind == "open":
            stack.append(mark.start)
        elif mark.kind == "close" and stack:
            stack.pop()
    return stack


def pieces(text: str, start: int, commas: bool) -> list[tuple[int, int]]:
    """What stands between line ends (and commas), from `start` to the end or to where a bracket closes."""
    found: list[tuple[int, int]] = []
    depth, begin = 0, start
    for mark in marks(text, start):
        if mark.kind == "open":
            depth += 1
        elif mark.kind == "close":
            depth -= 1
            if depth < 0:
                return [*found, (begin, mark.start)]
        elif depth == 0 and (mark.kind == "end" or (commas and mark.kind == "comma")):
            found.append((begin, mark.start))
            begin = mark.end
    return [*found, (begin, len(text))]


def code_end(text: str, start: int, end: int) -> int:
    """Where a line's code ends, before blanks and a comment; `start` and `end` are the line's."""
    for mark in marks(text, start):
        if mark.start >= end or mark.kind in ("end", "comment"):
            end = min(end, mark.start)
            break
    return start + len(text[start:end].rstrip())
