"""Blocks that are declared a second time: they mean nothing, and their own mistakes are told all the same."""

from __future__ import annotations

from mtlc import schema
from mtlc.parts.data import Data
from mtlc.parts.layers import Layer
from mtlc.parts.part import Part, named
from mtlc.parts.tasks import Task
from mtlc.parts.training import Eval, Phase, Train
from mtlc.resolve.agree import agreements
from mtlc.resolve.balance import LEVELS
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk
from mtlc.resolve.given import as_given
from mtlc.resolve.relations import Relations
from mtlc.syntax import RELATIONS

_SPACES: dict[str, type[Part]] = {
    "shared": Layer,
    "layer": Layer,
    "task": Task,
    "data": Data,
}
_PLAIN: dict[str, type[Part]] = {"train": Train, "eval": Eval, "phase": Phase}
_FROM = schema.Key("from", "from_", str, None, "the layer it reads", bare=True)


def look_at_twins(desk: Desk, relations: Relations) -> None:
    """Report the mistakes inside every block that stands twice."""
    for block in desk.blocks.twins:
        if block.keyword in RELATIONS:
            _look_at_relations(relations, block)
            continue
        cls = _PLAIN.get(block.keyword) or _kind(block)
        if cls is not None:
            _look_at_keys(desk, block, cls)
        for phase in block.inner.values():
            _look_at_keys(desk, phase, Phase)


def _look_at_relations(relations: Relations, block: Merged) -> None:
    if block.keyword == "links":
        relations.links(block)
    elif block.keyword == "agree":
        agreements(relations, block)
    else:
        relations.nameless(block)


def _look_at_keys(desk: Desk, block: Merged, cls: type[Part]) -> None:
    owner = f"{block.keyword} `{block.name}`" if block.name else f"`{block.keyword}`"
    beside = {"from": _FROM} if block.keyword in ("shared", "layer") else {}
    entries = [entry for name, entry in block.entries.items() if name not in beside]
    # what is missing may stand in the first one, as in a damaged block
    desk.reader.part(cls, as_given(entries), owner, block.header, damaged=True, beside=beside)


def _kind(block: Merged) -> type[Part] | None:
    """The part that the block would be; `task all` and an unknown kind may have any key."""
    kind = block.kind.text if block.kind else block.name
    spaces = tuple(LEVELS.values()) if block.keyword == "balance" else (_SPACES.get(block.keyword),)
    return next((named(each)[kind] for each in spaces if each and kind in named(each)), None)
