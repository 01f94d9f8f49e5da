"""A spec and the files it uses become one set of blocks: the using file wins, `--set` comes last."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtlc.diagnostics import Diagnostics, Label, suggest
from mtlc.meant import meant
from mtlc.parse import parse
from mtlc.plugins import PluginError, import_plugin
from mtlc.source import Source, SourceError, Span, load
from mtlc.syntax import (
    Arg,
    Assign,
    Bare,
    Block,
    Call,
    Entry,
    File,
    Let,
    ListValue,
    Name,
    Override,
    Param,
    Relation,
    Use,
    Value,
)

KEYWORDS = ("data", "shared", "layer", "task", "links", "reuse", "agree", "balance", "train", "eval")
NAMED = ("shared", "layer", "task")  # blocks that declare a name
KIND_ONLY = ("data", "balance")  # the name of the block is its kind
RELATIONS = ("links", "reuse", "agree")
RESERVED = ("all", "frames")
DEPTH = 50  # of files that use files
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Merged:
    """One block after merging: its header's place, its kind, its keys by name, its relations and blocks."""

    keyword: str
    name: str
    kind: Name | None
    header: Span
    file: Source
    damaged: bool = False  # some of it could not be read
    entries: dict[str, Assign] = field(default_factory=dict)
    overridden: set[str] = field(default_factory=set)
    relations: list[Relation] = field(default_factory=list)
    inner: dict[str, Merged] = field(default_factory=dict)
    args: tuple[Arg, ...] = ()  # of a kind that `--set` gave as a call


@dataclass
class Blocks:
    """All blocks of a spec in order, the named values, and the files they came from."""

    source: Source
    blocks: dict[tuple[str, str], Merged] = field(default_factory=dict)
    lets: dict[str, Let] = field(default_factory=dict)
    plugins: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)  # words of text that could not be read or taken, keywords too
    unread: bool = False  # a whole file could not be read
    used: set[str] = field(default_factory=set)  # the named values that any statement uses

    def of(self, *keywords: str) -> Iterator[Merged]:
        return (block for block in self.blocks.values() if block.keyword in keywords)

    def one(self, keyword: str) -> Merged | None:
        return next(self.of(keyword), None)

    def may_hold(self, *words: str) -> bool:
        """Whether one of these words may be declared in text that could not be read: that was reported."""
        return self.unread or any(word in self.lost or suggest(word, self.lost) for word in ("use", *words))

    def params(self) -> dict[str, Value]:
        return {name: let.value for name, let in self.lets.items()}


def merge(
    file: File, diagnostics: Diagnostics, overrides: Iterable[Override] = (), plugins: bool = True
) -> Blocks:
    """Follow every `use`, then take the files' statements in order, used files first, then the overrides."""
    blocks = Blocks(file.source)
    for each in _Used(diagnostics, blocks, plugins).files(file):
        blocks.lost |= each.lost | _near_mistakes(each.source, diagnostics)
        blocks.unread |= not each.statements and bool(each.source.text.strip()) and diagnostics.failed
        blocks.used |= set(_params(each.statements))
        _Merge(blocks, each, diagnostics).take()
    for override in overrides:
        blocks.used |= set(_params(override.value))
        _override(blocks, override, diagnostics)
    return blocks


def _neighbour(path: Path) -> str | None:
    """The spec in a path's folder that is called nearly so."""
    try:
        return suggest(path.name, (each.name for each in path.parent.iterdir() if each.suffix == ".mtl"))
    except OSError:
        return None


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
    return found


def told(span: Span, diagnostics: Diagnostics) -> bool:
    """Whether a mistake of the text stands in the same beginning of a block: the rest follows from it."""
    for each in diagnostics:
        other = each.primary.span
        if other.source is span.source and other.line == span.line and each.code.startswith("MTL0"):
            start = span.source.start(span.line)
            if "{" not in span.source.text[start : other.start]:
                return True
    return False


def _params(node: Any) -> Iterator[str]:
    """The named values that a piece of syntax uses."""
    if isinstance(node, Param):
        yield node.name.text
    elif isinstance(node, tuple):
        for each in node:
            yield from _params(each)
    elif isinstance(node, Let | Block | Assign | Relation | Call | Arg | ListValue):
        for part in ("value", "body", "calls", "args", "items"):
            yield from _params(getattr(node, part, None))


@dataclass
class _Used:
    """Finds the files that a file uses, depth first; each counts once."""

    diagnostics: Diagnostics
    blocks: Blocks
    plugins: bool
    seen: set[str] = field(default_factory=set)
    open: list[str] = field(default_factory=list)

    def files(self, file: File) -> Iterator[File]:
        path = os.path.realpath(file.source.path) if file.source.path else ""
        self.seen.add(path)
        self.open.append(path)
        for use in file.statements:
            if isinstance(use, Use):
                yield from self._use(use, file.source)
        self.open.pop()
        yield file

    def _use(self, use: Use, source: Source) -> Iterator[File]:
        fault = "a zero byte stands in a path" if "\0" in use.path.value else ""
        fault = f"used files are nested deeper than {DEPTH}" if len(self.open) > DEPTH else fault
        if fault:
            self.diagnostics.error("MTL211", fault, use.path.span, hint="take this line out")
            self.blocks.unread = True
            return
        folder = Path(source.path).parent if source.path else Path()
        path, name = folder / use.path.value, os.path.normpath(Path(source.name).parent / use.path.value)
        real = os.path.realpath(path)
        if path.suffix == ".py":
            self._plugin(use, path, name)
        elif real in self.open:
            message = f"`{use.path.value}` uses this file in turn"
            self.diagnostics.error("MTL212", message, use.path.span, "a circle", hint="take this line out")
        elif real not in self.seen:
            try:
                found = load(path)
            except SourceError as error:
                message = f"cannot use `{use.path.value}`: {error.reason}"
                guess = _neighbour(path)
                hint = f"correct the path, which starts from this file; looked for `{name}`"
                hint = (
                    f"did you mean `{(Path(use.path.value).parent / guess).as_posix()}`?" if guess else hint
                )
                self.diagnostics.error("MTL211", message, use.path.span, hint=hint)
                self.blocks.unread = True
            else:
                used = Source(name, found.text, found.path)
                yield from self.files(parse(used, self.diagnostics))

    def _plugin(self, use: Use, path: Path, name: str) -> None:
        self.blocks.unread |= not self.plugins
        if not self.plugins:
            message = f"`{use.path.value}` is Python code, and --no-plugins refuses to run it"
            self.diagnostics.error(
                "MTL214", message, use.path.span, hint="leave --no-plugins out if you trust it"
            )
            return
        try:
            import_plugin(path)
        except PluginError as error:
            self.diagnostics.error("MTL214", f"cannot use `{name}`: {error}", use.path.span, hint=error.hint)
            self.blocks.unread = True
        else:
            self.blocks.plugins.append(os.path.abspath(path))


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
            self._unknown(block)
            return
        if not self._header_fits(block):
            self.blocks.lost |= {keyword, *([block.name.text] if block.name else [])}
            return
        name = block.name.text if block.name and keyword in NAMED else ""
        known = self.blocks.blocks.get((keyword, name))
        if (keyword, name) in self.own and known is not None:
            self._twice(*_again(keyword, name), block.header, known.header)
            return
        if known is None and block.kind is not None and block.kind.text == "none" and keyword == "task":
            self._nothing_to_remove(block, name)
            return
        self.own.add((keyword, name))
        self._clash(block, keyword, name)
        self.blocks.blocks[keyword, name] = self._merged(block, known, name)

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

    def _unknown(self, block: Block) -> None:
        guess = meant(block.keyword.text, KEYWORDS)
        named = {part.text for part in (block.keyword, block.name, block.kind) if part}
        self.blocks.lost |= named | ({guess} if guess else set(KEYWORDS))
        if told(block.keyword.span, self.diagnostics):
            return
        hint = f"did you mean `{guess}`?" if guess else f"blocks are {', '.join(KEYWORDS)}"
        message = f"there is no block `{block.keyword.text}`"
        self.diagnostics.error("MTL201", message, block.keyword.span, "unknown block", hint=hint)

    def _header_fits(self, block: Block) -> bool:
        keyword, name = block.keyword.text, block.name
        if keyword in NAMED and name is None:
            shown = {"task": "task depth", "shared": "shared encoder : tiny", "layer": "layer encoder : tiny"}
            message = f"`{keyword}` needs a name"
            self.diagnostics.error("MTL218", message, block.keyword.span, hint=f"write `{shown[keyword]}`")
            return False
        if keyword in (*RELATIONS, "train", "eval") and name is not None:
            message = f"`{keyword}` takes no name"
            self.diagnostics.error("MTL218", message, name.span, hint=f"write `{keyword} {{ … }}`")
            return False
        if keyword in KIND_ONLY and block.kind is not None:
            message = f"`{keyword}` takes only a kind: a spec has one"
            hint = f"write `{keyword} {block.kind.text}`"
            self.diagnostics.error("MTL218", message, block.kind.span, "one name too many", hint=hint)
            return False
        if name is not None and (keyword, name.text) == ("task", "all") and block.kind is not None:
            message, hint = "`task all` takes no kind: it is what all tasks have", "write `task all { … }`"
            self.diagnostics.error("MTL218", message, block.kind.span, hint=hint)
            return False
        if (
            name is not None
            and name.text in RESERVED
            and keyword in NAMED
            and (keyword, name.text) != ("task", "all")
        ):
            self.diagnostics.error(
                "MTL207", f"`{name.text}` is reserved", name.span, hint="choose another name"
            )
            return False
        return True

    def _clash(self, block: Block, keyword: str, name: str) -> None:
        """A layer and a task, or a shared and a per-task layer, of one name."""
        for other in NAMED:
            known = self.blocks.blocks.get((other, name))
            if name and other != keyword and known is not None and block.name is not None:
                self._twice(f"`{name}`", "choose another name for one", block.name.span, known.header)

    def _merged(self, block: Block, known: Merged | None, name: str) -> Merged:
        keyword = block.keyword.text
        kind = block.name if keyword in KIND_ONLY else block.kind
        merged = Merged(keyword, name, kind, block.header, self.file.source, block.damaged)
        if known is not None and keyword not in RELATIONS:
            before = known.kind.text if known.kind else known.name
            if kind.text == before if kind else not _long_form(block):
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
        if merged.keyword != "train" or block.keyword.text != "phase" or block.name is None:
            message = f"`{merged.keyword}` holds no block `{block.keyword.text}`"
            hint = f"write a value: `{block.keyword.text} = NAME(…)`"
            if merged.keyword in RELATIONS:
                hint = "write a relation, such as `all via kem`"
            elif merged.keyword == "train" and block.keyword.text == "phase":
                message, hint = "a phase needs a name", "write `phase NAME { steps = … }`"
            elif merged.keyword == "train" and block.name and suggest(block.keyword.text, ["phase"]):
                hint = "did you mean `phase`?"
            self.diagnostics.error("MTL217", message, block.header, hint=hint)
            return
        name = block.name.text
        known = merged.inner.get(name)
        if known is not None and known.file is self.file.source:
            self._twice(f"phase `{name}`", "choose another name for one", block.name.span, known.header)
            return
        entries = dict(known.entries) if known else {}
        merged.inner[name] = Merged(
            "phase", name, None, block.header, self.file.source, block.damaged, entries
        )
        self._body(block, merged.inner[name])


def _long_form(block: Block) -> bool:
    """`balance { losses = lps }` gives another method, as `balance lps` does."""
    keys = {entry.name.text for entry in block.body or () if isinstance(entry, Assign)}
    return block.keyword.text == "balance" and "losses" in keys


def _again(keyword: str, name: str) -> tuple[str, str]:
    """What a block that stands twice is called, and the way out."""
    if name:
        return f"{keyword} `{name}`", "keep one, or choose another name"
    if keyword in RELATIONS:
        return f"`{keyword}`", "put all lines into one block"
    return f"`{keyword}`", "keep one, with the keys of both"


def _override(blocks: Blocks, override: Override, diagnostics: Diagnostics) -> None:
    """Write one `--set` into the blocks, as if it stood last in the spec."""
    words = [name.text for name in override.path]
    assign = Assign(override.path[-1], override.value, override.span)
    if words[0] == "let" and len(words) == 2 and words[1] in blocks.lets:
        blocks.lets[words[1]] = Let(override.path[1], override.value, override.span)
        return
    if len(words) == 1 and words[0] in KIND_ONLY:
        _set_kind(blocks, override)
        return
    target, depth = _target(blocks, words, override)
    if target is None or len(words) != depth + 1:
        _unknown_path(blocks, override, diagnostics)
        return
    target.entries[words[-1]] = assign
    target.overridden.add(words[-1])


def _target(blocks: Blocks, words: list[str], override: Override) -> tuple[Merged | None, int]:
    """The block that a path names, and how many words of it that took."""
    keyword = words[0]
    if keyword in NAMED and len(words) > 1:
        if words[:2] == ["task", "all"]:
            made = Merged("task", "all", None, override.span, override.span.source)
            return blocks.blocks.setdefault(("task", "all"), made), 2
        return blocks.blocks.get((keyword, words[1])), 2
    if keyword in (*KIND_ONLY, "train", "eval"):
        block = blocks.one(keyword)
        if block is None and keyword != "data":
            block = Merged(keyword, "", None, override.span, override.span.source)
            blocks.blocks[keyword, ""] = block
        if block is not None and len(words) > 1 and words[1] in block.inner:
            return block.inner[words[1]], 2
        return block, 1
    return None, 1


def _set_kind(blocks: Blocks, override: Override) -> None:
    """`balance=uncertainty`, `data=rooms(size = 64x64)`: another kind, its keys alone."""
    keyword, value = override.path[0].text, override.value
    named = value.name if isinstance(value, Bare | Call) else Name(value.span.text, value.span)
    made = Merged(keyword, "", named, override.span, override.span.source)
    made.args = value.args if isinstance(value, Call) else ()
    blocks.blocks[keyword, ""] = made


def _unknown_path(blocks: Blocks, override: Override, diagnostics: Diagnostics) -> None:
    written = ".".join(name.text for name in override.path)
    known = [
        f"{b.keyword}.{b.name}".rstrip(".") for b in blocks.blocks.values() if b.keyword not in RELATIONS
    ]
    known += ["train", "eval", "balance", "task.all", *(f"let.{name}" for name in blocks.lets)]
    known = list(dict.fromkeys(known))
    *head, last = (name.text for name in override.path)
    guess = suggest(".".join(head), known)
    hint = f"paths begin with {', '.join(known)}"
    if not head and last in known:
        hint = f"name a key of it: `{last}.KEY=VALUE`"
    elif guess and guess != ".".join(head):
        hint = f"did you mean `{guess}.{last}`?"
    span = override.path[0].span.to(override.path[-1].span)
    diagnostics.error("MTL112", f"there is nothing to set at `{written}`", span, hint=hint)
