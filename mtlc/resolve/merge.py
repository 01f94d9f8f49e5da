"""A spec and the files it uses become one set of blocks: the using file wins, `--set` comes last."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mtlc.diagnostics import Diagnostics, Label, suggest
from mtlc.resolve.balance import LEVELS, level_of
from mtlc.resolve.blocks import KIND_ONLY, NAMED, Blocks, Merged
from mtlc.resolve.headers import NAMELESS, header_fits, is_phase, unknown_block
from mtlc.resolve.override import set_value
from mtlc.resolve.params import params_in
from mtlc.resolve.use import Used
from mtlc.source import Source, Span
from mtlc.syntax import KEYWORDS, RELATIONS, Assign, Block, Entry, File, Let, Override, Relation

_WORD = re.compile(r"[A-Za-z_]\w*")


def merge(
    file: File, diagnostics: Diagnostics, overrides: Iterable[Override] = (), plugins: bool = True
) -> Blocks:
    """Follow every `use`, then take the files' statements in order, used files first, then the overrides."""
    blocks = Blocks(file.source)
    for each in Used(diagnostics, blocks, plugins).files(file):
        blocks.lost |= each.lost | _near_mistakes(each.source, diagnostics)
        blocks.unread |= not each.statements and bool(each.source.text.strip()) and diagnostics.failed
        blocks.used |= {each.name.text for each in params_in(each.statements)}
        _Merge(blocks, each, diagnostics).take()
    for override in overrides:
        blocks.used |= {each.name.text for each in params_in(override.value)}
        set_value(blocks, override, diagnostics)
    return blocks


def _near_mistakes(source: Source, diagnostics: Diagnostics) -> set[str]:
    """The words around mistakes of the text, read without what is wrong: `ne<ck` may be meant for `neck`."""
    found: set[str] = set()
    for each in diagnostics:
        span = each.primary.span
        if span.source is source and each.code.startswith("MTL0"):
            start, text = source.start(span.line), source.line_text(span.line)
            if "{" not in text[: span.start - start]:  # in a body, a mistake hides no declaration
                found.update(_WORD.findall(text[: span.start - start] + text[span.end - start :]))
            if each.code == "MTL013":  # entries without a block: its beginning is missing
                found.update(KEYWORDS)
            if not text[:1].isspace() and not text.startswith(KEYWORDS):  # it may begin any statement
                found.update((*KEYWORDS, "use") if '.mtl"' in text else KEYWORDS)
    return found


@dataclass
class _Merge:
    """Takes one file's statements into the blocks."""

    blocks: Blocks
    file: File
    diagnostics: Diagnostics
    own: set[tuple[str, str]] = field(default_factory=set)
    own_lets: dict[str, Let] = field(default_factory=dict)

    def take(self) -> None:
        for statement in self.file.statements:
            if isinstance(statement, Let):
                self._let(statement)
            elif isinstance(statement, Block):
                self._block(statement)

    def _let(self, let: Let) -> None:
        first = self.own_lets.setdefault(let.name.text, let)
        if first is not let:
            self._twice(f"`let {let.name.text}`", "keep one", let.name.span, first.name.span)
        self.blocks.lets[let.name.text] = let

    def _twice(self, what: str, hint: str, span: Span, first: Span) -> None:
        others = (Label(first, "first here"),)
        self.diagnostics.error(
            "MTL202", f"{what} is declared twice", span, "second", hint=hint, others=others
        )

    def _block(self, block: Block) -> None:
        keyword = block.keyword.text
        if keyword not in KEYWORDS:
            self.blocks.lost |= unknown_block(block, self.diagnostics)
            return
        if not header_fits(block, self._name(block), self.diagnostics):
            # where a name stands that does not belong there, another block may be meant
            self.blocks.lost |= set(KEYWORDS) if keyword in NAMELESS else {keyword}
            self.blocks.lost |= {block.name.text} if block.name else set()
            return
        name = self._name(block)
        known = self.blocks.blocks.get((keyword, name))
        if (keyword, name) in self.own and known is not None:
            self._twice(*_again(keyword, name), block.header, known.header)
            self.blocks.twins.append(self._merged(block, None, name))
            return
        if known is None and block.kind is not None and block.kind.text == "none" and keyword == "task":
            self._nothing_to_remove(block, name)
            return
        self.own.add((keyword, name))
        self._clash(block, keyword, name)
        self.blocks.blocks[keyword, name] = self._merged(block, known, name)

    def _name(self, block: Block) -> str:
        """What a block declares. A data set has a name where it has a kind beside it, here or in a used file."""
        keyword, name = block.keyword.text, block.name.text if block.name else ""
        named = keyword == "data" and (block.kind is not None or ("data", name) in self.blocks.blocks)
        return name if keyword in NAMED or named else ""

    def _nothing_to_remove(self, block: Block, name: str) -> None:
        tasks = [each.name for each in self.blocks.of("task") if each.name != "all"]
        guess = suggest(name, tasks)
        known = (
            f"used files declare {', '.join(f'`{task}`' for task in tasks)}"
            if tasks
            else "take this line out"
        )
        if not self.blocks.may_hold(name):
            message, hint = (
                f"there is no task `{name}` to take out",
                f"did you mean `{guess}`?" if guess else known,
            )
            self.diagnostics.error("MTL203", message, block.header, "undeclared", hint=hint)

    def _clash(self, block: Block, keyword: str, name: str) -> None:
        """A layer and a task, or a shared and a per-task layer, of one name."""
        for other in NAMED if keyword in NAMED else ():
            known = self.blocks.blocks.get((other, name))
            if name and other != keyword and known is not None and block.name is not None:
                self._twice(f"`{name}`", "choose another name for one", block.name.span, known.header)

    def _merged(self, block: Block, known: Merged | None, name: str) -> Merged:
        keyword = block.keyword.text
        kind = block.name if keyword in KIND_ONLY and not name else block.kind
        merged = Merged(keyword, name, kind, block.header, self.file.source, block.damaged)
        if known is not None and keyword not in RELATIONS:
            before = known.kind.text if known.kind else known.name
            if kind is None and keyword == "balance" and level_of(before) in _keys(block):
                merged.entries = {level: each for level, each in known.entries.items() if level in LEVELS}
            elif kind is None or kind.text == before:
                merged.kind, merged.damaged = kind or known.kind, merged.damaged or known.damaged
                merged.entries, merged.inner = dict(known.entries), dict(known.inner)
        self._body(block, merged)
        return merged

    def _body(self, block: Block, merged: Merged) -> None:
        own: dict[str, Assign] = {}
        for entry in block.body or ():
            self._entry(entry, merged, own)

    def _entry(self, entry: Entry, merged: Merged, own: dict[str, Assign]) -> None:
        if isinstance(entry, Assign):
            self._assign(entry, merged, own)
        elif isinstance(entry, Relation):
            if merged.keyword in RELATIONS:
                merged.relations.append(entry)
            else:
                hint = "links between tasks stand in `links { … }`"
                message = f"`{merged.keyword}` holds keys, not relations"
                self.diagnostics.error("MTL217", message, entry.span, hint=hint)
        else:
            self._inner(entry, merged)

    def _assign(self, entry: Assign, merged: Merged, own: dict[str, Assign]) -> None:
        name = entry.name.text
        if merged.keyword in RELATIONS:
            hint = "write a relation, such as `all via kem`"
            message = f"`{merged.keyword}` holds relations, not keys"
            self.diagnostics.error("MTL217", message, entry.name.span, hint=hint)
        elif name in own:
            others = (Label(own[name].name.span, "first here"),)
            owner = f"{merged.keyword} `{merged.name}`" if merged.name else f"`{merged.keyword}`"
            message = f"{owner} has `{name}` twice"
            self.diagnostics.error(
                "MTL105", message, entry.name.span, "second", hint="keep one", others=others
            )
        else:
            own[name] = merged.entries[name] = entry

    def _inner(self, block: Block, merged: Merged) -> None:
        if not is_phase(block, merged.keyword, self.diagnostics) or block.name is None:
            self.blocks.lost |= {part.text for part in (block.keyword, block.name) if part}
            return
        name = block.name.text
        known = merged.inner.get(name)
        if known is not None and known.file is self.file.source:
            self._twice(f"phase `{name}`", "choose another name for one", block.name.span, known.header)
            twin = Merged("phase", name, None, block.header, self.file.source, block.damaged)
            self._body(block, twin)
            self.blocks.twins.append(twin)
            return
        entries = dict(known.entries) if known else {}
        merged.inner[name] = Merged(
            "phase", name, None, block.header, self.file.source, block.damaged, entries
        )
        self._body(block, merged.inner[name])


def _keys(block: Block) -> set[str]:
    return {entry.name.text for entry in block.body or () if isinstance(entry, Assign)}


def _again(keyword: str, name: str) -> tuple[str, str]:
    """What a block that stands twice is called, and the way out."""
    if name:
        return f"{keyword} `{name}`", "keep one, or choose another name"
    if keyword in RELATIONS:
        return f"`{keyword}`", "put all lines into one block"
    return f"`{keyword}`", "keep one" if keyword in KIND_ONLY else "keep one, with the keys of both"
