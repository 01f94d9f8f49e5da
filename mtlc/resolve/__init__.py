"""From merged blocks to a typed spec: every name looked up, every value read, every mistake reported once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mtlc.diagnostics import Diagnostics
from mtlc.parts.data import Rooms
from mtlc.parts.training import Eval, Train
from mtlc.resolve.agree import agreements
from mtlc.resolve.balance import balance_of
from mtlc.resolve.data_sets import check_mix, data_sets, together
from mtlc.resolve.desk import Desk, removed
from mtlc.resolve.doubts import warn
from mtlc.resolve.labels import labels_of
from mtlc.resolve.layers import Layers
from mtlc.resolve.merge import merge
from mtlc.resolve.once import Once
from mtlc.resolve.packages import with_packages
from mtlc.resolve.params import Params
from mtlc.resolve.relations import Relations
from mtlc.resolve.sizes import check_sizes
from mtlc.resolve.tasks import Tasks, declared
from mtlc.resolve.training import check_names, check_recompute, eval_of, phases_of, train_of
from mtlc.resolve.twins import look_at_twins
from mtlc.resolve.values import Reader
from mtlc.spec import Agreement, Line, Spec, Task
from mtlc.syntax import File, Override


def resolve(
    file: File, diagnostics: Diagnostics, *, overrides: Iterable[Override] = (), plugins: bool = True
) -> Spec | None:
    """The spec that a file means, with the files it uses and the overrides; None if anything is wrong."""
    spec = draft(file, diagnostics, overrides=overrides, plugins=plugins)
    return None if diagnostics.failed else spec


def draft(
    file: File, diagnostics: Diagnostics, *, overrides: Iterable[Override] = (), plugins: bool = True
) -> Spec:
    """The spec as far as it could be read, so that later phases can look for mistakes in the rest."""
    given = list(overrides)
    return with_packages(lambda found: _draft(file, found, given, plugins), diagnostics, plugins)


def _draft(file: File, diagnostics: Diagnostics, overrides: Iterable[Override], plugins: bool) -> Spec:
    blocks = merge(file, diagnostics, overrides, plugins)
    once = Once(diagnostics, blocks.may_hold)
    desk = Desk(blocks, Reader(once, Params(blocks.params(), once)), diagnostics)
    _whole(desk)
    sets = data_sets(desk)
    layers = Layers(desk)
    layers.read()
    tasks = Tasks(desk, layers.found, labels_of(sets, desk))
    found = tasks.read()
    links, agree = _relations(desk, layers, {**found, **tasks.drafts})
    balance, train, evaluation, phases = balance_of(desk), train_of(desk), eval_of(desk), phases_of(desk)
    check_names(desk, layers.found, found, evaluation, phases)
    check_recompute(desk, [*layers.found, *found], train)
    check_mix(desk, train, sets)
    desk.report_no_layers()
    desk.reader.params.report()
    _unused_lets(desk)
    spec = Spec(
        source=blocks.source,
        data=together(sets, tasks.learns) if sets else Rooms(),
        layers=layers.sound(),
        tasks={name: task for name, task in found.items() if isinstance(task, Task)},
        links=tuple(links),
        agree=tuple(agree),
        balance=balance.losses,
        gradients=balance.gradients,
        train=train or Train(),
        eval=evaluation or Eval(),
        phases=phases,
        plugins=tuple(blocks.plugins),
        spans=desk.spans,
        origins=desk.origins,
        lets=blocks.lets,
    )
    check_sizes(spec, diagnostics)
    if diagnostics.failed:
        return _sound(spec, tasks.drafts)
    warn(spec, diagnostics)
    return spec


def _relations(desk: Desk, layers: Layers, tasks: dict[str, Any]) -> tuple[list[Line], list[Agreement]]:
    names = [block.name for block in declared(desk.blocks)]
    relations = Relations(desk.reader, layers.found, tasks, names, desk.blocks)
    links = relations.links(desk.blocks.one("links"))
    agree = agreements(relations, desk.blocks.one("agree"))
    every: dict[str, Sequence[Line | Agreement]] = {"links": links, "agree": agree}
    for keyword, lines in every.items():
        block = desk.blocks.one(keyword)
        calls = {
            call.span: call for relation in (block.relations if block else ()) for call in relation.calls
        }
        for number, line in enumerate(lines, 1):
            desk.remember(f"{keyword}.{number}", calls[line.span], "line")
    look_at_twins(desk, relations)
    relations.nameless(desk.blocks.one("reuse"))
    relations.report_unknown()
    return links, agree


def _sound(spec: Spec, drafts: dict[str, Task]) -> Spec:
    """The part of a spec with mistakes whose shapes can still be looked at."""
    tasks = {name: task for name, task in drafts.items() if task.reads in spec.layers}
    links = tuple(line for line in spec.links if tasks.keys() >= {*line.sources, *(line.targets or ())})
    agree = tuple(each for each in spec.agree if tasks.keys() >= set(each.tasks))
    return replace(spec, tasks=tasks, links=links, agree=agree)


def _whole(desk: Desk) -> None:
    """What every spec has: a data set, a layer, a task. What is missing is shown at the first line."""
    needed = {
        ("data",): ("data set", "`data rooms { size = 64x64 }`"),
        ("shared", "layer"): ("layer", "`shared encoder : tiny`"),
        ("task",): ("task", "`task depth`"),
    }
    blocks = desk.blocks
    missing = [
        said
        for words, said in needed.items()
        if not any(block.name != "all" and not removed(block) for block in blocks.of(*words))
        and not blocks.may_hold(*words)
    ]
    if missing:
        message = f"this spec has no {' and no '.join(what for what, _ in missing)}"
        hint = f"add {' and '.join(example for _, example in missing)}"
        first = blocks.source.span(0, len(blocks.source.line_text(1)))
        desk.diagnostics.error("MTL213", message, first, hint=hint)


def _unused_lets(desk: Desk) -> None:
    for name, let in desk.blocks.lets.items():
        own = let.span.source is desk.blocks.source
        used = name in desk.blocks.used or name in desk.reader.params.meant
        if own and not used and not desk.blocks.may_hold(name):
            message = f"nothing uses `${name}`"
            desk.diagnostics.warning("MTL110", message, let.name.span, hint="take this line out")
