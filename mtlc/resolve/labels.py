"""Which label of the data set, or of each of several, a task learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtlc.diagnostics import Diagnostics, suggest
from mtlc.manifest import ManifestError
from mtlc.parts.data import Data, Label
from mtlc.parts.part import Auto
from mtlc.parts.tasks import Task
from mtlc.resolve.blocks import Merged
from mtlc.resolve.desk import Desk
from mtlc.resolve.words import ticked
from mtlc.source import Source, SourceError, Span, load

Labels = Mapping[str, Label]


@dataclass(frozen=True)
class Learnt:
    """What a task learns: its label's name in a batch, and what there is to know of it.

    `key` is what the task's `label` says in the resolved spec, `said` names the label in messages. `of` is the
    label in each of several data sets that have one, by data set.
    """

    name: str
    label: Label
    key: str | Auto
    said: str
    of: Mapping[str, str] = field(default_factory=dict)


def labels_of(sets: Mapping[str, Data] | None, desk: Desk) -> Mapping[str, Labels] | None:
    """The labels of each data set by name; None where a manifest is wrong, which is reported."""
    found = {name: _labels(name, data, desk) for name, data in (sets or {}).items()}
    good = {name: labels for name, labels in found.items() if labels is not None}
    return good if found and len(good) == len(found) else None


def _labels(name: str, data: Data, desk: Desk) -> Labels | None:
    try:
        return data.labels()
    except ManifestError as error:
        block = desk.blocks.blocks["data", name]
        entry = block.entries.get("manifest")
        report_manifest(error, entry.value.span if entry else block.header, desk.diagnostics)
        return None


def label_of(block: Merged, part: Task, labels: Labels, desk: Desk) -> Learnt | None:
    """The label a task learns: the one it names, the one of its own name, or the only one of its kind."""
    found = _label(block, part, labels, desk)
    return Learnt(*found, found[0], f"the data set's `{found[0]}`") if found else None


def _label(block: Merged, part: Task, labels: Labels, desk: Desk) -> tuple[str, Label] | None:
    fitting = [name for name, label in labels.items() if label.kind == part.word]
    if isinstance(part.label, str):
        return _named(block, part, labels, fitting, desk)
    if block.name in fitting:
        return block.name, labels[block.name]
    if len(fitting) == 1:
        return fitting[0], labels[fitting[0]]
    if fitting:
        message = f"task `{block.name}` can learn {ticked(fitting)}"
        desk.reader.error("MTL402", message, block.header, hint=f"say which: `label = {fitting[0]}`")
    else:
        have = ", ".join(f"`{name}` ({label.kind})" for name, label in labels.items())
        message = f"the data set has no {part.word} label for task `{block.name}`"
        hint = f"its labels are {have}"
        desk.reader.error("MTL401", message, block.header, "nothing to learn from", hint=hint)
    return None


def _named(
    block: Merged, part: Task, labels: Labels, fitting: list[str], desk: Desk
) -> tuple[str, Label] | None:
    name = part.label
    assert isinstance(name, str)
    if name in fitting:
        return name, labels[name]
    origin = desk.origins.get(f"task.{block.name}.label")
    if name in labels:
        message = (
            f"the label `{name}` is of kind {labels[name].kind}, and task `{block.name}` learns {part.word}"
        )
        hint = f"write `task {block.name} : {labels[name].kind}` to learn it"
        hint = f"its {part.word} labels are {ticked(fitting)}" if fitting else hint
    else:
        guess = suggest(name, labels)
        message = f"the data set has no label `{name}`"
        hint = f"did you mean `{guess}`?" if guess else f"its labels are {ticked(labels)}"
    desk.reader.error("MTL401", message, origin.span if origin else block.header, hint=hint)
    return None


def report_manifest(error: ManifestError, spot: Span, diagnostics: Diagnostics) -> None:
    """Each problem of a manifest at its own line in that file; one without a text at the spec's key."""
    try:
        found: Source | None = load(error.path)
    except SourceError:
        found = None
    for problem in error.problems:
        span = spot
        if found is not None and problem.line <= found.lines:
            start = found.start(problem.line) + max(problem.column - 1, 0)
            span = found.span(
                start, max(found.start(problem.line) + len(found.line_text(problem.line)), start + 1)
            )
        hint = "correct the path, which starts from this file" if found is None else problem.hint
        diagnostics.error("MTL404", problem.message, span, hint=hint or "correct this line")
