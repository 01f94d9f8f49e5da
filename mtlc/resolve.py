"""From merged blocks to a typed spec: every name looked up, every value read, every mistake reported once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mtlc import schema
from mtlc.data.manifest import ManifestError
from mtlc.diagnostics import Diagnostics, Label, suggest
from mtlc.merge import Blocks, Merged, merge
from mtlc.parts.balance import Equal, LossBalancer
from mtlc.parts.data import Data
from mtlc.parts.data import Label as DataLabel
from mtlc.parts.layers import Layer as LayerPart
from mtlc.parts.part import Part, named
from mtlc.parts.tasks import Task as TaskPart
from mtlc.parts.training import Eval, Phase, Train
from mtlc.relations import Relations
from mtlc.source import Source, SourceError, Span, load
from mtlc.spec import Layer, Origin, Spec, Task
from mtlc.syntax import File, Name, Override, Param, Value
from mtlc.values import UNREADABLE, Given, Reader, Unreadable, as_given


def resolve(
    file: File, diagnostics: Diagnostics, *, overrides: Iterable[Override] = (), plugins: bool = True
) -> Spec | None:
    """The spec that a file means, with the files it uses and the overrides on top; None if anything is wrong."""
    broken = diagnostics.failed
    blocks = merge(file, diagnostics, overrides, plugins)
    spec = _Resolver(blocks, Reader(diagnostics, blocks.params()), diagnostics, broken).spec()
    return None if diagnostics.failed else spec


@dataclass
class _Resolver:
    blocks: Blocks
    reader: Reader
    diagnostics: Diagnostics
    broken: bool  # the text has mistakes of its own
    origins: dict[str, Origin] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    layers: dict[str, Layer | Unreadable] = field(default_factory=dict)

    def spec(self) -> Spec | None:
        data = self._data()
        self._layers()
        tasks = self._tasks(data)
        relations = Relations(self.reader, tasks, self._declared_tasks())
        links = relations.links(self.blocks.one("links"))
        relations.nameless(self.blocks.one("reuse"), self.blocks.one("agree"))
        relations.report_unknown()
        balance, train, evaluation = self._balance(), self._train(), self._eval()
        phases = self._phases()
        self._names_of_training(tasks, evaluation, phases)
        self._unused_lets()
        typed = {name: task for name, task in tasks.items() if isinstance(task, Task)}
        layers = {name: layer for name, layer in self.layers.items() if isinstance(layer, Layer)}
        self._unread(typed, layers)
        if self.diagnostics.failed or not isinstance(data, Data) or not (balance and train and evaluation):
            return None
        return Spec(
            source=self.blocks.source,
            data=data,
            layers=layers,
            tasks=typed,
            links=tuple(links),
            balance=balance,
            train=train,
            eval=evaluation,
            phases=phases,
            plugins=tuple(self.blocks.plugins),
            spans=self.spans,
            origins=self.origins,
        )

    def _part(self, space: type[Part], block: Merged, given: list[Given], owner: str) -> Any:
        """The part that a block's kind names, built from its keys."""
        assert block.kind is not None
        cls = named(space).get(block.kind.text)
        if cls is None:
            return self._unknown_kind(space, block, block.kind)
        return self.reader.part(cls, given, owner, block.header)

    def _unknown_kind(self, space: type[Part], block: Merged, kind: Name) -> Unreadable:
        known = list(named(space))
        guess = suggest(kind.text, known)
        implied = kind.text == block.name and kind.span == block.header.source.span(kind.span.start, kind.span.end)
        shown = f"`{block.keyword} {block.name} : {guess or known[0]}`" if block.name and implied else f"`{guess}`"
        hint = f"did you mean {shown}?" if guess else f"{space.noun}s are {_ticked(known)}"
        message = f"there is no {space.noun} `{kind.text}`"
        return self.reader.error("MTL204", message, kind.span, f"unknown {space.noun}", hint=hint)

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
        self.origins[path] = Origin(value.span, f"let {value.name.text}" if isinstance(value, Param) else door)

    # data

    def _data(self) -> Data | Unreadable:
        block = self.blocks.one("data")
        if block is None and self._lost("data"):
            return UNREADABLE
        if block is None or block.kind is None:
            span = block.header if block else self._nowhere()
            message = "this spec names no data set"
            return self.reader.error("MTL213", message, span, hint="add `data rooms { size = 64x64 }`")
        found: Data | Unreadable = self._part(Data, block, self._own(block, "data"), f"data set `{block.kind.text}`")
        return found

    def _lost(self, *keywords: str) -> bool:
        """Whether such a block may stand there and could not be taken: that was reported already."""
        return bool(self.blocks.lost.intersection((*keywords, ""))) or self.broken

    def _nowhere(self) -> Span:
        """The place to show where something is missing altogether: the first line."""
        source = self.blocks.source
        return source.span(0, len(source.line_text(1)))

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
        if not declared and not self._lost("shared", "layer"):
            message = "this spec has no layer: nothing reads the image"
            self.reader.error("MTL213", message, self._nowhere(), hint="add `shared encoder : tiny`")
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
        part = self._part(LayerPart, block, self._own(block, path, skip=("from",)), owner)
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

    def _from(self, block: Merged, previous: str | None, declared: list[str]) -> str | None | Unreadable:
        """The layer that a layer reads: the one `from` names, else the previous one, else the image."""
        entry = block.entries.get("from")
        if entry is None:
            return previous
        key = schema.Key("from", "from_", str, None, "the layer it reads", bare=True)
        owner = f"{block.keyword} `{block.name}`"
        name = self.reader.value(entry.value, key, owner)
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

    def _no_layer(self, name: str, span: Span, known: Iterable[str]) -> Unreadable:
        guess = suggest(name, known)
        hint = f"did you mean `{guess}`?" if guess else f"layers are {_ticked(known)}"
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
        if not tasks and not self._lost("task"):
            message = "this spec has no task"
            self.reader.error("MTL213", message, self._nowhere(), hint="add `task semseg` or `task depth`")
        if defaults is not None:
            self._keys_of_all(defaults, kinds)
        return tasks

    def _keys_of_all(self, defaults: Merged, kinds: set[type[Part]]) -> None:
        """A key of `task all` that a kind lacks is skipped for its tasks; one that no task has is a mistake."""
        self.spans["task.all"] = defaults.header
        known = {name: None for kind in kinds for name in schema.keys(kind)}
        for name, entry in defaults.entries.items():
            self._remember(f"task.all.{name}", entry.value, "key")
            if kinds and name not in known:
                self.reader.unknown_key(entry.name, known, "none of the tasks: `task all`")

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
        part = self.reader.part(cls, given, f"task `{block.name}`", block.header)
        reads = self._task_reads(given, cls)
        if not isinstance(part, TaskPart) or isinstance(reads, Unreadable):
            return UNREADABLE
        label = self._label(block, part, labels)
        return UNREADABLE if label is None else self._typed(block, part, reads, *label)

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

    def _typed(self, block: Merged, part: TaskPart, reads: str, name: str, label: DataLabel) -> Task | Unreadable:
        """The task with its classes, which the spec and the data set must agree on."""
        asked = getattr(part, "classes", None)
        count = asked if isinstance(asked, int) else len(label.classes)
        if isinstance(asked, int) and label.classes and asked != len(label.classes):
            origin = self.origins.get(f"task.{block.name}.classes")
            message = f"task `{block.name}` has {asked} classes, and the data set's `{name}` has {len(label.classes)}"
            spot = origin.span if origin else block.header
            return self.reader.error("MTL403", message, spot, hint="leave `classes` out to take the data set's")
        channels = part.channels if part.channels is not None else count
        if channels == 0:
            message = f"the data set does not say how many classes `{name}` has"
            return self.reader.error("MTL403", message, block.header, hint="add `classes = N`")
        names = label.classes or tuple(map(str, range(channels)))
        part = replace(part, from_=reads, label=name)  # type: ignore[call-arg]
        return Task(block.name, part, reads, name, names if part.channels is None else (), channels, block.header)

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
            message = f"the label `{name}` is of kind {labels[name].kind}, and task `{block.name}` learns {part.word}"
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
        key = schema.Key("losses", "losses", LossBalancer, schema.MISSING, "the loss-level method")
        for name, entry in block.entries.items():
            if name != "losses":
                self.reader.unknown_key(entry.name, ["losses"], "`balance`")
        self._own(block, "balance")
        found = self.reader.value(block.entries["losses"].value, key, "`balance`")
        return found if isinstance(found, LossBalancer) else None

    def _plain(self, cls: type[Part], block: Merged | None) -> Any:
        """A block that has keys only."""
        if block is None:
            return cls()
        path = f"train.{block.name}" if block.keyword == "phase" else block.keyword
        found = self.reader.part(cls, self._own(block, path), f"`{path.replace('.', ' ')}`", block.header)
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
            for task in phase.tasks if isinstance(phase.tasks, tuple) else ():
                if task not in tasks:
                    self._no_task(f"train.{name}.tasks", task, tasks)
            for frozen in phase.freeze:
                if frozen not in tasks and frozen not in self.layers:
                    self._no_task(f"train.{name}.freeze", frozen, [*self.layers, *tasks])

    def _no_task(self, path: str, name: str, known: Iterable[str]) -> None:
        guess = suggest(name, known)
        hint = f"did you mean `{guess}`?" if guess else f"choose from {_ticked(known)}"
        code = "MTL501" if path == "eval.best" else "MTL203"
        message = f"`{path.rsplit('.', 1)[-1]}` names `{name}`, which is no task of this spec"
        self.reader.error(code, message, self.origins[path].span, "undeclared", hint=hint)

    # what nobody uses

    def _unused_lets(self) -> None:
        for name, let in self.blocks.lets.items():
            if name not in self.reader.used and let.span.source is self.blocks.source:
                message = f"nothing uses `${name}`"
                self.diagnostics.warning("MTL110", message, let.name.span, hint="take this line out")

    def _unread(self, tasks: Mapping[str, Task], layers: Mapping[str, Layer]) -> None:
        """A layer that no task and no other layer reads is never computed."""
        if self.diagnostics.failed:
            return
        read = {task.reads for task in tasks.values()} | {layer.reads for layer in layers.values()}
        for layer in layers.values():
            if layer.name not in read:
                hint = f"set `from = {layer.name}` on the task that should, or take it out"
                self.diagnostics.warning("MTL215", f"nothing reads layer `{layer.name}`", layer.span, hint=hint)


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
            span = found.span(start, max(found.start(problem.line) + len(found.line_text(problem.line)), start + 1))
        diagnostics.error("MTL404", problem.message, span, hint=problem.hint)


def _removed(block: Merged) -> bool:
    """`task normals : none` takes out a task that a used file declares."""
    return block.keyword == "task" and block.kind is not None and block.kind.text == "none"


def _name_span(block: Merged) -> Span:
    """Where the block's name stands in its header."""
    end = block.header.start + block.header.text.rindex(block.name) + len(block.name)
    return block.header.source.span(end - len(block.name), end)


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
