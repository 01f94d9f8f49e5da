"""The pass `adapt`: for unequal streams, fits in front of a link and, behind it, its change given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mtlc.diagnostics import Diagnostics
from mtlc.graph import Step, TaskGraph, rewrite
from mtlc.names import Names
from mtlc.parts.part import Levels
from mtlc.parts.steps import Fit, GiveBack
from mtlc.passes.streams import fitted, owners


def adapt(graph: TaskGraph, diagnostics: Diagnostics) -> TaskGraph:
    """Equal shapes insert nothing. A link without shapes was reported by `shapes` and stays as it is."""
    levels = graph.levels()
    names = Names([*graph.steps, *levels])
    tasks = owners(graph)

    def rule(step: Step) -> list[Step] | None:
        if not step.shapes:
            return None
        have = tuple(levels[feature] for feature in step.reads)
        want = fitted(step.part, have)
        return None if have == want else _adapted(step, have, want, tasks, names)

    return rewrite(graph, rule)


def _adapted(
    step: Step,
    have: tuple[Levels, ...],
    want: tuple[Levels, ...],
    tasks: Mapping[str, str | None],
    names: Names,
) -> list[Step]:
    """The fits, the link on what they write, and a step that gives back for each fitted stream it changes."""
    reads, writes = list(step.reads), list(step.writes)
    written = list(step.part.writes(want))
    fits, backs = [], []
    for index, (own, seen) in enumerate(zip(have, want, strict=True)):
        if own == seen:
            continue
        task = step.task or tasks[step.reads[index]]
        fits.append(_fit(step, index, seen, task, names))
        reads[index] = fits[-1].writes[0]
        if index < len(writes):
            writes[index] = names.fresh(f"{step.writes[index]}_raw")
            backs.append(_give_back(step, index, (writes[index], reads[index]), own, task, names))
    link = replace(step, reads=tuple(reads), writes=tuple(writes), shapes=tuple(written))
    return [*fits, link, *backs]


def _fit(step: Step, index: int, levels: Levels, task: str | None, names: Names) -> Step:
    name = names.fresh(f"{step.reads[index]}_for_{step.name}")
    part = Fit(levels[0].channels, levels[0].stride)
    read = step.reads[index]
    return Step(name, part, (read,), (name,), task, step.span, step.stage, shapes=(levels,))


def _give_back(
    step: Step, index: int, ran: tuple[str, str], levels: Levels, task: str | None, names: Names
) -> Step:
    name, reads = names.fresh(f"{step.writes[index]}_back"), (step.reads[index], *ran)
    writes = (step.writes[index],)
    return Step(name, GiveBack(), reads, writes, task, step.span, step.stage, shapes=(levels,))
