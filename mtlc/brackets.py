"""Brackets and quotes that do not match: each is reported once and mended in a draft to be parsed."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import count

from mtlc.diagnostics import Diagnostics, Label
from mtlc.scan import CLOSER, NAME, Mark, code_end, marks
from mtlc.source import Source, Span

DEPTH = 100
_BEGIN = rf"{NAME}(?:[ \t]+{NAME})?(?:[ \t]*:[ \t]*{NAME})?"  # of a block
_HEADER = re.compile(rf"\s*(?:use\b|let\b|mtl\b|{_BEGIN}[ \t]*(?:[{{#]|$))")
_ENTRY = re.compile(rf"\s*(?:$|\#|{NAME}[ \t]*=|.*\bvia\b)")
_INLINE = re.compile(rf"\s*{NAME}(?:[ \t]+{NAME})??(?:[ \t]*:[ \t]*{NAME})?(?=[ \t]+{NAME}[ \t]*=)")


@dataclass(frozen=True)
class Draft:
    """A source's text with brackets that match. `added` holds the offsets in the draft of what was put in."""

    source: Source
    text: str
    added: tuple[int, ...] = ()
    reported: tuple[int, ...] = ()  # offsets in the draft of what was already reported

    def span(self, start: int, end: int) -> Span:
        """Offsets in the draft to a span of the source."""
        return Span(self.source, self._origin(start), self._origin(end))

    def _origin(self, offset: int) -> int:
        return offset - bisect_left(self.added, offset)


@dataclass(frozen=True)
class Opener:
    char: str
    offset: int
    line: int
    indent: int


def check(source: Source, diagnostics: Diagnostics) -> Draft | None:
    """The draft to parse, or None where brackets are nested too deep for any later walk."""
    checker = _Checker(source, diagnostics)
    for mark in marks(source.text):
        if not checker.take(mark):
            return None
    checker.finish()
    return checker.draft()


class _Checker:
    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.source, self.text, self.diagnostics = source, source.text, diagnostics
        self.stack: list[Opener] = []
        self.added: list[tuple[int, str]] = []
        self.replaced: dict[int, str] = {}
        self.reported: list[int] = []
        braces = [mark for mark in marks(self.text) if self.text[mark.start] in "{}"]
        self.uneven = sum(1 if mark.kind == "open" else -1 for mark in braces) != 0
        if self.text.startswith("\ufeff"):
            self.replaced[0] = " "

    def take(self, mark: Mark) -> bool:
        """Read one mark; False where it nests too deep."""
        if mark.kind == "open":
            self.stack.append(self.opener(mark.start))
            return len(self.stack) <= DEPTH or self.too_deep(mark.start)
        if mark.kind == "close":
            self.close(self.text[mark.start], mark.start)
        elif mark.kind == "quote":
            self.quote(mark)
        return True

    def opener(self, offset: int) -> Opener:
        line = self.source.line(offset)
        return Opener(self.text[offset], offset, line, self.indent(line))

    def indent(self, line: int) -> int:
        text = self.source.line_text(line).expandtabs(4)
        return len(text) - len(text.lstrip())

    def report(self, code: str, message: str, offset: int, label: str, hint: str, *others: Label) -> None:
        self.reported.append(offset)
        span = Span(self.source, offset, offset + 1)
        self.diagnostics.error(code, message, span, label, hint=hint, others=others)

    def too_deep(self, offset: int) -> bool:
        message = f"brackets are nested deeper than {DEPTH}"
        self.report(
            "MTL002", message, offset, "one too deep", "flatten this: a spec needs three or four levels"
        )
        return False

    def quote(self, mark: Mark) -> None:
        """It ends with its line, but before the brackets that close what was opened on the line."""
        end = mark.start + len(self.text[mark.start : mark.end].rstrip())
        line = self.source.line(mark.start)
        for opener in [each for each in self.stack if each.line == line]:
            closing = rf"\s*{re.escape(CLOSER[opener.char])}[,)\]}}\s]*$"
            tail = re.search(closing, self.text[mark.start : end])
            if tail and tail.start() > 0:
                end = mark.start + tail.start()
                break
        hint = 'close it with `"` on its line'
        self.report("MTL006", "a text has no closing quote", mark.start, "it begins here", hint)
        for offset in range(mark.start + 1, end):  # what is in it is no longer looked at
            if self.text[offset] in '\\"':
                self.replaced[offset] = "_"
        self.added.append((end, '"'))
        for offset in range(end, mark.end):
            if self.text[offset] in ")]}":
                self.close(self.text[offset], offset)

    def close(self, char: str, offset: int) -> None:
        if char == "}" and self.uneven:
            self.leave_deeper_indents(offset)
        if any(CLOSER[each.char] == char for each in self.stack):
            left = []
            while CLOSER[self.stack[-1].char] != char:
                left.append(self.stack.pop())
            self.unclosed(left, offset)
            self.stack.pop()
        elif self.stack and self.stack[-1].char != "{":
            self.mismatched(self.stack.pop(), char, offset)
        elif not (char == "}" and self.add_opening_brace(offset)):
            self.replaced[offset] = " "
            hint = f"remove it, or write `{_opening(char)}` where it should begin"
            self.report("MTL004", f"`{char}` closes nothing", offset, "nothing is open here", hint)

    def leave_deeper_indents(self, offset: int) -> None:
        """A `}` at the start of a line closes the block that begins at its indent, if there is one."""
        line = self.source.line(offset)
        if self.text[self.source.start(line) : offset].strip():
            return
        indent = self.indent(line)
        same = [each for each in self.stack if each.char == "{" and each.indent == indent]
        if same and self.stack[-1].indent > indent:
            left = [each for each in self.stack if each.offset > same[-1].offset]
            del self.stack[len(self.stack) - len(left) :]
            self.unclosed(left[::-1], offset)

    def mismatched(self, opener: Opener, char: str, offset: int) -> None:
        self.replaced[offset] = CLOSER[opener.char]
        message = f"`{opener.char}` is closed by `{char}`"
        hint = f"write `{CLOSER[opener.char]}` here"
        opened = Label(Span(self.source, opener.offset, opener.offset + 1), "opened here")
        label = f"`{CLOSER[opener.char]}` is expected"
        self.report("MTL005", message, offset, label, hint, opened)

    def unclosed(self, openers: list[Opener], limit: int) -> None:
        """Openers (innermost first) without closers before `limit`: one mistake for those of one line."""
        told: set[int] = set()
        for opener in openers:
            self.added.append((self.closing_place(opener, limit), CLOSER[opener.char]))
            if opener.line in told:
                continue
            told.add(opener.line)
            same = [each for each in openers if each.line == opener.line and each is not opener]
            others = [Label(Span(self.source, each.offset, each.offset + 1), "nor is this") for each in same]
            closers = "".join(CLOSER[each.char] for each in openers if each.line == opener.line)
            message = f"`{opener.char}` is never closed"
            self.report(
                "MTL003", message, opener.offset, "opened here", f"close it with `{closers}`", *others
            )

    def closing_place(self, opener: Opener, limit: int) -> int:
        """Before the bracket that shows it, or at the end of the lines that are indented under the opener."""
        last = self.source.line(limit)
        end = code_end(self.text, opener.offset, self.line_end(opener.line))
        for line in range(opener.line + 1, last + 1):
            text = self.source.line_text(line)
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            if self.indent(line) <= opener.indent and (opener.char != "{" or _HEADER.match(text)):
                return max(end, opener.offset + 1)
            start = self.source.start(line)
            end = code_end(self.text, start, min(self.line_end(line), limit))
        return limit if limit < len(self.text) else max(end, opener.offset + 1)

    def line_end(self, line: int) -> int:
        return self.source.start(line) + len(self.source.line_text(line))

    def add_opening_brace(self, offset: int) -> bool:
        """A `}` too many may be a `{` too few: look for a header above whose entries stand between."""
        line = self.source.line(offset)
        before = self.text[self.source.start(line) : offset]
        header = _INLINE.match(before)
        if header and not self.reported_on(line):
            return self.opening_brace(self.source.start(line) + header.end(), offset)
        if before.strip():
            return False
        for above in count(line - 1, -1):
            text = self.source.line_text(above) if above > 0 else "}"
            if _HEADER.match(text) and "{" not in text:
                place = code_end(self.text, self.source.start(above), self.line_end(above))
                return above < line - 1 and self.opening_brace(place, offset)
            if not _ENTRY.match(text) or "}" in text:
                return False
        return False

    def reported_on(self, line: int) -> bool:
        return any(self.source.line(offset) == line for offset in self.reported)

    def opening_brace(self, place: int, closer: int) -> bool:
        self.added.append((place, "{"))
        label = Label(Span(self.source, closer, closer + 1), "closed here")
        message, hint = "a block has no `{`", "write `{` after this"
        self.report("MTL004", message, place - 1, "its entries begin after this", hint, label)
        return True

    def finish(self) -> None:
        self.unclosed(self.stack[::-1], len(self.text))

    def draft(self) -> Draft:
        text = list(self.text)
        for offset, char in self.replaced.items():
            text[offset] = char
        added = sorted(self.added, key=lambda each: each[0])  # stable: the innermost closer stays first
        for offset, char in reversed(added):
            text.insert(offset, char)
        places = tuple(offset + i for i, (offset, _) in enumerate(added))
        reported = tuple(
            offset + bisect_left([each[0] for each in added], offset) for offset in self.reported
        )
        return Draft(self.source, "".join(text), places, reported)


def _opening(closer: str) -> str:
    return next(opening for opening, closing in CLOSER.items() if closing == closer)
