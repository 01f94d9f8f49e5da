"""From syntax tree to text in the one layout. Comments and single blank lines stay where they are."""

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mtlc.parse.literal import quote
from mtlc.syntax import (
    Arg,
    Assign,
    BadLiteral,
    Bare,
    Block,
    Bool,
    Call,
    Entry,
    File,
    Let,
    ListValue,
    Name,
    Number,
    Param,
    Relation,
    SizeValue,
    Statement,
    Text,
    Use,
    Value,
)

INDENT = "  "
Item = TypeVar("Item", Statement, Entry, Arg, Value)


def format(file: File) -> str:
    """The canonical text of a file that was parsed without errors.

    What was written on one line stays on one line; what was spread gets a line for each entry or item.
    """
    writer = _Writer(file)
    writer.items(file.statements, 0, len(file.source.text) + 1, writer.statement)
    text = "".join(row.show() + "\n" for row in writer.rows)
    line_end = re.search(r"\r\n?|\n", file.source.text)
    return text.replace("\n", line_end[0]) if line_end else text


@dataclass
class _Row:
    indent: int
    text: str = ""
    comment: str = ""

    def show(self) -> str:
        between = "  " if self.text and self.comment else ""
        return (INDENT * self.indent + self.text + between + self.comment).rstrip()


class _Writer:
    """Writes rows. Comments wait in a queue until what stands after them in the source is written."""

    def __init__(self, file: File) -> None:
        self.source = file.source
        self.comments = deque(file.comments)
        self.rows: list[_Row] = []
        self.padding: dict[int, int] = {}  # an assignment's identity to the width of its key
        self.line = 0  # of the source, where the thing written last ended; 0 after an opening bracket

    def put(self, text: str) -> None:
        self.rows[-1].text += text

    def row(self, line: int, indent: int) -> None:
        """Begin a row for what stands on a line of the source, after a blank row if there was one."""
        if self.line and line > self.line + 1:
            self.rows.append(_Row(0))
        self.rows.append(_Row(indent))
        self.line = line

    def items(
        self,
        items: Sequence[Item],
        indent: int,
        end: int,
        write: Callable[[Item, int], None],
        after: str = "",
    ) -> None:
        """Each item on rows of its own, its comments above and beside it; `end` is where the last may end."""
        self.line = 0
        limits = [*(item.span.start for item in items[1:]), end]
        for item, limit in zip(items, limits, strict=True) if items else ():
            self.comments_above(item.span.start, indent)
            self.row(item.span.line, indent)
            write(item, indent)
            self.put(after)
            self.line = item.span.end_line
            self.comment_beside(limit)
        self.comments_above(end, indent)

    def comments_above(self, offset: int, indent: int) -> None:
        while self.comments and self.comments[0].span.start < offset:
            comment = self.comments.popleft()
            self.row(comment.span.line, indent)
            self.rows[-1].comment = comment.text

    def comment_beside(self, limit: int) -> None:
        """The comment on the line that was just written, if it stands before `limit`."""
        span = self.comments[0].span if self.comments else None
        if span and span.line == self.line and span.start < limit and not self.rows[-1].comment:
            self.rows[-1].comment = self.comments.popleft().text

    def bracketed(
        self,
        items: Sequence[Item],
        indent: int,
        place: tuple[int, int],
        write: Callable[[Item, int], None],
        after: str,
    ) -> None:
        """Items between brackets that stand at two offsets of the source."""
        opening, closing = place
        self.put(self.source.text[opening])
        self.line = self.source.line(opening)
        self.comment_beside(items[0].span.start if items else closing)
        self.items(items, indent + 1, closing, write, after)
        self.rows.append(_Row(indent, self.source.text[closing]))

    def statement(self, statement: Statement, indent: int) -> None:
        if isinstance(statement, Use):
            self.put(f"use {quote(statement.path.value)}")
        elif isinstance(statement, Let):
            self.put(f"let {statement.name.text} = ")
            self.value(statement.value, indent)
        elif isinstance(statement, Block):
            self.block(statement, indent)
        else:
            self.put(f"mtl {statement.number}")

    def block(self, block: Block, indent: int) -> None:
        self.put(_header(block))
        if block.body is None:
            return
        self.put(" ")
        opening = self.source.text.index("{", block.header.end)
        place = (opening, block.span.end - 1)
        if self.spread(block.body, place):
            self.pad(block.body)
            self.bracketed(block.body, indent, place, self.entry, "")
        elif block.body:
            self.put("{ ")
            for i, entry in enumerate(block.body):
                self.put(", " if i else "")
                self.entry(entry, indent)
            self.put(" }")
        else:
            self.put("{}")

    def spread(self, items: Sequence[Item], place: tuple[int, int]) -> bool:
        """Whether what stands between two brackets had lines of its own, even if only a comment's."""
        commented = bool(self.comments) and place[0] < self.comments[0].span.start < place[1]
        return commented or (bool(items) and self.source.line(place[0]) != self.source.line(place[1]))

    def pad(self, body: tuple[Entry, ...]) -> None:
        """Pad keys to the longest of those that follow each other without a blank line."""
        groups: list[list[Assign]] = [[]]
        line = 0
        for entry in body:
            if not isinstance(entry, Assign) or self.blank_between(line, entry.span.line):
                groups.append([])
            if isinstance(entry, Assign):
                groups[-1].append(entry)
            line = entry.span.end_line
        for group in groups:
            width = max((len(each.name.text) for each in group), default=0)
            self.padding.update({id(each): width for each in group})

    def blank_between(self, first: int, last: int) -> bool:
        return any(not self.source.line_text(line).strip() for line in range(first + 1, last))

    def entry(self, entry: Entry, indent: int) -> None:
        if isinstance(entry, Assign):
            self.put(f"{entry.name.text:<{self.padding.get(id(entry), 0)}} = ")
            self.value(entry.value, indent)
        elif isinstance(entry, Relation):
            self.relation(entry, indent)
        else:
            self.block(entry, indent)

    def relation(self, relation: Relation, indent: int) -> None:
        self.put(_names(relation.left))
        if relation.arrow:
            self.put(f" {relation.arrow} {_names(relation.right)}")
        for i, call in enumerate(relation.calls):
            self.put(" then " if i else " via ")
            if call.args:
                self.call(call, indent)
            else:
                self.put(call.name.text)

    def call(self, call: Call, indent: int) -> None:
        self.put(call.name.text)
        opening = self.source.text.index("(", call.name.span.end)
        self.sequence(call.args, indent, (opening, call.span.end - 1), self.argument)

    def sequence(
        self, items: Sequence[Item], indent: int, place: tuple[int, int], write: Callable[[Item, int], None]
    ) -> None:
        """Items divided by commas, on one line or on one line each."""
        if self.spread(items, place):
            self.bracketed(items, indent, place, write, ",")
            return
        self.put(self.source.text[place[0]])
        for i, item in enumerate(items):
            self.put(", " if i else "")
            write(item, indent)
        self.put(self.source.text[place[1]])

    def argument(self, argument: Arg, indent: int) -> None:
        self.put(f"{argument.name.text} = " if argument.name else "")
        self.value(argument.value, indent)

    def value(self, value: Value, indent: int) -> None:
        if isinstance(value, Call):
            self.call(value, indent)
        elif isinstance(value, ListValue):
            self.sequence(value.items, indent, (value.span.start, value.span.end - 1), self.value)
        else:
            self.put(_plain(value))


def _header(block: Block) -> str:
    name = f" {block.name.text}" if block.name else ""
    kind = f" : {block.kind.text}" if block.kind else ""
    return block.keyword.text + name + kind


def _names(names: tuple[Name, ...]) -> str:
    return ", ".join(name.text for name in names)


def _plain(value: Number | SizeValue | Text | Bool | Param | Bare | BadLiteral) -> str:
    match value:
        case Number() | BadLiteral():
            return value.text
        case SizeValue():
            return f"{value.height}x{value.width}"
        case Text():
            return quote(value.value)
        case Bool():
            return "true" if value.value else "false"
        case Param():
            return f"${value.name.text}"
        case Bare():
            return value.name.text
