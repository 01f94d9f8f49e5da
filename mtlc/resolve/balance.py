"""Balancing: a loss-level method and a gradient-level one, and the ways to write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtlc import schema
from mtlc.diagnostics import Label
from mtlc.parts.balance import Equal, LossBalancer
from mtlc.parts.gradients import GradientBalancer
from mtlc.parts.part import Part, named
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk
from mtlc.resolve.given import unknown_key
from mtlc.resolve.unreadable import Unreadable
from mtlc.syntax import Assign, Bare, Call

_LOSSES = schema.Key("losses", "losses", LossBalancer, None, "the loss-level method")
_GRADIENTS = schema.Key("gradients", "gradients", GradientBalancer, None, "the gradient-level method")
_KEYS = {key.name: key for key in (_LOSSES, _GRADIENTS)}
LEVELS: dict[str, type[Part]] = {"losses": LossBalancer, "gradients": GradientBalancer}


def level_of(method: str | None) -> str | None:
    """Of which level a method is, by its name."""
    return next((level for level, space in LEVELS.items() if method in named(space)), None)


@dataclass(frozen=True)
class Balance:
    """At most one method of each level; without a loss-level one the losses are summed."""

    losses: LossBalancer = Equal()
    gradients: GradientBalancer | None = None


def balance_of(desk: Desk) -> Balance:
    """The methods of a spec: `balance lps { … }`, `balance upgrad`, `balance { losses = lps, gradients = upgrad }`.

    What the kind names and the key of the other level stand beside each other: `balance lps { gradients = upgrad }`.
    """
    block = desk.blocks.one("balance")
    if block is None:
        return Balance()
    found = _named(block, desk) if block.kind else _unnamed(block, desk)
    return Balance(**{level: part for level, part in found.items() if not isinstance(part, Unreadable)})


def _named(block: Merged, desk: Desk) -> dict[str, Any]:
    assert block.kind is not None
    level = level_of(block.kind.text)
    if level is None:
        return {"losses": desk.unknown_kind(LossBalancer, block, block.kind, GradientBalancer)}
    if level in block.entries:
        first = (Label(block.kind.span, "one here"),)
        message = f"`balance` has two {_said(level)} methods"
        span = block.entries[level].span
        desk.reader.error("MTL503", message, span, "another here", hint="keep one", others=first)
        return {}
    others = [key for name, key in _KEYS.items() if name != level]
    beside = {name: entry for name, entry in block.entries.items() if name in _KEYS}
    given = [each for each in desk.own(block, "balance") if each.name is None or each.name.text not in beside]
    return {
        level: desk.part(LEVELS[level], block, given, f"`balance {block.kind.text}`", *others),
        **_values(beside, desk),
    }


def _unnamed(block: Merged, desk: Desk) -> dict[str, Any]:
    """`balance { losses = uncertainty, gradients = upgrad }`, where these are the only keys."""
    others = [entry for name, entry in block.entries.items() if name not in _KEYS]
    for entry in others:
        unknown_key(entry.name, _KEYS, "`balance`", desk.reader.once)
    known = {name: entry for name, entry in block.entries.items() if name in _KEYS}
    if not known and not others and not block.damaged:
        hint = "write `balance uncertainty`, or `balance { losses = uncertainty, gradients = upgrad }`"
        desk.reader.error("MTL103", "`balance` names no method", block.header, hint=hint)
    desk.own(block, "balance")
    return _values(known, desk)


def _values(entries: Mapping[str, Assign], desk: Desk) -> dict[str, Any]:
    return {name: _value(name, entry, desk) for name, entry in entries.items()}


def _value(level: str, entry: Assign, desk: Desk) -> Any:
    word = entry.value.name.text if isinstance(entry.value, Call | Bare) else None
    other = level_of(word)
    if word is None or other in (None, level):
        return desk.reader.value(entry.value, _KEYS[level], "`balance`")
    message = f"`{level}` takes a {_said(level)} method, and `{word}` is a {_said(other)} one"
    return desk.reader.error("MTL106", message, entry.value.span, hint=f"write `{other} = {word}`")


def _said(level: str | None) -> str:
    return "loss-level" if level == "losses" else "gradient-level"
