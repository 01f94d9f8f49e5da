"""From the parser's tree to the syntax tree, one method a rule of the grammar."""

from collections.abc import Callable
from typing import Any

from lark import Token, Tree

from mtlc.parse.literal import literal, unquote
from mtlc.source import Span
from mtlc.syntax import (
    Arg,
    Assign,
    Bare,
    Block,
    Bool,
    Call,
    Let,
    ListValue,
    Name,
    Number,
    Override,
    Param,
    Relation,
    Text,
    Use,
    Value,
    Version,
)


class Reader:
    """Reads trees whose offsets `place` turns into spans. Blocks that hold a `mended` offset are damaged."""

    def __init__(self, place: Callable[[int, int], Span], mended: tuple[int, ...] = ()) -> None:
        self.place, self.mended = place, mended

    def read(self, tree: Any) -> Any:
        return getattr(self, tree.data)(tree)

    def all(self, trees: list[Any]) -> tuple[Any, ...]:
        return tuple([self.read(tree) for tree in trees if tree is not None])

    def span(self, tree: Tree[Token]) -> Span:
        return self.place(tree.meta.start_pos, tree.meta.end_pos)

    def start(self, tree: Tree[Token]) -> tuple[Any, ...]:
        return self.all(tree.children)

    def version(self, tree: Tree[Token]) -> Version:
        number = literal(str(tree.children[0]), self.span(tree))
        if isinstance(number, Number) and isinstance(number.value, int):
            return Version(number.value, self.span(tree))
        return Version(-1, self.span(tree))

    def use(self, tree: Tree[Token]) -> Use:
        return Use(self.text(tree.children[0]), self.span(tree))

    def let(self, tree: Tree[Token]) -> Let:
        name, value = self.all(tree.children)
        return Let(name, value, self.span(tree))

    def block(self, tree: Tree[Token]) -> Block:
        keyword, name, kind, body = parts(tree)
        start, end = tree.meta.start_pos, tree.meta.end_pos
        return Block(
            self.read(keyword),
            None if name is None else self.read(name),
            None if kind is None else self.read(kind),
            None if body is None else self.body(body),
            self.span(tree),
            damaged=any(start <= offset <= end for offset in self.mended),
        )

    def body(self, tree: Tree[Token]) -> tuple[Any, ...]:
        """Its entries, without those whose beginning was put into the draft: what they hold was reported."""
        entries = self.all(tree.children)
        return tuple(each for each in entries if isinstance(each, Relation) or _beginning(each).span.text)

    entry_block = block

    def assign(self, tree: Tree[Token]) -> Assign:
        name, value = self.all(tree.children)
        return Assign(name, value, self.span(tree))

    def relation(self, tree: Tree[Token]) -> Relation:
        left, arrow, right, *calls = parts(tree)
        return Relation(
            self.all(left.children),
            None if arrow is None else str(arrow),
            () if right is None else self.all(right.children),
            self.all(calls),
            self.span(tree),
        )

    def call(self, tree: Tree[Token]) -> Call:
        name, *arguments = parts(tree)
        read = [self.argument(each) for each in arguments if each is not None]
        return Call(self.read(name), tuple(read), self.span(tree))

    step = call

    def argument(self, tree: Tree[Token]) -> Arg:
        if tree.data == "named":
            name, value = self.all(tree.children)
            return Arg(name, value, self.span(tree))
        return Arg(None, self.read(tree), self.span(tree))

    def list(self, tree: Tree[Token]) -> ListValue:
        return ListValue(self.all(tree.children), self.span(tree))

    def literal(self, tree: Tree[Token]) -> Value:
        return literal(str(tree.children[0]), self.span(tree))

    def string(self, tree: Tree[Token]) -> Text:
        return self.text(tree.children[0])

    def text(self, token: Any) -> Text:
        return Text(unquote(token), self.place(token.start_pos, token.end_pos))

    def true(self, tree: Tree[Token]) -> Bool:
        return Bool(True, self.span(tree))

    def false(self, tree: Tree[Token]) -> Bool:
        return Bool(False, self.span(tree))

    def bare(self, tree: Tree[Token]) -> Bare:
        return Bare(self.read(tree.children[0]))

    def param(self, tree: Tree[Token]) -> Param:
        return Param(self.read(tree.children[0]), self.span(tree))

    def name(self, tree: Tree[Token]) -> Name:
        return Name(str(tree.children[0]), self.span(tree))

    def override(self, tree: Tree[Token]) -> Override:
        *path, value = self.all(tree.children)
        return Override(tuple(path), value, self.span(tree))


def _beginning(entry: Assign | Block) -> Name:
    return entry.name if isinstance(entry, Assign) else entry.keyword


def parts(tree: Tree[Token]) -> list[Any]:
    """The children of a rule; None stands for what was left out."""
    return tree.children
