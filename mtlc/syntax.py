"""The tree of a spec as written. Spans do not take part in comparisons: equal trees say the same."""

from dataclasses import dataclass, field

from mtlc.source import Source, Span

KEYWORDS = (
    "data",
    "shared",
    "layer",
    "task",
    "links",
    "reuse",
    "agree",
    "balance",
    "train",
    "eval",
)  # of blocks
RELATIONS = ("links", "reuse", "agree")  # blocks that hold relations
STATEMENTS = (*KEYWORDS, "use", "let", "mtl")


@dataclass(frozen=True)
class Name:
    text: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Number:
    """`3`, `2e-5`, `40k` (40000), `1.5M`, `50%` (0.5, percent). `text` is the number as written."""

    value: int | float
    text: str
    span: Span = field(compare=False, repr=False)
    percent: bool = False


@dataclass(frozen=True)
class SizeValue:
    """`448x576`: height x width, in pixels."""

    height: int
    width: int
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Text:
    value: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Bool:
    value: bool
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Param:
    """`$dim`."""

    name: Name
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class ListValue:
    items: "tuple[Value, ...]"
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Bare:
    """A name as a value: a choice (`bf16`), a layer, `none`, or a part with all its defaults."""

    name: Name

    @property
    def span(self) -> Span:
        return self.name.span


@dataclass(frozen=True)
class Arg:
    """An argument of a call, by name or (name None) by position."""

    name: Name | None
    value: "Value"
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Call:
    name: Name
    args: tuple[Arg, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class BadLiteral:
    """What starts like a number and is none (`448x`, `3abc`): whoever knows the key reports it."""

    text: str
    span: Span = field(compare=False, repr=False)


Value = Number | SizeValue | Text | Bool | Param | ListValue | Bare | Call | BadLiteral


@dataclass(frozen=True)
class Assign:
    name: Name
    value: Value
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Relation:
    """`left arrow right via call then call`. Without an arrow, `arrow` is None and `right` empty.

    A call written without parentheses has no arguments.
    """

    left: tuple[Name, ...]
    arrow: str | None
    right: tuple[Name, ...]
    calls: tuple[Call, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Block:
    """`keyword name : kind { body }`; `body` is None where there are no braces.

    A damaged block is declared, but some of it could not be read, which was reported: ask it for no more.
    """

    keyword: Name
    name: Name | None
    kind: Name | None
    body: "tuple[Entry, ...] | None"
    span: Span = field(compare=False, repr=False)
    damaged: bool = field(default=False, compare=False, repr=False)

    @property
    def header(self) -> Span:
        """The span of what stands before the braces."""
        return self.keyword.span.to((self.kind or self.name or self.keyword).span)


Entry = Assign | Relation | Block


@dataclass(frozen=True)
class Version:
    """`mtl 1`."""

    number: int
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Use:
    path: Text
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Let:
    name: Name
    value: Value
    span: Span = field(compare=False, repr=False)


Statement = Version | Use | Let | Block


@dataclass(frozen=True)
class Comment:
    """From `#` to the end of its line."""

    text: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class File:
    """A spec: its statements in order, and beside them its comments in order.

    `lost` are the words in what could not be read (which was reported): a name among them may be declared.
    """

    source: Source = field(compare=False, repr=False)
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...] = ()
    lost: frozenset[str] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True)
class Override:
    """`train.steps=3`, an argument of `--set`."""

    path: tuple[Name, ...]
    value: Value
    span: Span = field(compare=False, repr=False)
