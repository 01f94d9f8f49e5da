"""Brackets and quotes that do not match: each is reported once and mended in a draft to be parsed."""

import re

from mtlc.diagnostics import Diagnostics, Label
from mtlc.parse.draft import Draft, mended
from mtlc.parse.margin import Margin, Opener
from mtlc.parse.scan import CLOSER, Mark, marks
from mtlc.source import Source, Span

DEPTH = 100
MANY = 20  # mistakes after which the text is no spec: no more guessing at what was meant


def check(source: Source, diagnostics: Diagnostics) -> Draft | None:
    """The draft to parse, or None where brackets are nested too deep for any later walk."""
    checker = _Checker(source, diagnostics)
    for mark in marks(source.text):
        if not checker.take(mark):
            return None
    return checker.finish()


class _Checker:
    def __init__(self, source: Source, diagnostics: Diagnostics) -> None:
        self.source, self.text, self.diagnostics = source, source.text, diagnostics
        self.margin = Margin(source)
        self.stack: list[Opener] = []
        self.added: list[tuple[int, str]] = []
        self.replaced: dict[int, str] = {}
        self.reported: list[int] = []
        self.broken_line = -1  # where the last text without closing quote stands
        braces = [mark for mark in marks(self.text) if self.text[mark.start] in "{}"]
        self.surplus = sum({"open": 1, "close": -1}.get(mark.kind, 0) for mark in braces)  # of opening braces
        if self.text.startswith("\ufeff"):
            self.replaced[0] = " "

    def take(self, mark: Mark) -> bool:
        """Read one mark; False where it nests too deep."""
        if mark.kind == "open":
            self.stack.append(self.margin.opener(mark.start))
            return len(self.stack) <= DEPTH or self.too_deep(mark.start)
        if mark.kind == "close":
            self.close(self.text[mark.start], mark.start)
        elif mark.kind == "quote":
            self.quote(mark)
        return True

    def report(
        self, code: str, message: str, offset: int, label: str, hint: str, *others: Label, unsure: int = -1
    ) -> None:
        """`unsure` is where the draft was mended, if that is another line."""
        self.reported.append(offset)
        span = Span(self.source, offset, offset + 1)
        reach = [self.line_of(offset), *([Span(self.source, unsure, unsure)] if unsure >= 0 else [])]
        self.diagnostics.error(code, message, span, label, hint=hint, others=others, reach=reach)

    def line_of(self, offset: int) -> Span:
        """What a bracket makes unsure: its line, and above a closing one the lines indented deeper."""
        line = self.source.line(offset)
        closes = self.text[offset : offset + 1] in ")]}" and self.margin.start(line) == offset
        first = self.margin.first_deeper(line) if closes else line
        return Span(self.source, self.margin.start(first), max(self.margin.end(line), offset + 1))

    def too_deep(self, offset: int) -> bool:
        message = f"brackets are nested deeper than {DEPTH}"
        self.report(
            "MTL002", message, offset, "one too deep", "flatten this: a spec needs three or four levels"
        )
        return False

    def quote(self, mark: Mark) -> None:
        """It ends with its line, but before the brackets that close what was opened on the line."""
        if len(self.reported) >= MANY:
            self.replaced.update(dict.fromkeys(range(mark.start, mark.end), " "))
            return
        end = mark.start + self.quote_size(mark)
        line = self.source.line(mark.start)
        if self.broken_line == line - 1:  # the rest of a text that was broken into two lines
            self.reported.append(mark.start)
        else:
            hint = 'close it with `"` on its line'
            self.report("MTL006", "a text has no closing quote", mark.start, "it begins here", hint)
        self.broken_line = line
        for offset in range(mark.start + 1, end):  # what is in it is no longer looked at
            if self.text[offset] in '\\"':
                self.replaced[offset] = "_"
        self.added.append((end, '"'))
        for offset in range(end, mark.end):
            if self.text[offset] in ")]}":
                self.close(self.text[offset], offset)

    def quote_size(self, mark: Mark) -> int:
        text = self.text[mark.start : mark.end].rstrip()
        line = self.source.line(mark.start)
        closers = [CLOSER[each.char] for each in reversed(self.stack) if each.line == line]
        for skipped in range(len(closers)):
            tail = re.search(r"\s*" + r"\s*".join(map(re.escape, closers[skipped:])) + r",?$", text)
            if tail and tail.start() > 0:
                return tail.start()
        return len(text)

    def close(self, char: str, offset: int) -> None:
        if len(self.reported) >= MANY and not (self.stack and CLOSER[self.stack[-1].char] == char):
            self.replaced[offset] = " "
        else:
            self.close_one(char, offset)

    def close_one(self, char: str, offset: int) -> None:
        if char == "}" and self.surplus < 0 and (self.add_inline_brace(offset) or self.is_early(offset)):
            self.surplus += 1
            return
        if char == "}" and self.surplus != 0:
            self.leave_deeper_indents(offset)
        if self.is_stray(char, offset):
            self.stray(char, offset)
        elif any(CLOSER[each.char] == char for each in self.stack):
            left = []
            while CLOSER[self.stack[-1].char] != char:
                left.append(self.stack.pop())
            self.unclosed(left, offset)
            self.stack.pop()
        elif self.stack and self.stack[-1].char != "{":
            self.mismatched(self.stack.pop(), char, offset)
        elif not (
            self.add_brace_above(offset)
            if char == "}" and not self.stack
            else char != "}" and self.add_beginning(char, offset)
        ):
            self.stray(char, offset)

    def is_stray(self, char: str, offset: int) -> bool:
        """Whether the bracket that should close here still comes, on the same line."""
        if not self.stack or CLOSER[self.stack[-1].char] == char:
            return False
        depth = 0
        for mark in marks(self.text, offset + 1):
            if mark.kind == "end":
                return False
            depth += {"open": 1, "close": -1}.get(mark.kind, 0)
            if depth < 0:
                return self.text[mark.start] == CLOSER[self.stack[-1].char]
        return False

    def stray(self, char: str, offset: int) -> None:
        self.replaced[offset] = " "
        hint = f"remove it, or write `{_opening(char)}` where it should begin"
        self.report("MTL004", f"`{char}` closes nothing", offset, "nothing that it closes is open", hint)

    def leave_deeper_indents(self, offset: int) -> None:
        """A `}` at the start of a line closes the block that begins at its indent, if there is one."""
        line = self.source.line(offset)
        if self.margin.start(line) < offset:
            return
        indent = self.margin.indent(line)
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
            place = self.margin.closing_place(opener, limit)
            self.added.append((place, CLOSER[opener.char]))
            if opener.line in told:
                continue
            told.add(opener.line)
            same = [each for each in openers if each.line == opener.line and each is not opener]
            others = [Label(Span(self.source, each.offset, each.offset + 1), "nor is this") for each in same]
            closers = "".join(CLOSER[each.char] for each in openers if each.line == opener.line)
            message = f"`{opener.char}` is never closed"
            hint = f"close it with `{closers}`"
            self.report("MTL003", message, opener.offset, "opened here", hint, *others, unsure=place)

    def add_inline_brace(self, offset: int) -> bool:
        """A `}` too many may be a `{` too few on its line: `task semseg classes = 40 }`."""
        if self.stack and self.stack[-1].line == self.source.line(offset):
            return False
        place = self.margin.inline_header(offset)
        if place:
            self.opening_brace(place, offset)
        return bool(place)

    def is_early(self, offset: int) -> bool:
        """Or one that closes a block from within its indented lines, while a later one closes nothing."""
        line = self.source.line(offset)
        if not self.stack or self.stack[-1].line == line or self.stack[-1].indent >= self.margin.indent(line):
            return False
        if not self.add_beginning("}", offset):
            self.stray("}", offset)
        return True

    def add_beginning(self, char: str, offset: int) -> bool:
        """Or one that begins its line, under lines that are indented deeper: their beginning is missing."""
        line = self.source.line(offset)
        first = self.margin.first_deeper(line)
        if self.margin.start(line) < offset or first == line:
            return False
        place = self.margin.start(first)
        if char == "}":
            self.orphans(place, offset)
            return True
        self.added += [(place, added) for added in ("_=[" if char == "]" else "_=_(")]
        label = Label(Span(self.source, offset, offset + 1), "closed here")
        hint = f"write the beginning of their entry above: `key = {'' if char == ']' else 'part'}{_opening(char)}`"
        self.report("MTL012", "values stand without a key", place, "the first of them", hint, label)
        return True

    def add_brace_above(self, offset: int) -> bool:
        """Or on the line above those that are indented deeper, which may be missing altogether."""
        line = self.source.line(offset)
        first = self.margin.first_deeper(line)
        if self.margin.start(line) < offset or first == line:
            return False
        place = self.margin.header_above(first)
        if place:
            self.opening_brace(place, offset)
        else:
            self.orphans(self.margin.start(first), offset)
        return True

    def opening_brace(self, place: int, closer: int) -> None:
        self.added.append((place, "{"))
        label = Label(Span(self.source, closer, closer + 1), "closed here")
        message, hint = "a block has no `{`", "write `{` after this"
        self.report("MTL004", message, place - 1, "its entries begin after this", hint, label)

    def orphans(self, place: int, closer: int) -> None:
        """Entries whose block has no beginning get one without a keyword, dropped when it was read."""
        self.added += [(place, "_"), (place, "{")]
        label = Label(Span(self.source, closer, closer + 1), "closed here")
        hint = "write the beginning of their block above: `keyword {`"
        self.report("MTL013", "entries stand outside of any block", place, "the first of them", hint, label)

    def finish(self) -> Draft:
        self.unclosed(self.stack[::-1], len(self.text))
        return mended(self.source, self.replaced, self.added, self.reported)


def _opening(closer: str) -> str:
    return next(opening for opening, closing in CLOSER.items() if closing == closer)
