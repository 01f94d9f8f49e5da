"""The tasks of a spec: their keys, with what `task all` gives them, the layer they read, their classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from mtlc import schema
from mtlc.diagnostics import Label
from mtlc.parts.part import Part, named
from mtlc.parts.tasks import Task as TaskPart
from mtlc.resolve.blocks import Blocks, Merged
from mtlc.resolve.desk import Desk, name_span, removed
from mtlc.resolve.given import Given, unknown_key
from mtlc.resolve.labels import Labels, Learnt, label_of
from mtlc.resolve.labels_of_several import label_in_each
from mtlc.resolve.unreadable import UNREADABLE, Unreadable
from mtlc.spec import Layer, Task
from mtlc.syntax import Name


def declared(blocks: Blocks) -> list[Merged]:
    """The blocks of real tasks: neither `task all` nor one that `: none` takes out."""
    return [block for block in blocks.of("task") if block.name != "all" and not removed(block)]


@dataclass
class Tasks:
    """Reads the `task` blocks. `labels` are those of each data set; None where they could not be read.

    `drafts` are the tasks as far as their shapes are concerned, `learns` the labels of several data sets by
    task and data set.
    """

    desk: Desk
    layers: Mapping[str, Layer | Unreadable]
    labels: Mapping[str, Labels] | None
    drafts: dict[str, Task] = field(default_factory=dict)
    learns: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def read(self) -> dict[str, Task | Unreadable]:
        """Every task by name."""
        defaults = self.desk.blocks.blocks.get(("task", "all"))
        kinds: dict[type[Part], None] = {}  # a set would say the keys in another order each time
        tasks: dict[str, Task | Unreadable] = {}
        for block in declared(self.desk.blocks):
            tasks[block.name] = self._task(block, defaults)
            assert block.kind is not None
            cls = named(TaskPart).get(block.kind.text)  # a kind that is not known may have any key
            kinds |= dict.fromkeys([cls] if cls else named(TaskPart).values())
        if defaults is not None:
            self._keys_of_all(defaults, kinds)
        return tasks

    def _keys_of_all(self, defaults: Merged, kinds: Iterable[type[Part]]) -> None:
        """A key of `task all` that a kind lacks is skipped for its tasks; one that none has is a mistake."""
        self.desk.spans["task.all"] = defaults.header
        known = {name: key for kind in kinds for name, key in schema.keys(kind).items()}
        for name, entry in defaults.entries.items():
            self.desk.remember(f"task.all.{name}", entry.value, "key")
            if kinds and name not in known and not self.desk.blocks.may_hold("task"):
                unknown_key(entry.name, known, "`task all`", self.desk.reader.once)

    def _task(self, block: Merged, defaults: Merged | None) -> Task | Unreadable:
        path = f"task.{block.name}"
        if block.kind is None:
            block.kind = Name(block.name, name_span(block))
        cls = named(TaskPart).get(block.kind.text)
        if cls is None:
            return self.desk.unknown_kind(TaskPart, block, block.kind)
        given = self.desk.own(block, path) + self._inherited(block, defaults, cls)
        given = [each for each in given if not self._outdone(each, block, defaults)]
        part = self.desk.reader.part(cls, given, f"task `{block.name}`", block.header, damaged=block.damaged)
        reads = self._task_reads(given, cls)
        self._keep_draft(block, defaults, part, reads)
        if not isinstance(part, TaskPart) or isinstance(reads, Unreadable):
            return UNREADABLE
        learnt = self._learnt(block, part)
        return UNREADABLE if learnt is None else self._typed(block, part, reads, learnt)

    def _learnt(self, block: Merged, part: TaskPart) -> Learnt | None:
        if self.labels is None or block.damaged:  # what could not be read may be its `label`
            return None
        if len(self.labels) > 1:
            return label_in_each(block, part, self.labels, self.desk)
        return label_of(block, part, next(iter(self.labels.values())), self.desk)

    def _keep_draft(self, block: Merged, defaults: Merged | None, part: Any, reads: str | Unreadable) -> None:
        """What is known of the task's shapes, though other keys of it may be wrong."""
        best, bad = (part.best, part.bad) if isinstance(part, Unreadable) else (part, frozenset[str]())
        damaged = block.damaged or (defaults is not None and defaults.damaged)
        if (
            isinstance(best, TaskPart)
            and isinstance(reads, str)
            and not damaged
            and bad.isdisjoint(("from", "decoder"))
        ):
            self.drafts[block.name] = Task(block.name, best, reads, "", (), best.channels or 1, block.header)

    def _outdone(self, given: Given, block: Merged, defaults: Merged | None) -> bool:
        """`--set task.all.KEY` comes last: it outdoes the task's own key, unless that was set as well."""
        name = given.name.text if given.name else ""
        own = given.because is None
        return own and defaults is not None and name in defaults.overridden and name not in block.overridden

    def _inherited(self, block: Merged, defaults: Merged | None, cls: type[Part]) -> list[Given]:
        """The keys of `task all` that this kind has and the task does not set itself."""
        given = []
        for name, entry in defaults.entries.items() if defaults else ():
            forced = name in defaults.overridden and name not in block.overridden  # type: ignore[union-attr]
            if name in schema.keys(cls) and (name not in block.entries or forced):
                because = Label(block.header, f"task `{block.name}` takes it from `task all`")
                given.append(Given(entry.name, entry.value, because))
                self.desk.remember(f"task.{block.name}.{name}", entry.value, "task all")
        return given

    def _task_reads(self, given: list[Given], cls: type[Part]) -> str | Unreadable:
        """The layer a task reads; looked up apart from its other keys, so that one mistake hides no other."""
        name: Any = next(reversed(list(self.layers)), None)
        for each in given:
            if each.name is not None and each.name.text == "from":
                named_ = self.desk.reader.value(each.value, schema.keys(cls)["from"], "the task")
                if isinstance(named_, str) and named_ not in self.layers:
                    return self.desk.no_layer(named_, each.value.span, self.layers)
                name = named_ if isinstance(named_, str | Unreadable) else name
        return UNREADABLE if isinstance(self.layers.get(name, UNREADABLE), Unreadable) else name

    def _typed(self, block: Merged, part: TaskPart, reads: str, learnt: Learnt) -> Task | Unreadable:
        """The task with its classes or values, which the spec and the data set must agree on."""
        self.learns[block.name] = learnt.of
        name, label = learnt.name, learnt.label
        asked, word = getattr(part, part.counts, None), part.counts
        count = asked if isinstance(asked, int) else len(label.classes)
        if isinstance(asked, int) and label.classes and asked != len(label.classes):
            origin = self.desk.origins.get(f"task.{block.name}.{word}")
            have = len(label.classes)
            message = f"task `{block.name}` has {asked} {word}, and {learnt.said} has {have}"
            spot = origin.span if origin else block.header
            return self.desk.reader.error(
                "MTL403", message, spot, hint=f"leave `{word}` out to take the data set's"
            )
        channels = part.channels if part.channels is not None else count
        if channels == 0:
            message = f"the data set does not say how many {word} `{name}` has"
            return self.desk.reader.error("MTL403", message, block.header, hint=f"add `{word} = N`")
        names = label.classes or tuple(map(str, range(channels)))
        part = replace(cast(Any, part), from_=reads, label=learnt.key)
        return Task(
            block.name, part, reads, name, names if part.channels is None else (), channels, block.header
        )
