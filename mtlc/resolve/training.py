"""Training and evaluation: the blocks that say how a model is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mtlc import schema
from mtlc.diagnostics import suggest
from mtlc.parts.training import Eval, Phase, Train
from mtlc.resolve.desk import Desk
from mtlc.resolve.words import ticked
from mtlc.source import Span
from mtlc.syntax import ListValue


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


def check_recompute(desk: Desk, known: list[str], train: Train | None) -> None:
    """The layers and tasks that are computed anew."""
    names = train.recompute if train and isinstance(train.recompute, tuple) else ()
    for place, name in enumerate(names):
        if name not in known:
            _no_task(desk, "train.recompute", name, ["all", *known], _item(desk, None, "recompute", place))


def _item(desk: Desk, phase: str | None, key: str, place: int) -> Span | None:
    """Where an item of a list stands, of a phase or of `train` itself; None for a list that a `let` names."""
    block = desk.blocks.one("train")
    entries = block and (block.inner[phase].entries if phase else block.entries)
    value = entries[key].value if entries and key in entries else None
    return value.items[place].span if isinstance(value, ListValue) else None


def _no_task(desk: Desk, path: str, name: str, known: Iterable[str], spot: Span | None = None) -> None:
    either = path.endswith(("freeze", "recompute"))
    layers = ("shared", "layer") if either else ()
    if desk.blocks.may_hold(name, "task", *layers) or (layers and not next(desk.blocks.of(*layers), None)):
        return
    guess = suggest(name, known)
    hint = f"did you mean `{guess}`?" if guess else f"choose from {ticked(known)}"
    code = "MTL501" if path == "eval.best" else "MTL203"
    what = "no task and no layer" if either else "no task"
    message = f"`{path.rsplit('.', 1)[-1]}` names `{name}`, which is {what} of this spec"
    desk.reader.error(code, message, spot or desk.origins[path].span, "undeclared", hint=hint)
