"""Which label of each of several data sets a task learns; a data set without a fitting one teaches it nothing."""

from __future__ import annotations

from collections.abc import Mapping

from mtlc.diagnostics import Label as Spot
from mtlc.diagnostics import suggest
from mtlc.parts.tasks import Task
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk
from mtlc.resolve.labels import Labels, Learnt
from mtlc.resolve.words import ticked
from mtlc.source import Span

Sets = Mapping[str, Labels]


def label_in_each(block: Merged, part: Task, sets: Sets, desk: Desk) -> Learnt | None:
    """In each data set: the label that the task names, or the one of its own name, or the only one of its kind.

    A task that names its label learns from the data sets that have it, and from no other.
    """
    fitting = {
        name: [label for label in labels if labels[label].kind == part.word] for name, labels in sets.items()
    }
    named = isinstance(part.label, str)
    found = (
        {name: str(part.label) for name, labels in fitting.items() if part.label in labels}
        if named
        else _by_kind(block, fitting, desk)
    )
    if found is None or not _agree(block, part, found, sets, desk):
        return None
    if not found:
        _nothing(block, part, sets, desk)
        return None
    known = [name for name, label in found.items() if sets[name][label].classes]
    first = (known or list(found))[0]
    label = found[first]
    return Learnt(block.name, sets[first][label], part.label, f"`{first}.{label}`", found)


def _by_kind(block: Merged, fitting: Mapping[str, list[str]], desk: Desk) -> dict[str, str] | None:
    found = dict[str, str]()
    for name, labels in fitting.items():
        if block.name in labels or len(labels) == 1:
            found[name] = block.name if block.name in labels else labels[0]
        elif labels:
            message = f"task `{block.name}` can learn {ticked(labels)} of `{name}`"
            hint = f"say which: `label = {labels[0]}`, for all data sets; or call one of them `{block.name}`"
            desk.reader.error("MTL402", message, block.header, hint=hint)
            return None
    return found


def _agree(block: Merged, part: Task, found: Mapping[str, str], sets: Sets, desk: Desk) -> bool:
    """The classes, tags or values of a task are the same, in the same order, wherever it learns."""
    known = {name: sets[name][label].classes for name, label in found.items() if sets[name][label].classes}
    first, *others = known or [""]
    for name in others:
        if known[name] != known[first]:
            word = part.items
            one, other = f"`{first}.{found[first]}`", f"`{name}.{found[name]}`"
            counts = f"{len(known[first])} {word}", f"{len(known[name])} {word}"
            same = counts[0] == counts[1]
            said = f"other {word} than {one}" if same else f"{counts[1]}, and {one} has {counts[0]}"
            hint = f"give both the same {word} in one order, or call one of the labels otherwise"
            if found[first] not in sets[name]:
                hint = f"write `label = {found[first]}` to learn from `{first}` alone"
            message = f"task `{block.name}` would learn {other} with {said}"
            desk.reader.error("MTL403", message, _place(block, desk), hint=hint, others=_where(found, desk))
            return False
    return True


def _nothing(block: Merged, part: Task, sets: Sets, desk: Desk) -> None:
    """Report a task that no data set can teach."""
    label = part.label
    every = {
        name: [each for each in labels if labels[each].kind == part.word] for name, labels in sets.items()
    }
    fitting = [f"{name}.{each}" for name, labels in every.items() for each in labels]
    holders = [name for name, labels in sets.items() if label in labels]
    hint = f"their {part.word} labels are {ticked(fitting)}"
    if not fitting:
        have = (f"`{name}`: {', '.join(_with_kinds(labels))}" for name, labels in sets.items())
        hint = f"their labels are, in {'; in '.join(have)}"
    if not isinstance(label, str):
        message = f"no data set has a {part.word} label for task `{block.name}`"
    elif holders:
        kind = sets[holders[0]][label].kind
        message = (
            f"the label `{holders[0]}.{label}` is of kind {kind}, and task `{block.name}` learns {part.word}"
        )
        hint = hint if fitting else f"write `task {block.name} : {kind}` to learn it"
    else:
        guess = suggest(label, [each for labels in sets.values() for each in labels])
        message = f"no data set has a label `{label}`"
        hint = f"did you mean `{guess}`?" if guess else hint
    desk.reader.error("MTL401", message, _place(block, desk), "nothing to learn from", hint=hint)


def _with_kinds(labels: Labels) -> list[str]:
    return [f"`{name}` ({label.kind})" for name, label in labels.items()]


def _place(block: Merged, desk: Desk) -> Span:
    origin = desk.origins.get(f"task.{block.name}.label")
    return origin.span if origin else block.header


def _where(found: Mapping[str, str], desk: Desk) -> tuple[Spot, ...]:
    return tuple(Spot(desk.spans[f"data.{name}"], f"has `{label}`") for name, label in found.items())
