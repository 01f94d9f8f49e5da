"""From merged blocks to a typed spec: every name looked up, every value read, every mistake reported once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from mtlc import schema
from mtlc.data.manifest import ManifestError
from mtlc.diagnostics import Diagnostics, Label, suggest
from mtlc.doubts import warn
from mtlc.meant import meant
from mtlc.merge import Blocks, Merged, merge, told
from mtlc.parts.balance import Equal, LossBalancer
from mtlc.parts.data import Data, Rooms
from mtlc.parts.data import Label as DataLabel
from mtlc.parts.layers import Layer as LayerPart
from mtlc.parts.layers import timm_models
from mtlc.parts.part import Part, named
from mtlc.parts.tasks import Task as TaskPart
from mtlc.parts.training import Eval, Phase, Train
from mtlc.relations import Relations
from mtlc.source import Source, SourceError, Span, load
from mtlc.spec import Layer, Origin, Spec, Task
from mtlc.syntax import File, ListValue, Name, Override, Param, Value
from mtlc.values import UNREADABLE, Given, Reader, Unreadable, as_given

_FROM = schema.Key("from", "from_", str, None, "the layer it reads", bare=True)
_LOSSES = schema.Key("losses", "losses", LossBalancer, schema.MISSING, "the loss-level method")


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
    blocks = merge(file, diagnostics, overrides, plugins)
    reader = Reader(diagnostics, blocks.params(), blocks.may_hold)
    return _Resolver(blocks, reader, diagnostics).spec()


@dataclass
class _Resolver:
    blocks: Blocks
    reader: Reader
    diagnostics: Diagnostics
    origins: dict[str, Origin] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    layers: dict[str, Layer | Unreadable] = field(default_factory=dict)
    drafts: dict[str, Task] = field(default_factory=dict)  # tasks as far as their shapes are concerned

    def spec(self) -> Spec:
        self._whole()
        data = self._data()
        self._layers()
        tasks = self._tasks(data)
        relations = Relations(self.reader, {**tasks, **self.drafts}, self._declared_tasks(), self.blocks)
        links = relations.links(self.blocks.one("links"))
        relations.nameless(self.blocks.one("reuse"), self.blocks.one("agree"))
        relations.report_unknown()
        balance, train, evaluation = self._balance(), self._train(), self._eval()
        phases = self._phases()
        self._names_of_training(tasks, evaluation, phases)
        self.reader.report_unknown()
        self._unused_lets()
        layers = self._sound_layers()
        if self.diagnostics.failed:
            tasks = {name: task for name, task in self.drafts.items() if task.reads in layers}
            links = [line for line in links if tasks.keys() >= {*line.sources, *(line.targets or ())}]
        spec = Spec(
            source=self.blocks.source,
            data=data if isinstance(data, Data) else Rooms(),
            layers=layers,
            tasks={name: task for name, task in tasks.items() if isinstance(task, Task)},
            links=tuple(links),
            balance=balance or Equal(),
            train=train or Train(),
            eval=evaluation or Eval(),
            phases=phases,
            plugins=tuple(self.blocks.plugins),
            spans=self.spans,
            origins=self.origins,
        )
        if not self.diagnostics.failed:
            warn(spec, self.diagnostics)
        return spec

    def _sound_layers(self) -> dict[str, Layer]:
        """The layers that could be read down to the image, with nothing lost that might stand between."""
        sound: dict[str, Layer] = {}
        for name, layer in self.layers.items():
            whole = not any(
                self.blocks.blocks[word, name].damaged
                for word in ("shared", "layer")
                if (word, name) in self.blocks.blocks
            )
            if isinstance(layer, Layer) and whole and (layer.reads is None or layer.reads in sound):
                sound[name] = layer
        return {} if self.blocks.may_hold("shared", "layer") else sound

    def _part(
        self, space: type[Part], block: Merged, given: list[Given], owner: str, *beside: schema.Key
    ) -> Any:
        """The part that a block's kind names, built from its keys."""
        assert block.kind is not None
        cls = named(space).get(block.kind.text)
        if cls is None:
            return self._unknown_kind(space, block, block.kind)
        others = {key.name: key for key in beside}
        return self.reader.part(cls, given, owner, block.header, damaged=block.damaged, beside=others)

    def _unknown_kind(self, space: type[Part], block: Merged, kind: Name) -> Unreadable:
        implied = bool(block.name) and kind.span.end == block.header.end and ":" not in block.header.text
        if self.blocks.unread or told(kind.span, self.diagnostics):
            return UNREADABLE
        known = list(named(space))
        guess = meant(kind.text, known)
        counted = bool(block.name)  # a task and a layer have a name and a kind, a data set is its kind
        hint = f"{'kind' if counted else space.noun}s are {_ticked(known)}"
        if space is LayerPart and kind.text in timm_models():
            hint = f'write `{block.keyword} {block.name} : timm {{ model = "{kind.text}" }}`'
        elif implied:
            self.blocks.lost |= {guess} if guess else set()
            hint = f"write its kind: `{block.keyword} {block.name} : {guess or known[0]}`; {hint}"
        elif guess:
            hint = f"did you mean `{guess}`?"
        what = f"kind of {space.noun}" if counted else space.noun
        message = f"there is no {what} `{kind.text}`"
        return self.reader.error("MTL204", message, kind.span, f"unknown {what}", hint=hint)

    def _own(self, block: Merged, path: str, skip: tuple[str, ...] = ()) -> list[Given]:
        """A block's keys as given values; remembers where each stands."""
        self.spans.setdefault(path, block.header)
        given = as_given(arg for arg in block.args if arg.name is None or arg.name.text not in block.entries)
        for name, entry in block.entries.items():
            if name not in skip:
                self._remember(f"{path}.{name}", entry.value, "--set" if name in block.overridden else "key")
                given.append(Given(entry.name, entry.value))
        return given

    def _remember(self, path: str, value: Value, door: str) -> None:
        self.origins[path] = Origin(
            value.span, f"let {value.name.text}" if isinstance(value, Param) else door
        )

    def _whole(self) -> None:
        """What every spec has: a data set, a layer, a task. What is missing is shown at the first line."""
        needed = {
            ("data",): ("data set", "`data rooms { size = 64x64 }`"),
            ("shared", "layer"): ("layer", "`shared encoder : tiny`"),
            ("task",): ("task", "`task depth`"),
        }
        missing = [
            said
            for words, said in needed.items()
            if not any(block.name != "all" and not _removed(block) for block in self.blocks.of(*words))
            and not self.blocks.may_hold(*words)
        ]
        if missing:
            source = self.blocks.source
            message = f"this spec has no {' and no '.join(what for what, _ in missing)}"
            hint = f"add {' and '.join(example for _, example in missing)}"
            first = source.span(0, len(source.line_text(1)))
            self.diagnostics.error("MTL213", message, first, hint=hint)

    # data

    def _data(self) -> Data | Unreadable:
        block = self.blocks.one("data")
        if block is None:
            return UNREADABLE
        if block.kind is None:
            hint = "write a kind: `data rooms { … }`"
            return self.reader.error("MTL213", "`data` names no data set", block.header, hint=hint)
        found: Data | Unreadable = self._part(
            Data, block, self._own(block, "data"), f"data set `{block.kind.text}`"
        )
        return found

    def _labels(self, data: Data) -> Mapping[str, DataLabel] | None:
        try:
            return data.labels()
        except ManifestError as error:
            block = self.blocks.one("data")
            assert block is not None
            entry = block.entries.get("manifest")
            spot = entry.value.span if entry else block.header
            report_manifest(error, spot, self.diagnostics)
            return None

    # layers

    def _layers(self) -> None:
        previous: str | None = None
        declared = list(self.blocks.of("shared", "layer"))
        for block in declared:
            if block.name in self.layers:
                continue
            self.layers[block.name] = self._layer(block, previous, [each.name for each in declared])
            previous = block.name

    def _layer(self, block: Merged, previous: str | None, declared: list[str]) -> Layer | Unreadable:
        path, shared = f"{block.keyword}.{block.name}", block.keyword == "shared"
        reads = self._from(block, previous, declared)
        if block.kind is None:
            block.kind = Name(block.name, _name_span(block))
        owner = f"{block.keyword} `{block.name}`"
        part = self._part(LayerPart, block, self._own(block, path, skip=("from",)), owner, _FROM)
        source = self.layers.get(reads) if isinstance(reads, str) else None
        if shared and isinstance(source, Layer) and not source.shared:
            entry = block.entries.get("from")
            message = f"shared `{block.name}` cannot read `{source.name}`, of which every task has its own"
            others = (Label(source.span, "one copy per task"),)
            hint = f"make `{source.name}` shared, or `{block.name}` a `layer`"
            spot = entry.value.span if entry else block.header
            return self.reader.error("MTL206", message, spot, hint=hint, others=others)
        if isinstance(part, Unreadable) or isinstance(reads, Unreadable):
            return UNREADABLE
        return Layer(block.name, part, shared, reads, block.header)

    def _from(self, block: Merged, previous: str | None, declared: list[str]) -> str | Unreadable | None:
        """The layer that a layer reads: the one `from` names, else the previous one, else the image."""
        entry = block.entries.get("from")
        if entry is None:
            return previous
        owner = f"{block.keyword} `{block.name}`"
        name = self.reader.value(entry.value, _FROM, owner)
        self._remember(f"{block.keyword}.{block.name}.from", entry.value, "key")
        if isinstance(name, Unreadable) or name in self.layers:
            return name  # type: ignore[no-any-return]
        if name == "image":
            return None
        if name in declared:
            message = f"`{block.name}` cannot read `{name}`, which stands below it"
            if name == block.name:
                message = f"`{name}` cannot read itself"
            hint = "order the layers as the image passes them"
            return self.reader.error("MTL205", message, entry.value.span, hint=hint)
        return self._no_layer(name, entry.value.span, self.layers)

    def _no_layer(self, name: str, span: Span, known: Mapping[str, Any]) -> Unreadable:
        if self.blocks.may_hold(name):
            return UNREADABLE
        guess = suggest(name, known)
        hint = f"did you mean `{guess}`?" if guess else f"layers above it are {_ticked(known)}"
        hint = hint if known else "it is the first layer: leave `from` out"
        return self.reader.error("MTL203", f"there is no layer `{name}`", span, "undeclared", hint=hint)

    # tasks

    def _declared_tasks(self) -> list[str]:
        return [block.name for block in self.blocks.of("task") if block.name != "all" and not _removed(block)]

    def _tasks(self, data: Data | Unreadable) -> dict[str, Task | Unreadable]:
        labels = self._labels(data) if isinstance(data, Data) else None
        defaults = self.blocks.blocks.get(("task", "all"))
        kinds: set[type[Part]] = set()
        tasks: dict[str, Task | Unreadable] = {}
        for block in self.blocks.of("task"):
            if block.name == "all" or _removed(block):
                continue
            tasks[block.name] = self._task(block, defaults, labels)
            assert block.kind is not None
            kinds |= {named(TaskPart)[block.kind.text]} if block.kind.text in named(TaskPart) else set()
        if defaults is not None:
            self._keys_of_all(defaults, kinds)
        return tasks

    def _keys_of_all(self, defaults: Merged, kinds: set[type[Part]]) -> None:
        """A key of `task all` that a kind lacks is skipped for its tasks; one that none has is a mistake."""
        self.spans["task.all"] = defaults.header
        known = {name: key for kind in kinds for name, key in schema.keys(kind).items()}
        for name, entry in defaults.entries.items():
            self._remember(f"task.all.{name}", entry.value, "key")
            if kinds and name not in known and not self.blocks.may_hold("task"):
                self.reader.unknown_key(entry.name, known, "`task all`")

    def _task(
        self, block: Merged, defaults: Merged | None, labels: Mapping[str, DataLabel] | None
    ) -> Task | Unreadable:
        path = f"task.{block.name}"
        if block.kind is None:
            block.kind = Name(block.name, _name_span(block))
        cls = named(TaskPart).get(block.kind.text)
        if cls is None:
            return self._unknown_kind(TaskPart, block, block.kind)
        given = self._own(block, path) + self._inherited(block, defaults, cls)
        given = [each for each in given if not self._outdone(each, block, defaults)]
        part = self.reader.part(cls, given, f"task `{block.name}`", block.header, damaged=block.damaged)
        reads = self._task_reads(given, cls)
        self._keep_draft(block, defaults, part, reads)
        if not isinstance(part, TaskPart) or isinstance(reads, Unreadable):
            return UNREADABLE
        label = self._label(block, part, labels)
        return UNREADABLE if label is None else self._typed(block, part, reads, *label)

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
                self._remember(f"task.{block.name}.{name}", entry.value, "task all")
        return given

    def _task_reads(self, given: list[Given], cls: type[Part]) -> str | Unreadable:
        """The layer a task reads; looked up apart from its other keys, so that one mistake hides no other."""
        name: Any = next(reversed(self.layers), None)
        for each in given:
            if each.name is not None and each.name.text == "from":
                named_ = self.reader.value(each.value, schema.keys(cls)["from"], "the task")
                if isinstance(named_, str) and named_ not in self.layers:
                    return self._no_layer(named_, each.value.span, self.layers)
                name = named_ if isinstance(named_, str | Unreadable) else name
        return UNREADABLE if isinstance(self.layers.get(name, UNREADABLE), Unreadable) else name

    def _typed(
        self, block: Merged, part: TaskPart, reads: str, name: str, label: DataLabel
    ) -> Task | Unreadable:
        """The task with its classes, which the spec and the data set must agree on."""
        asked = getattr(part, "classes", None)
        count = asked if isinstance(asked, int) else len(label.classes)
        if isinstance(asked, int) and label.classes and asked != len(label.classes):
            origin = self.origins.get(f"task.{block.name}.classes")
            have = len(label.classes)
            message = f"task `{block.name}` has {asked} classes, and the data set's `{name}` has {have}"
            spot = origin.span if origin else block.header
            return self.reader.error(
                "MTL403", message, spot, hint="leave `classes` out to take the data set's"
            )
        channels = part.channels if part.channels is not None else count
        if channels == 0:
            message = f"the data set does not say how many classes `{name}` has"
            return self.reader.error("MTL403", message, block.header, hint="add `classes = N`")
        names = label.classes or tuple(map(str, range(channels)))
        part = replace(cast(Any, part), from_=reads, label=name)
        return Task(
            block.name, part, reads, name, names if part.channels is None else (), channels, block.header
        )

    def _label(
        self, block: Merged, part: TaskPart, labels: Mapping[str, DataLabel] | None
    ) -> tuple[str, DataLabel] | None:
        """The label a task learns: the one it names, the one of its own name, or the only one of its kind."""
        if labels is None:
            return None
        fitting = [name for name, label in labels.items() if label.kind == part.word]
        if isinstance(part.label, str):
            return self._named_label(block, part, labels, fitting)
        if block.name in fitting:
            return block.name, labels[block.name]
        if len(fitting) == 1:
            return fitting[0], labels[fitting[0]]
        if fitting:
            message = f"task `{block.name}` can learn {_ticked(fitting)}"
            hint = f"say which: `label = {fitting[0]}`"
            self.reader.error("MTL402", message, block.header, hint=hint)
        else:
            have = ", ".join(f"`{name}` ({label.kind})" for name, label in labels.items())
            message = f"the data set has no {part.word} label for task `{block.name}`"
            hint = f"its labels are {have}"
            self.reader.error("MTL401", message, block.header, "nothing to learn from", hint=hint)
        return None

    def _named_label(
        self, block: Merged, part: TaskPart, labels: Mapping[str, DataLabel], fitting: list[str]
    ) -> tuple[str, DataLabel] | None:
        name = part.label
        assert isinstance(name, str)
        if name in fitting:
            return name, labels[name]
        origin = self.origins.get(f"task.{block.name}.label")
        spot = origin.span if origin else block.header
        if name in labels:
            kind = labels[name].kind
            message = f"the label `{name}` is of kind {kind}, and task `{block.name}` learns {part.word}"
            hint = f"its {part.word} labels are {_ticked(fitting)}" if fitting else None
        else:
            guess = suggest(name, labels)
            message = f"the data set has no label `{name}`"
            hint = f"did you mean `{guess}`?" if guess else f"its labels are {_ticked(labels)}"
        self.reader.error("MTL401", message, spot, hint=hint)
        return None

    # balance, training, evaluation

    def _balance(self) -> LossBalancer | None:
        block = self.blocks.one("balance")
        if block is None:
            return Equal()
        losses = block.entries.get("losses")
        if block.kind is None and losses is None and (block.entries or block.damaged):
            self._balance_keys(block)
            return None
        if block.kind is None:
            if losses is None:
                hint = "write `balance uncertainty`, or `balance { losses = uncertainty }`"
                self.reader.error("MTL103", "`balance` names no method", block.header, hint=hint)
                return None
            return self._balance_of(block)
        if losses is not None:
            others = (Label(block.kind.span, "one here"),)
            message = "`balance` has two loss-level methods"
            self.reader.error("MTL503", message, losses.span, "another here", hint="keep one", others=others)
            return None
        found = self._part(LossBalancer, block, self._own(block, "balance"), f"`balance {block.kind.text}`")
        return found if isinstance(found, LossBalancer) else None

    def _balance_of(self, block: Merged) -> LossBalancer | None:
        """The long form: `balance { losses = uncertainty }`."""
        self._balance_keys(block)
        self._own(block, "balance")
        found = self.reader.value(block.entries["losses"].value, _LOSSES, "`balance`")
        return found if isinstance(found, LossBalancer) else None

    def _balance_keys(self, block: Merged) -> None:
        """In the long form `losses` is the only key."""
        for name, entry in block.entries.items():
            if name != "losses":
                self.reader.unknown_key(entry.name, {"losses": _LOSSES}, "`balance`")

    def _plain(self, cls: type[Part], block: Merged | None) -> Any:
        """A block that has keys only."""
        if block is None:
            return cls()
        path = f"train.{block.name}" if block.keyword == "phase" else block.keyword
        owner = f"phase `{block.name}`" if block.keyword == "phase" else f"`{block.keyword}`"
        found = self.reader.part(cls, self._own(block, path), owner, block.header, damaged=block.damaged)
        return None if isinstance(found, Unreadable) else found

    def _train(self) -> Train | None:
        found: Train | None = self._plain(Train, self.blocks.one("train"))
        return found

    def _eval(self) -> Eval | None:
        found: Eval | None = self._plain(Eval, self.blocks.one("eval"))
        return found

    def _phases(self) -> dict[str, Phase]:
        block = self.blocks.one("train")
        found = {name: self._plain(Phase, inner) for name, inner in (block.inner if block else {}).items()}
        return {name: phase for name, phase in found.items() if phase is not None}

    def _names_of_training(
        self, tasks: Mapping[str, Any], evaluation: Eval | None, phases: Mapping[str, Phase]
    ) -> None:
        """The tasks that `eval.best` and phases name, and the layers that phases freeze."""
        if evaluation is not None and evaluation.best != "loss" and evaluation.best not in tasks:
            self._no_task("eval.best", evaluation.best, ["loss", *tasks])
        for name, phase in phases.items():
            for place, task in enumerate(phase.tasks if isinstance(phase.tasks, tuple) else ()):
                if task not in tasks:
                    self._no_task(f"train.{name}.tasks", task, tasks, self._item(name, "tasks", place))
            for place, frozen in enumerate(phase.freeze):
                if frozen not in tasks and frozen not in self.layers:
                    known = [*self.layers, *tasks]
                    self._no_task(f"train.{name}.freeze", frozen, known, self._item(name, "freeze", place))

    def _item(self, phase: str, key: str, place: int) -> Span | None:
        """Where an item of a phase's list stands; None for a list that a `let` names."""
        block = self.blocks.one("train")
        value = block.inner[phase].entries[key].value if block else None
        return value.items[place].span if isinstance(value, ListValue) else None

    def _no_task(self, path: str, name: str, known: Iterable[str], spot: Span | None = None) -> None:
        if self.blocks.may_hold(name):
            return
        guess = suggest(name, known)
        hint = f"did you mean `{guess}`?" if guess else f"choose from {_ticked(known)}"
        code = "MTL501" if path == "eval.best" else "MTL203"
        what = "no task and no layer" if path.endswith("freeze") else "no task"
        message = f"`{path.rsplit('.', 1)[-1]}` names `{name}`, which is {what} of this spec"
        self.reader.error(code, message, spot or self.origins[path].span, "undeclared", hint=hint)

    # what nobody uses

    def _unused_lets(self) -> None:
        for name, let in self.blocks.lets.items():
            own = let.span.source is self.blocks.source
            used = name in self.blocks.used or name in self.reader.meant
            if own and not used and not self.blocks.may_hold(name):
                message = f"nothing uses `${name}`"
                self.diagnostics.warning("MTL110", message, let.name.span, hint="take this line out")


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


def _removed(block: Merged) -> bool:
    """`task normals : none` takes out a task that a used file declares."""
    return block.keyword == "task" and block.kind is not None and block.kind.text == "none"


def _name_span(block: Merged) -> Span:
    """Where the block's name stands in its header."""
    end = block.header.start + block.header.text.rindex(block.name) + len(block.name)
    return block.header.source.span(end - len(block.name), end)


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
