"""What every part of resolving shares: the blocks, the reader of values, and where each value stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtlc import schema
from mtlc.diagnostics import Diagnostics, Label, suggest
from mtlc.parts.encoders import timm_models
from mtlc.parts.layers import Layer
from mtlc.parts.part import Part, named
from mtlc.resolve.blocks import Blocks, Merged, told
from mtlc.resolve.given import Given, as_given
from mtlc.resolve.meant import meant
from mtlc.resolve.unreadable import UNREADABLE, Unreadable
from mtlc.resolve.values import Reader
from mtlc.resolve.words import ticked
from mtlc.source import Span
from mtlc.spec import Origin
from mtlc.syntax import Name, Value


@dataclass
class Desk:
    """Blocks are taken from it, typed parts are made on it; `origins` and `spans` fill up on the way."""

    blocks: Blocks
    reader: Reader
    diagnostics: Diagnostics
    origins: dict[str, Origin] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    no_layers: dict[str, tuple[list[str], list[Span]]] = field(default_factory=dict)

    def part(
        self, space: type[Part], block: Merged, given: list[Given], owner: str, *beside: schema.Key
    ) -> Any:
        """The part that a block's kind names, built from its keys."""
        assert block.kind is not None
        cls = named(space).get(block.kind.text)
        if cls is None:
            return self.unknown_kind(space, block, block.kind)
        others = {key.name: key for key in beside}
        return self.reader.part(cls, given, owner, block.header, damaged=block.damaged, beside=others)

    def unknown_kind(self, space: type[Part], block: Merged, kind: Name, *others: type[Part]) -> Unreadable:
        """Report a kind that neither this namespace has nor the `others` that may stand in its place."""
        implied = bool(block.name) and kind.span.end == block.header.end and ":" not in block.header.text
        if self.blocks.unread or told(kind.span, self.diagnostics):
            return UNREADABLE
        known = [word for each in (space, *others) for word in named(each)]
        guess = meant(kind.text, known)
        counted = bool(block.name)  # a task and a layer have a name and a kind, a data set is its kind
        hint = f"{'kind' if counted else space.noun}s are {ticked(known)}"
        if space is Layer and kind.text in timm_models():
            hint = f'write `{block.keyword} {block.name} : timm {{ model = "{kind.text}" }}`'
        elif implied and block.keyword == "task" and not guess and suggest(kind.text, ["all"]):
            hint = "did you mean `task all`?"
        elif implied:
            self.blocks.lost |= {guess} if guess else set()
            hint = f"write its kind: `{block.keyword} {block.name} : {guess or known[0]}`; {hint}"
        elif guess:
            hint = f"did you mean `{guess}`?"
        what = f"kind of {space.noun}" if counted else space.noun
        message = f"there is no {what} `{kind.text}`"
        return self.reader.error("MTL204", message, kind.span, f"unknown {what}", hint=hint)

    def own(self, block: Merged, path: str, skip: tuple[str, ...] = ()) -> list[Given]:
        """A block's keys as given values; remembers where each stands."""
        self.spans.setdefault(path, block.header)
        given = as_given(arg for arg in block.args if arg.name is None or arg.name.text not in block.entries)
        for name, entry in block.entries.items():
            if name not in skip:
                self.remember(f"{path}.{name}", entry.value, "--set" if name in block.overridden else "key")
                given.append(Given(entry.name, entry.value))
        return given

    def plain(self, cls: type[Part], block: Merged | None) -> Any:
        """A block that has keys only."""
        if block is None:
            return cls()
        path = f"train.{block.name}" if block.keyword == "phase" else block.keyword
        owner = f"phase `{block.name}`" if block.keyword == "phase" else f"`{block.keyword}`"
        found = self.reader.part(cls, self.own(block, path), owner, block.header, damaged=block.damaged)
        return None if isinstance(found, Unreadable) else found

    def remember(self, path: str, value: Value, door: str) -> None:
        self.origins[path] = Origin(value.span, door, value)

    def no_layer(self, name: str, span: Span, known: Mapping[str, Any]) -> Unreadable:
        """Remember a name of no layer, and the layers that could be meant there."""
        self.no_layers.setdefault(name, (list(known), []))[1].append(span)
        return UNREADABLE

    def report_no_layers(self) -> None:
        """All uses of one unknown name are one mistake; without any layer, that is the mistake."""
        some = next(self.blocks.of("shared", "layer"), None) is not None
        for name, (known, spans) in self.no_layers.items():
            if not some or self.blocks.may_hold(name, "shared", "layer"):
                continue
            guess = suggest(name, known)
            hint = f"did you mean `{guess}`?" if guess else f"layers above it are {ticked(known)}"
            hint = hint if known else "it is the first layer: leave `from` out"
            first, *others = dict.fromkeys(spans)
            more = tuple(Label(span, "and here") for span in others)
            message = f"there is no layer `{name}`"
            if name == "image":
                message, hint = "a task reads a layer, not the image", f"choose from {ticked(known)}"
            elif ("task", name) in self.blocks.blocks:
                message = f"`{name}` is a task, and `from` names a layer"
                hint = f"choose from {ticked(known)}; tasks help each other in `links {{ … }}`"
            self.reader.error("MTL203", message, first, "undeclared", hint=hint, others=more)


def removed(block: Merged) -> bool:
    """`task normals : none` takes out a task that a used file declares."""
    return block.keyword == "task" and block.kind is not None and block.kind.text == "none"


def name_span(block: Merged) -> Span:
    """Where the block's name stands in its header."""
    end = block.header.start + block.header.text.rindex(block.name) + len(block.name)
    return block.header.source.span(end - len(block.name), end)
