"""From text to syntax tree. Every mistake is reported once, and the rest of the text is still read."""

import re
from typing import Any

from lark import Token, Tree, UnexpectedInput, UnexpectedToken

from mtlc.diagnostics import Diagnostic, Diagnostics
from mtlc.parse import grammar
from mtlc.parse.brackets import MANY, check
from mtlc.parse.draft import Draft
from mtlc.parse.literal import bad_escapes
from mtlc.parse.mistakes import Mistake, Trouble, explain
from mtlc.parse.scan import NAME, marks, opened_before, pieces
from mtlc.parse.tree import Reader
from mtlc.source import Source
from mtlc.syntax import Block, Comment, File, Override, Statement, Version

ROUNDS = MANY  # of mending what the grammar refuses
VERSION = 1


def parse(source: Source, diagnostics: Diagnostics) -> File:
    """Read a spec. What cannot be read is reported and left out; its words are in `lost`."""
    found = Diagnostics()
    draft = check(source, found)
    if draft is None:
        diagnostics.extend(_first(found))
        return File(source, ())
    reading = _Reading(draft, found)
    statements = [each for piece in pieces(draft.text, 0, commas=False) for each in reading.chunk(*piece)]
    _check_versions(statements, found)
    _check_escapes(draft, found)
    diagnostics.extend(_first(found))
    return File(source, tuple(statements), _comments(source), frozenset(reading.lost))


def parse_override(argument: str, diagnostics: Diagnostics) -> Override | None:
    """Read one argument of `--set`, or report why it cannot be read."""
    found = Diagnostics()
    draft = check(Source("--set", argument), found)
    if draft is None:
        diagnostics.extend(_first(found))
        return None
    try:
        tree = grammar.parser().parse(draft.text, start="override")
    except UnexpectedInput as error:
        if not found.failed:
            _report(draft, found, 0, explain(_trouble(draft.text, error, override=True)))
        diagnostics.extend(_first(found))
        return None
    _check_escapes(draft, found)
    diagnostics.extend(found)
    override: Override = Reader(draft.span).read(tree)
    return override


def _first(found: Diagnostics) -> list[Diagnostic]:
    """A text that is no spec at all has thousands of mistakes: the first ones say enough."""
    return list(found)[:MANY]


def _comments(source: Source) -> tuple[Comment, ...]:
    found = [mark for mark in marks(source.text) if mark.kind == "comment"]
    return tuple(Comment(span.text.rstrip(), span) for span in (source.span(*each[1:]) for each in found))


def _check_versions(statements: list[Statement], found: Diagnostics) -> None:
    for place, statement in enumerate(statements):
        if not isinstance(statement, Version):
            continue
        if statement.number != VERSION:
            message = f"`{statement.span.text}` is a version that this mtlc does not read"
            hint = f"write `mtl {VERSION}`, or update mtlc"
            found.error("MTL033", message, statement.span, f"version {VERSION} is expected", hint=hint)
        elif place > 0:
            message = "the version line is not the first statement"
            found.error(
                "MTL033", message, statement.span, hint="move it to the top of the file, or remove it"
            )


def _check_escapes(draft: Draft, found: Diagnostics) -> None:
    for mark in marks(draft.text):
        if mark.kind == "string":
            text = draft.text[mark.start : mark.end]
            for offset in bad_escapes(text)[:1]:
                span = draft.span(mark.start + offset, mark.start + offset + 2)
                message = f"`{span.text}` in a text stands for nothing"
                hint = "write `\\\\` for a backslash, or `/` in a path"
                found.error("MTL008", message, span, 'only `\\"` and `\\\\` do', hint=hint)


def _report(
    draft: Draft, found: Diagnostics, base: int, mistake: Mistake, piece: tuple[int, int] | None = None
) -> None:
    """`piece` is the entry that cannot be read because of it."""
    span = draft.span(base + mistake.start, base + mistake.end)
    reach = [draft.span(base + piece[0], base + piece[1])] if piece else []
    found.error(mistake.code, mistake.message, span, mistake.label, hint=mistake.hint, reach=reach)


def _offset(text: str, error: UnexpectedInput) -> int:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return len(text)  # Lark gives the place of the last token
    return error.pos_in_stream or 0


def _trouble(text: str, error: UnexpectedInput, override: bool = False) -> Trouble:
    offset = _offset(text, error)
    piece = (0, len(text)) if override else _piece(text, offset)
    stopped: Any = error.interactive_parser
    return Trouble(text, offset, piece, frozenset(stopped.accepts()), override)


def _piece(text: str, offset: int) -> tuple[int, int]:
    """The entry that an offset stands in or ends, with the names that commas divide it from."""
    braces = [each for each in opened_before(text, offset) if text[each] == "{"]
    found = pieces(text, braces[-1] + 1 if braces else 0, commas=bool(braces))
    place = next((i for i, (_, end) in enumerate(found) if offset <= end), len(found) - 1)
    start, end = found[place]
    while place > 0 and text[start - 1] == "," and text[start:end].strip():
        place -= 1
        if re.search(r"[={]|\bvia\b", text[slice(*found[place])]):
            break
        start = found[place][0]
    return start, end


class _Reading:
    """Reads the statements of a draft one by one, so that a mistake costs only its own statement again."""

    def __init__(self, draft: Draft, found: Diagnostics) -> None:
        self.draft, self.found = draft, found
        self.lost: set[str] = set()
        self.rounds = 0

    def chunk(self, start: int, end: int) -> list[Statement]:
        text = self.draft.text[start:end]
        mended = [offset - start for offset in self.draft.reported if start <= offset < end]
        while text.strip():
            try:
                tree = grammar.parser().parse(text, start="start")
            except UnexpectedInput as error:
                if self.rounds == ROUNDS:
                    break
                self.rounds += 1
                text, place = self.mend(text, error, start)
                mended.append(place)
            else:
                return self.read(tree, start, mended)
        self.lose(text)
        return []

    def read(self, tree: Tree[Token], base: int, mended: list[int]) -> list[Statement]:
        reader = Reader(lambda start, end: self.draft.span(base + start, base + end), tuple(mended))
        found = reader.read(tree)
        added = [each for each in found if isinstance(each, Block) and not each.keyword.span.text]
        for each in added:  # entries without a block
            self.lose(each.span.text)
        return [each for each in found if each not in added]

    def mend(self, text: str, error: UnexpectedInput, base: int) -> tuple[str, int]:
        """Report what is wrong and return the text without it, as long as before."""
        trouble = _trouble(text, error)
        mistake = explain(trouble)
        start, end = _piece(text, trouble.offset)
        if not self.is_told(base + trouble.offset):
            _report(self.draft, self.found, base, mistake, None if mistake.second else (start, end))
        mended = self.without(text, trouble.offset, (start, end), mistake)
        return mended if mended != text else self.blank(text, 0, len(text)), trouble.offset

    def is_told(self, offset: int) -> bool:
        """Whether a bracket of the same line was reported: what is wrong there follows from it."""
        text = self.draft.text
        start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
        end = next((mark.start for mark in marks(text, offset) if mark.kind == "end"), len(text))
        return any(start <= each <= end for each in self.draft.reported)

    def without(self, text: str, offset: int, piece: tuple[int, int], mistake: Mistake) -> str:
        start, end = piece
        if mistake.second and text[offset - 1] in " \t":
            return text[: offset - 1] + "\n" + text[offset:]
        if mistake.second:
            return self.blank(text, offset, end)
        brace = text.find("{", offset, end)
        header = re.match(rf"\s*(?!use\b|let\b|mtl\b){NAME}(?:[ \t]+{NAME})?", text[start:offset])
        if brace >= 0 and header and not re.search(r"=|\bvia\b", text[start:offset]):
            return self.blank(text, start + header.end(), brace)
        if text[end : end + 1] == ",":
            end += 1
        elif offset == end and (value := re.match(r"\s*[-+.0-9\"\[$][^\r\n{}]*", text[end:])):
            end += value.end()  # the value that was missing stands on the next line
        return self.blank(text, start, max(end, start + 1))

    def blank(self, text: str, start: int, end: int) -> str:
        self.lose(text[start:end])
        return text[:start] + " " * (end - start) + text[end:]

    def lose(self, text: str) -> None:
        self.lost.update(re.findall(NAME, text))
