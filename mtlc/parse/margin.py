"""What indents and the beginnings of lines tell about where a block was meant to begin or end."""

import re
from dataclasses import dataclass

from mtlc.parse.scan import NAME, code_end
from mtlc.source import Source

_BLANKS = re.compile(r"[ \t]*")
_BEGIN = rf"{NAME}(?:[ \t]+{NAME})?(?:[ \t]*:[ \t]*{NAME})?"  # of a block
_HEADER = re.compile(rf"\s*(?:use\b|let\b|mtl\b|{_BEGIN}[ \t]*(?:[{{#]|$))")
_NO_HEADER = re.compile(r"[{}=#]|^\s*(?:use|let|mtl)\b")
_INLINE = re.compile(rf"\s*{NAME}(?:[ \t]+{NAME})??(?:[ \t]*:[ \t]*{NAME})?(?=[ \t]+{NAME}[ \t]*=)")


@dataclass(frozen=True)
class Opener:
    """An opening bracket, its line, and the indent of that line."""

    char: str
    offset: int
    line: int
    indent: int


class Margin:
    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text

    def opener(self, offset: int) -> Opener:
        line = self.source.line(offset)
        return Opener(self.text[offset], offset, line, self.indent(line))

    def start(self, line: int) -> int:
        """The offset after the blanks that a line begins with."""
        blanks = _BLANKS.match(self.text, self.source.start(line))
        return blanks.end() if blanks else 0

    def end(self, line: int) -> int:
        return self.source.start(line) + len(self.source.line_text(line))

    def indent(self, line: int) -> int:
        return len(self.text[self.source.start(line) : self.start(line)].expandtabs(4))

    def is_blank(self, line: int) -> bool:
        return self.text[self.start(line) : self.start(line) + 1] in ("", "#", "\n", "\r")

    def closing_place(self, opener: Opener, limit: int) -> int:
        """Before the bracket that shows it, or at the end of the lines that are indented under the opener."""
        end = code_end(self.text, opener.offset, self.end(opener.line))
        brace = self.text.find("{", opener.offset + 1, end)
        if opener.char != "{" and brace > 0:  # no block stands in parentheses
            return brace
        for line in range(opener.line + 1, self.source.line(limit) + 1):
            if self.is_blank(line):
                continue
            inner = opener.char != "{" or opener.indent > 0
            begins = inner or _HEADER.match(self.source.line_text(line))
            if self.indent(line) <= opener.indent and begins:
                return max(end, opener.offset + 1)
            end = code_end(self.text, self.source.start(line), min(self.end(line), limit))
        return limit if limit < len(self.text) else max(end, opener.offset + 1)

    def inline_header(self, offset: int) -> int | None:
        """Where the `{` is missing in `task semseg classes = 40 }`, seen from its `}`."""
        start = self.source.start(self.source.line(offset))
        header = _INLINE.match(self.text[start:offset])
        return start + header.end() if header else None

    def first_deeper(self, line: int) -> int:
        """The first of the lines above that are indented deeper; the line itself where there is none."""
        first = line
        while first > 1 and (self.is_blank(first - 1) or self.indent(first - 1) > self.indent(line)):
            first -= 1
        while first < line and self.is_blank(first):
            first += 1
        return first

    def header_above(self, line: int) -> int | None:
        """The end of the line above, where that may be the beginning of a block without its `{`."""
        if line == 1 or self.is_blank(line - 1) or _NO_HEADER.search(self.source.line_text(line - 1)):
            return None
        return code_end(self.text, self.source.start(line - 1), self.end(line - 1))
