"""The `data` blocks of a spec: one data set, or several that have names and one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtlc.diagnostics import Label
from mtlc.parts.data import Data
from mtlc.parts.part import named
from mtlc.parts.several import Several
from mtlc.parts.training import Train
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk
from mtlc.schema import literal
from mtlc.source import Span

Sets = Mapping[str, Data]


def data_sets(desk: Desk) -> Sets | None:
    """The data sets by name, of which one alone may have none; None where any could not be read."""
    blocks = list(desk.blocks.of("data"))
    mixed = _mixed(blocks, desk)
    found = {block.name: _data_set(block, desk) for block in blocks if block is not mixed}
    sets = {name: each for name, each in found.items() if each is not None}
    _one_size(sets, desk)
    lost = any(sets) and desk.blocks.may_hold("data")  # another one may have the labels that lack here
    return sets if sets and len(sets) == len(found) and mixed is None and not lost else None


def together(sets: Sets, learns: Mapping[str, Mapping[str, str]]) -> Data:
    """The data of a spec. `learns` are the labels of several: by task, then by data set."""
    if len(sets) == 1:
        return next(iter(sets.values()))
    rows = {name: {task: labels[name] for task, labels in learns.items() if name in labels} for name in sets}
    return Several(sets, rows)


def check_mix(desk: Desk, train: Train | None, sets: Sets | None) -> None:
    """Weights of `train.mix` are one for each data set; with one data set there is nothing to mix."""
    if train is None or sets is None or train.mix == "proportional":
        return
    place = desk.origins["train.mix"].span
    if isinstance(train.mix, tuple) and len(train.mix) != len(sets):
        weights = f"{len(train.mix)} weight{'s' * (len(train.mix) != 1)}"
        message = f"`mix` has {weights}, and the spec {len(sets)} data set{'s' * (len(sets) > 1)}"
        order = f"one for each of {', '.join(sets)}, in this order" if len(sets) > 1 else ""
        hint = f"write {order}" if order else "take it out"
        desk.reader.error("MTL505", message, place, hint=hint)
    elif len(sets) == 1:
        message = "`mix` says nothing where there is one data set"
        desk.diagnostics.warning("MTL505", message, place, hint="take it out")


def _data_set(block: Merged, desk: Desk) -> Data | None:
    if block.kind is None:
        hint = "write a kind: `data rooms { … }`"
        desk.reader.error("MTL213", "`data` names no data set", block.header, hint=hint)
        return None
    given = desk.own(block, f"data.{block.name}" if block.name else "data")
    found = desk.part(Data, block, given, f"data set `{block.name or block.kind.text}`")
    return found if isinstance(found, Data) else None


def _mixed(blocks: Sequence[Merged], desk: Desk) -> Merged | None:
    """The block `data KIND`, which is a spec's only data set, where there are others; reports it."""
    alone = next((block for block in blocks if not block.name and block.kind), None)
    others = [block for block in blocks if block.name]
    if alone is None or alone.kind is None or not others:
        return None
    word = alone.kind.text
    known = word in named(Data)
    message = f"`data {word}` stands for the only data set, and there is `{others[0].name}` too"
    way = f"data NAME : {word}" if known else f"data {word} : KIND"
    hint = f"write `{way}`: where there are several, each has a name and a kind"
    first = (Label(others[0].header, "this one has a name"),)
    desk.reader.error("MTL222", message, alone.header, "without a name", hint=hint, others=first)
    return alone


def _one_size(sets: Sets, desk: Desk) -> None:
    """All data sets are resized to one size, since their images stand in one batch."""
    first = next(iter(sets), "")
    for name in sets:
        if sets[name].size != sets[first].size:
            sizes = literal(sets[name].size), literal(sets[first].size)
            message = f"images of `{name}` are {sizes[0]}, and those of `{first}` are {sizes[1]}"
            hint = f"write one size for all: `size = {sizes[1]}`"
            label = (Label(_size_of(first, desk), "the other size"),)
            desk.reader.error("MTL405", message, _size_of(name, desk), hint=hint, others=label)


def _size_of(name: str, desk: Desk) -> Span:
    origin = desk.origins.get(f"data.{name}.size")
    return origin.span if origin else desk.spans[f"data.{name}"]
