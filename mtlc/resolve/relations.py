"""Reading `links`: which streams a line joins, in which form, through which part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtlc.diagnostics import Label, suggest
from mtlc.parts.links import Link
from mtlc.parts.mixing import Mixing
from mtlc.parts.part import named
from mtlc.resolve.blocks import Blocks, Merged
from mtlc.resolve.given import as_given
from mtlc.resolve.places import layer_at, tasks_at
from mtlc.resolve.unreadable import Unreadable
from mtlc.resolve.values import Reader
from mtlc.resolve.words import ticked
from mtlc.source import Span
from mtlc.spec import Layer, Line, Task
from mtlc.syntax import Call, Name, Relation


@dataclass
class Relations:
    """`layers` and `tasks` are those that could be read, `declared` the names of all tasks."""

    reader: Reader
    layers: Mapping[str, Layer | Unreadable]
    tasks: Mapping[str, Any]
    declared: list[str]
    blocks: Blocks
    unknown: dict[str, list[Span]] = field(default_factory=dict)

    def links(self, block: Merged | None) -> list[Line]:
        """One line for each part of each relation: `then` is the same line written again below."""
        found = []
        for relation in block.relations if block else ():
            fine = self.names_known(relation)
            for call in relation.calls:
                line = self._line(relation, call, fine)
                found += [line] if line else []
        return found

    def nameless(self, block: Merged | None) -> None:
        """The relations of a block that no part serves yet, `reuse`: names are checked, parts are unknown."""
        for relation in block.relations if block else ():
            self.names_known(relation)
            for call in relation.calls:
                message = f"there is no way to share computation `{call.name.text}`"
                self.reader.error("MTL204", message, call.name.span, hint="this version of mtlc has none")

    def report_unknown(self) -> None:
        """All uses of one unknown name are one mistake."""
        for name, (first, *others) in self.unknown.items():
            if self.blocks.may_hold(name, "task"):
                continue
            guess = suggest(name, [*self.declared, "all"])
            hint = f"did you mean `{guess}`?" if guess else f"tasks are {ticked(self.declared)}"
            more = tuple(Label(span, "and here") for span in others)
            self.reader.error(
                "MTL203", f"there is no task `{name}`", first, "undeclared", hint=hint, others=more
            )

    def names_known(self, relation: Relation) -> bool:
        fine = True
        for name in (*relation.left, *relation.right):
            if name.text not in (*self.declared, "all", "frames"):
                self.unknown.setdefault(name.text, []).append(name.span)
                fine = False
        for end in (relation.left, relation.right):
            fine &= self._once_each(end)
        return fine

    def _once_each(self, names: tuple[Name, ...]) -> bool:
        seen: dict[str, Name] = {}
        for name in names:
            first = seen.setdefault(name.text, name)
            if first is not name or (name.text == "all" and len(names) > 1):
                message = f"`{name.text}` stands twice on one side"
                if name.text == "all":
                    message = "`all` stands alone: it is every task that the part can serve"
                others = () if first is name else (Label(first.span, "first here"),)
                hint = "write `all` alone, or name each task" if name.text == "all" else "keep one"
                self.reader.error("MTL219", message, name.span, hint=hint, others=others)
                return False
        return True

    def _line(self, relation: Relation, call: Call, fine: bool) -> Line | None:
        cls = named(Link).get(call.name.text)
        if cls is None and self.blocks.unread:
            return None
        if cls is None:
            known = list(named(Link))
            guess = suggest(call.name.text, known)
            hint = f"did you mean `{guess}`?" if guess else f"links are {ticked(known)}"
            message = f"there is no link `{call.name.text}`"
            self.reader.error("MTL204", message, call.name.span, "unknown link", hint=hint)
            return None
        part = self.reader.part(cls, as_given(call.args), f"`{cls.word}`", call.span)
        assert issubclass(cls, Link)
        if not self._right_form(relation, call, cls) or not isinstance(part, Link) or not fine:
            return None
        if isinstance(part, Mixing) and isinstance(part.at, str):
            return self._line_at(relation, call, part)
        sources = self._streams(relation.left, call)
        targets = self._streams(relation.right, call) if relation.arrow else None
        if sources is None or (relation.arrow and targets is None):
            return None
        return self._line_of(relation, call, part, sources, targets)

    def _line_at(self, relation: Relation, call: Call, part: Mixing) -> Line | None:
        """A line that runs within the layers: over the tasks that read the layer `at`."""
        lost = self.blocks.may_hold(str(part.at), "shared", "layer")
        layer = layer_at(part, call, self.layers, lost, self.reader)
        names = (*relation.left, *relation.right)
        if layer is None:
            return None
        tasks = tasks_at(names, layer, call, self.tasks, self.layers, self.reader)
        if tasks is None:
            return None
        if len(tasks) < part.fewest:
            self._too_few(call, part, f"that read `{part.at}`")
            return None
        return Line(tasks, None, part, call.span)

    def _line_of(
        self,
        relation: Relation,
        call: Call,
        part: Link,
        sources: tuple[str, ...],
        targets: tuple[str, ...] | None,
    ) -> Line | None:
        mutual = relation.arrow == "<->"
        if part.form != "arrow":
            union = tuple(dict.fromkeys(sources + (targets or ())))
            if len(union) < (part.fewest if part.form == "joint" else 1):
                self._too_few(call, part)
                return None
            return Line(union, None, part, call.span)
        line = Line(sources, targets, part, call.span, mutual)
        alone = [target for target in line.receivers if not line.sources_of(target)]
        if not line.receivers:
            self._too_few(call, part)
            return None
        if alone and self.blocks.may_hold("task"):
            return None
        if alone:
            message = f"`{alone[0]}` has no source left: a task is no source of itself"
            ends = [*relation.right, *relation.left]
            spot = next((name.span for name in ends if name.text in (alone[0], "all")), relation.span)
            self.reader.error("MTL209", message, spot, hint="name another task as a source")
            return None
        return line

    def _too_few(self, call: Call, part: Link, which: str = "with a decoder") -> None:
        """`all` may be fewer tasks than a part needs."""
        if self.declared and not self.blocks.may_hold("task"):
            needs = "at least two tasks" if part.form == "joint" and part.fewest > 1 else "a task"
            message = f"`{part.word}` needs {needs} {which}"
            hint = "name more tasks, or take the line out"
            self.reader.error("MTL220", message, call.name.span, hint=hint)

    def _right_form(self, relation: Relation, call: Call, cls: type[Link]) -> bool:
        left = ", ".join(name.text for name in relation.left)
        right = ", ".join(name.text for name in relation.right)
        names = dict.fromkeys(name.text for name in (*relation.left, *relation.right))
        both = "all" if "all" in names else ", ".join(names)
        if cls.form == "arrow" and relation.arrow is None:
            message = f"`{cls.word}` goes from sources to targets"
            shown = f"{left} -> {left}"
        elif cls.form == "single" and relation.arrow is not None:
            message = f"`{cls.word}` works on each task alone, without an arrow"
            shown = both if relation.arrow == "<->" else right
        elif cls.form == "joint" and relation.arrow == "->":
            message = f"`{cls.word}` works on a set of tasks, without a direction"
            shown = both
        else:
            return True
        hint = f"write `{shown} via {call.span.text}`"
        place = relation.calls.index(call)
        if place:
            hint = (
                f"end the line after `{relation.calls[place - 1].name.text}`, and {hint} on a line of its own"
            )
        self.reader.error("MTL208", message, call.name.span, hint=hint)
        return False

    def _streams(self, names: tuple[Name, ...], call: Call) -> tuple[str, ...] | None:
        """The tasks named; `all` leaves out those without a decoder, naming one is a mistake."""
        out: list[str] = []
        for name in names:
            if name.text == "frames":
                message = "`frames` is the stream of video frames: it stands in `reuse`"
                self.reader.error("MTL207", message, name.span, hint="name tasks here")
                return None
            if name.text == "all":
                out += self._dense()
            elif isinstance(task := self.tasks.get(name.text), Task) and not task.part.dense:
                message = f"`{call.name.text}` cannot serve `{name.text}`, which has no decoder"
                self.reader.error(
                    "MTL210", message, name.span, "one prediction per image", hint="take it out"
                )
                return None
            else:
                out.append(name.text)
        return tuple(out)

    def _dense(self) -> Iterator[str]:
        """Tasks with a decoder; one that could not be read is taken to have one."""
        return (n for n in self.declared if not isinstance(t := self.tasks.get(n), Task) or t.part.dense)
