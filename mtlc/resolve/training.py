"""Balancing, training and evaluation: the blocks that say how a model is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mtlc import schema
from mtlc.diagnostics import Label, suggest
from mtlc.parts.balance import Equal, LossBalancer
from mtlc.parts.training import Eval, Phase, Train
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk
from mtlc.resolve.given import unknown_key
from mtlc.resolve.words import ticked
from mtlc.source import Span
from mtlc.syntax import ListValue

_LOSSES = schema.Key("losses", "losses", LossBalancer, schema.MISSING, "the loss-level method")


def balance_of(desk: Desk) -> LossBalancer | None:
    """The loss-level method, written `balance lps { … }` or `balance { losses = lps(…) }`."""
    block = desk.blocks.one("balance")
    if block is None:
        return Equal()
    losses = block.entries.get("losses")
    if block.kind is None:
        return _long_form(block, desk)
    if losses is not None:
        others = (Label(block.kind.span, "one here"),)
        message = "`balance` has two loss-level methods"
        desk.reader.error("MTL503", message, losses.span, "another here", hint="keep one", others=others)
        return None
    given = desk.own(block, "balance")
    found = desk.part(LossBalancer, block, given, f"`balance {block.kind.text}`")
    return found if isinstance(found, LossBalancer) else None


def _long_form(block: Merged, desk: Desk) -> LossBalancer | None:
    """`balance { losses = uncertainty }`, where `losses` is the only key."""
    others = [entry for name, entry in block.entries.items() if name != "losses"]
    for entry in others:
        unknown_key(entry.name, {"losses": _LOSSES}, "`balance`", desk.reader.once)
    if "losses" not in block.entries:
        if not others and not block.damaged:
            hint = "write `balance uncertainty`, or `balance { losses = uncertainty }`"
            desk.reader.error("MTL103", "`balance` names no method", block.header, hint=hint)
        return None
    desk.own(block, "balance")
    found = desk.reader.value(block.entries["losses"].value, _LOSSES, "`balance`")
    return found if isinstance(found, LossBalancer) else None


def train_of(desk: Desk) -> Train | None:
    found: Train | None = desk.plain(Train, desk.blocks.one("train"))
    return found


def eval_of(desk: Desk) -> Eval | None:
    found: Eval | None = desk.plain(Eval, desk.blocks.one("eval"))
    return found


def phases_of(desk: Desk) -> dict[str, Phase]:
    block = desk.blocks.one("train")
    for name, inner in (block.inner if block else {}).items():
        if name in schema.keys(Train):
            message = f"a phase cannot be called `{name}`, which is a key of `train`"
            desk.reader.error("MTL207", message, inner.header, hint="choose another name")
    found = {name: desk.plain(Phase, inner) for name, inner in (block.inner if block else {}).items()}
    return {name: phase for name, phase in found.items() if phase is not None}


def check_names(
    desk: Desk,
    layers: Iterable[str],
    tasks: Iterable[str],
    evaluation: Eval | None,
    phases: Mapping[str, Phase],
) -> None:
    """The tasks that `eval.best` and phases name, and the layers that phases freeze."""
    layers, tasks = list(layers), list(tasks)
    if evaluation is not None and evaluation.best != "loss" and evaluation.best not in tasks:
        _no_task(desk, "eval.best", evaluation.best, ["loss", *tasks])
    for name, phase in phases.items():
        for place, task in enumerate(phase.tasks if isinstance(phase.tasks, tuple) else ()):
            if task not in tasks:
                _no_task(desk, f"train.{name}.tasks", task, tasks, _item(desk, name, "tasks", place))
        for place, frozen in enumerate(phase.freeze):
            if frozen not in (*layers, *tasks):
                spot = _item(desk, name, "freeze", place)
                _no_task(desk, f"train.{name}.freeze", frozen, [*layers, *tasks], spot)


def _item(desk: Desk, phase: str, key: str, place: int) -> Span | None:
    """Where an item of a phase's list stands; None for a list that a `let` names."""
    block = desk.blocks.one("train")
    value = block.inner[phase].entries[key].value if block else None
    return value.items[place].span if isinstance(value, ListValue) else None


def _no_task(desk: Desk, path: str, name: str, known: Iterable[str], spot: Span | None = None) -> None:
    layers = ("shared", "layer") if path.endswith("freeze") else ()
    if desk.blocks.may_hold(name, "task", *layers) or (layers and not next(desk.blocks.of(*layers), None)):
        return
    guess = suggest(name, known)
    hint = f"did you mean `{guess}`?" if guess else f"choose from {ticked(known)}"
    code = "MTL501" if path == "eval.best" else "MTL203"
    what = "no task and no layer" if path.endswith("freeze") else "no task"
    message = f"`{path.rsplit('.', 1)[-1]}` names `{name}`, which is {what} of this spec"
    desk.reader.error(code, message, spot or desk.origins[path].span, "undeclared", hint=hint)
