"""Where reading stopped and what stands around it, and the mistake that this is taken for."""

import re
from collections.abc import Set
from dataclasses import dataclass

from mtlc.parse.scan import NAME, opened_before
from mtlc.syntax import RELATIONS

CODES = {
    "MTL001": "a file cannot be read as text: missing, too large, not UTF-8",
    "MTL002": "brackets are nested too deep",
    "MTL003": "a bracket is never closed",
    "MTL004": "a closing bracket without its opening one",
    "MTL005": "a bracket is closed by one of another kind",
    "MTL006": "a text has no closing quote",
    "MTL007": "a character that means nothing here",
    "MTL008": "a backslash in a text that escapes nothing",
    "MTL010": "a key and its value are not joined by one `=`",
    "MTL011": "a value is missing",
    "MTL012": "a key stands alone, or a value has no key",
    "MTL013": "a key or a relation stands outside of any block",
    "MTL014": "two statements or two entries on one line",
    "MTL015": "a comma too many, or one too few",
    "MTL016": "something follows a complete entry",
    "MTL019": "something else that is not expected here",
    "MTL020": "a relation has no `via`",
    "MTL021": "`via` or `then` without a part, or parts not joined by `then`",
    "MTL022": "an arrow that is not `->` or `<->`, or a second one",
    "MTL023": "an arrow or a comma with no task beside it",
    "MTL030": "the beginning of a block cannot be read",
    "MTL031": "`use` without a path in quotes",
    "MTL032": "`let` without a name or `=`",
    "MTL033": "the version line is unknown or not first",
    "MTL034": "an argument of `--set` is not `path=value`",
}
_FOUND = re.compile(
    rf'{NAME}|<->|->|[-+]?\.?[0-9][^\s,;:=(){{}}\[\]"#$<>]*|"(?:[^"\\\r\n]|\\[^\r\n])*"|[^ \t\r\n]'
)


@dataclass(frozen=True)
class Mistake:
    """A diagnostic before it has a source. `second`: what is found begins an entry that can be read."""

    code: str
    message: str
    start: int
    end: int
    label: str
    hint: str
    second: bool = False


class Trouble:
    """The place where reading stopped: what is found, what could stand there, and what stands around it."""

    def __init__(
        self, text: str, offset: int, piece: tuple[int, int], accepts: Set[str], override: bool
    ) -> None:
        self.text, self.offset, self.accepts, self.override = text, offset, accepts, override
        self.piece = text[piece[0] : piece[1]]
        self.head = text[piece[0] : offset]
        self.tail = text[offset : max(piece[1], offset)]
        match = _FOUND.match(text, offset)
        ends = match is None or match[0] == "#"
        self.found = "" if match is None or ends else match[0]
        opened = opened_before(text, offset)
        self.inside = text[opened[-1]] if opened else ""
        self.block = _keyword(text, opened)

    @property
    def last(self) -> str:
        """The last word or sign before the place."""
        found: list[str] = _FOUND.findall(self.head)
        return found[-1] if found else ""

    @property
    def relates(self) -> bool:
        """Whether the block that the place stands in holds relations; used for the choice of words only."""
        return self.block in RELATIONS

    @property
    def stops(self) -> bool:
        """Whether nothing stands here: the end of a line, or what ends an entry."""
        return self.found in ("", ",", "}", ")", "]")

    @property
    def words(self) -> list[str]:
        return re.findall(NAME, self.head)

    @property
    def key(self) -> str | None:
        """The key whose value would stand here."""
        match = re.search(rf"({NAME})\s*=\s*$", self.head)
        return match[1] if match else None

    @property
    def run(self) -> tuple[int, int]:
        """The stretch of signs that holds the place."""
        return _stretch(self.text, self.offset, "-=<>~:+!→←↔⇒⇔⟶")

    def here(self, code: str, message: str, label: str, hint: str, second: bool = False) -> Mistake:
        """A mistake at what is found."""
        if not self.found:
            return self.gap(code, message, label, hint)
        return Mistake(code, message, self.offset, self.offset + len(self.found), label, hint, second)

    def gap(self, code: str, message: str, label: str, hint: str) -> Mistake:
        """A mistake where something is missing: at what is found, or after what the entry ends with."""
        if not self.stops:
            return self.here(code, message, label, hint)
        end = len(self.text[: self.offset].rstrip())
        return Mistake(code, message, end, end, label, hint)

    def at(self, pattern: str, code: str, message: str, label: str, hint: str) -> Mistake:
        """A mistake at the last match of a pattern before the place."""
        found = list(re.finditer(pattern, self.head))
        if not found:
            return self.here(code, message, label, hint)
        base = self.offset - len(self.head)
        return Mistake(code, message, base + found[-1].start(), base + found[-1].end(), label, hint)


def _keyword(text: str, opened: list[int]) -> str:
    """The keyword of the block that a place stands in."""
    braces = [offset for offset in opened if text[offset] == "{"]
    if not braces:
        return ""
    header = re.search(rf"({NAME})(?:[ \t]+{NAME})?(?:[ \t]*:[ \t]*{NAME})?[ \t]*$", text[: braces[-1]])
    return header[1] if header else ""


def _stretch(text: str, offset: int, chars: str) -> tuple[int, int]:
    start = end = offset
    while start > 0 and text[start - 1] in chars:
        start -= 1
    while end < len(text) and text[end] in chars:
        end += 1
    return (start, end) if start <= offset < end else (offset, offset)
