"""Reading `agree`: which tasks a line ties together, and by which loss."""

from __future__ import annotations

from collections.abc import Iterator

from mtlc.diagnostics import suggest
from mtlc.parts.agreement import AgreementLoss
from mtlc.parts.part import named
from mtlc.resolve.blocks import Merged
from mtlc.resolve.given import as_given
from mtlc.resolve.relations import Relations
from mtlc.resolve.words import ticked
from mtlc.spec import Agreement, Task
from mtlc.syntax import Call, Name, Relation


def agreements(relations: Relations, block: Merged | None) -> list[Agreement]:
    """One line for each loss of each relation of an `agree` block."""
    found = []
    for relation in block.relations if block else ():
        fine = relations.names_known(relation)
        for call in relation.calls:
            line = _line(relations, relation, call, fine)
            found += [line] if line else []
    return found


def _line(relations: Relations, relation: Relation, call: Call, fine: bool) -> Agreement | None:
    reader, known = relations.reader, named(AgreementLoss)
    cls = known.get(call.name.text)
    if cls is None:
        if not relations.blocks.unread:
            guess = suggest(call.name.text, list(known))
            hint = f"did you mean `{guess}`?" if guess else f"agreement losses are {ticked(known)}"
            message = f"there is no agreement loss `{call.name.text}`"
            reader.error("MTL204", message, call.name.span, "unknown agreement loss", hint=hint)
        return None
    part = reader.part(cls, as_given(call.args), f"`{cls.word}`", call.span)
    if not _undirected(relations, relation, call) or not isinstance(part, AgreementLoss) or not fine:
        return None
    names = (*relation.left, *relation.right)
    if not _served(relations, names, call):
        return None
    tasks = tuple(dict.fromkeys(each for name in names for each in _meant(relations, name)))
    if len(tasks) < 2:
        # Where there is no task at all, that is told elsewhere.
        if relations.declared and not relations.blocks.may_hold("task"):
            message = f"`{call.name.text}` needs at least two tasks"
            reader.error("MTL220", message, call.name.span, hint="name more tasks, or take the line out")
        return None
    return Agreement(tasks, part, call.span)


def _undirected(relations: Relations, relation: Relation, call: Call) -> bool:
    if relation.arrow != "->":
        return True
    names = dict.fromkeys(name.text for name in (*relation.left, *relation.right))
    shown = "all" if "all" in names else ", ".join(names)
    message = f"`{call.name.text}` works on a set of tasks, without a direction"
    hint = f"write `{shown} via {call.span.text}`"
    relations.reader.error("MTL208", message, call.name.span, hint=hint)
    return False


def _served(relations: Relations, names: tuple[Name, ...], call: Call) -> bool:
    """Whether each name is a task whose kind says how it meets others."""
    for name in names:
        task = relations.tasks.get(name.text)
        if name.text == "frames":
            message = "`frames` is the stream of video frames: it stands in `reuse`"
            relations.reader.error("MTL207", message, name.span, hint="name tasks here")
            return False
        if isinstance(task, Task) and not task.part.embedding:
            message = f"`{call.name.text}` cannot serve `{name.text}`"
            why = f"`{task.part.word}` does not say how its predictions meet others"
            relations.reader.error("MTL210", message, name.span, why, hint="take it out")
            return False
    return True


def _meant(relations: Relations, name: Name) -> Iterator[str]:
    """The task named; of `all`, each whose kind says how it meets others."""
    if name.text != "all":
        yield name.text
        return
    for task in relations.declared:
        found = relations.tasks.get(task)
        if not isinstance(found, Task) or found.part.embedding:
            yield task
