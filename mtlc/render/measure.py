"""How wide a text is in the picture's font, and how it is broken or cut to a width. Lengths are in points."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mtlc import fonts

FONT = fonts.FAMILY
SIZE = 9.0
TITLE_SIZE = 10.5
SMALL_SIZE = 7.5
MOST_NAME = 220.0  # a longer name is cut
LEADING = 1.24  # from one line to the next, as a share of the size

# Advance widths of Open Sans Regular from the space to the tilde, in thousandths of its size.
_WIDTHS = (
    260, 267, 401, 646, 572, 823, 730, 221, 296, 296, 552, 572, 245, 322, 266, 367, 572, 572, 572, 572,
    572, 572, 572, 572, 572, 572, 266, 266, 572, 572, 572, 429, 899, 633, 648, 631, 729, 556, 516, 728,
    738, 279, 267, 614, 519, 903, 754, 779, 602, 779, 618, 549, 553, 728, 595, 926, 577, 560, 571, 329,
    367, 329, 542, 448, 577, 556, 613, 476, 613, 561, 339, 548, 614, 253, 253, 525, 253, 930, 614, 604,
    613, 613, 408, 477, 353, 614, 501, 778, 524, 504, 468, 379, 551, 379, 572,
)  # fmt: skip
_OTHER = 784  # the ellipsis; East Asian characters are wider, see `_advance`
_BOLD = 1.08


def _advance(char: str) -> int:
    place = ord(char) - 32
    return _WIDTHS[place] if 0 <= place < len(_WIDTHS) else 1000 if ord(char) >= 0x1100 else _OTHER


def width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """The width of one line of text."""
    return sum(map(_advance, text)) * size / 1000 * (_BOLD if bold else 1)


def cut(text: str, room: float, size: float = SIZE, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(text + "…", size, bold=bold) > room:
        text = text[:-1]
    return text + "…"


def wrap(text: str, room: float, most: int, size: float = SIZE) -> tuple[str, ...]:
    """The text in at most `most` lines, broken after spaces, dots and underscores; the rest is cut."""
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and len(lines) < most and width((lines[-1] + piece).rstrip(), size) > room:
            lines.append("")
        lines[-1] += piece
    return tuple(cut(line.strip(), room, size) for line in lines)


def _pieces(text: str) -> Iterator[str]:
    return (found.group() for found in re.finditer(r"[^\s_./]*[\s_./]*", text) if found.group())
