"""Where text comes from and where in it something stands."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LIMIT = 1_000_000  # bytes; a spec is a screenful, and every later phase may walk it several times
BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n?|\n")


class SourceError(Exception):
    """A text that cannot be read. `reason` is one clause ("it does not exist"), `hint` the way out."""

    def __init__(self, name: str, reason: str, hint: str) -> None:
        super().__init__(f"cannot read `{name}`: {reason}")
        self.name, self.reason, self.hint = name, reason, hint


@dataclass(frozen=True, eq=False)
class Source:
    """A named text. `path` is the file it was read from, None for standard input or an argument."""

    name: str
    text: str
    path: Path | None = None

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return (0, *(end.end() for end in _LINE_END.finditer(self.text)))

    @property
    def lines(self) -> int:
        """How many lines there are; the text after the last line end counts, even when empty."""
        return len(self._starts)

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        """The column of an offset in characters, from 1."""
        return offset - self._starts[self.line(offset) - 1] + 1

    def start(self, line: int) -> int:
        """The offset at which a line (from 1) begins."""
        return self._starts[line - 1]

    def line_text(self, line: int) -> str:
        """A line (from 1) without its line end."""
        end = self._starts[line] if line < self.lines else len(self.text)
        return self.text[self._starts[line - 1] : end].rstrip("\r\n")

    def span(self, start: int, end: int) -> "Span":
        return Span(self, start, end)


@dataclass(frozen=True)
class Span:
    """A stretch of a source: offsets `start` (included) to `end` (not included)."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line(self.start)

    @property
    def column(self) -> int:
        return self.source.column(self.start)

    @property
    def end_line(self) -> int:
        return self.source.line(self.end)

    @property
    def end_column(self) -> int:
        """The column just after the last character, from 1."""
        return self.source.column(self.end)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: "Span") -> "Span":
        """From the start of this span to the end of another one of the same source."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


def load(path: str | Path) -> Source:
    """Read a UTF-8 file of at most `LIMIT` bytes. Raises `SourceError` with the reason and a way out."""
    path = Path(path)
    try:
        if path.is_dir():
            raise SourceError(str(path), "it is a folder", "name the file in it")
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
        size = max(len(data), path.stat().st_size)
    except FileNotFoundError:
        raise SourceError(str(path), "it does not exist", "check the path and the current folder") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        reason = reason[:1].lower() + reason[1:]
        raise SourceError(str(path), reason, "check the path and its rights") from None
    return decode(str(path), data, path, size)


def decode(name: str, data: bytes, path: Path | None = None, size: int | None = None) -> Source:
    """Bytes to a source, without a byte order mark. `size` is the size to name when `data` was cut short."""
    size = len(data) if size is None else size
    if size > LIMIT:
        reason = (
            f"it has {size / 1e6:.1f} MB ({size:,} bytes), of which at most {LIMIT / 1e6:.0f} MB are read"
        )
        raise SourceError(name, reason, "check that this is a spec, or split it with `use`")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(name, _not_utf8(data, error.start), "save it as UTF-8") from None
    if "\0" in text:
        reason = f"it is no text: byte {data.index(0)} is zero"
        raise SourceError(name, reason, "check that this is a spec")
    return Source(name, text.removeprefix(BOM), path)


def _not_utf8(data: bytes, offset: int) -> str:
    line = data.count(b"\n", 0, offset) + 1
    return f"it is not UTF-8: byte {offset} (line {line}) is 0x{data[offset]:02x}"
