"""Where each value of a spec came from: a key, `task all`, a `let`, a used file, `--set`, or a default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mtlc import schema
from mtlc.parts.data import Data
from mtlc.parts.part import Auto, Part
from mtlc.source import Span
from mtlc.spec import Agreement, Line, Origin, Spec, Task
from mtlc.syntax import Arg, Call, Param, Value


@dataclass(frozen=True)
class Piece:
    """One value: its path, how a spec writes it, the door it came through, and where it stands.

    `place` is None for what no text says: a default, or what the compiler inferred.
    """

    path: str
    value: str
    door: str
    place: Span | None = None

    @property
    def origin(self) -> str:
        """`nyud.mtl:7:27 (let dim)`, `--set train.steps=3`, or a door alone."""
        if self.place is None or self.door == "--set":
            return written(self.place) if self.place else self.door
        return f"{written(self.place)} ({self.door})"


def written(place: Span) -> str:
    """`nyud.mtl:7:27`; of an argument, the whole of it: `--set train.steps=3`."""
    source = place.source
    return f"--set {source.text}" if source.path is None and source.name == "--set" else str(place)


def pieces(spec: Spec) -> dict[str, Piece]:
    """Every value of a spec by its path: `data`, `data.size`, `task.depth.decoder.dim`, `let.dim`, `links.1`."""
    return {piece.path: piece for piece in _pieces(spec)}


def under(all_pieces: Mapping[str, Piece], path: str) -> list[Piece]:
    """The value at a path and what it is made of; empty where there is none."""
    return [piece for each, piece in all_pieces.items() if each == path or each.startswith(f"{path}.")]


def _pieces(spec: Spec) -> Iterator[Piece]:
    for name, let in spec.lets.items():
        yield Piece(f"let.{name}", let.value.span.text, "let", let.value.span)
    for path, data in _data(spec):
        yield from _block(spec, path, data)
    for layer in spec.layers.values():
        path = f"{'shared' if layer.shared else 'layer'}.{layer.name}"
        above = "the layer above" if layer.reads else "the first layer reads the image"
        yield from _block(spec, path, layer.part, {"from": (layer.reads or "image", f"inferred: {above}")})
    for path, origin in spec.origins.items():
        if path.startswith("task.all."):
            yield Piece(path, origin.span.text, *_door(spec, origin))
    for task in spec.tasks.values():
        learnt = spec.data.learnt(task.name, task.label)
        yield from _block(spec, f"task.{task.name}", task.part, _inferred(task, learnt))
    lines: dict[str, tuple[Line | Agreement, ...]] = {"links": spec.links, "agree": spec.agree}
    for path, line in ((f"{k}.{n}", line) for k in lines for n, line in enumerate(lines[k], 1)):
        value = line.written().removesuffix(line.part.word) + schema.call(line.part)
        yield Piece(path, value, "line", line.span)
        yield from _inside(spec, path, line.part, spec.origins[path].value, "key")
    yield from _balance(spec)
    yield from _block(spec, "train", spec.train)
    for name, phase in spec.phases.items():
        yield from _block(spec, f"train.{name}", phase)
    yield from _block(spec, "eval", spec.eval)


def _balance(spec: Spec) -> Iterator[Piece]:
    """The loss-level method under `balance`, the gradient-level one under `balance.gradients`, however written."""
    part, origin = spec.gradients, spec.origins.get("balance.gradients")
    if part is None or origin is not None or "balance.losses" in spec.origins:
        yield from _block(spec, "balance", spec.balance)
    else:
        yield Piece("balance", spec.balance.word, "default: the spec names no loss-level method")
    if part is not None and origin is not None:
        yield Piece("balance.gradients", schema.call(part), *_door(spec, origin))
        yield from _inside(spec, "balance.gradients", part, origin.value, origin.door)
    elif part is not None:
        for piece in _block(spec, "balance", part):
            yield replace(piece, path=piece.path.replace("balance", "balance.gradients", 1))


def _data(spec: Spec) -> Iterator[tuple[str, Data]]:
    """Every data set by its path, `data` or `data.photos`: also one alone may have a name."""
    alone = next((path for path in spec.spans if path.startswith("data.")), "data")
    for name, data in spec.data.sets().items():
        yield f"data.{name}" if name else alone, data


def _block(
    spec: Spec, path: str, part: Part, beside: Mapping[str, tuple[str, str]] | None = None
) -> Iterator[Piece]:
    """A block and its keys; `beside` are the values (and from what) of keys that the compiler fills in."""
    place = spec.spans.get(path)
    yield Piece(path, part.word, "block" if place else "default: the spec has no such block", place)
    whole = spec.origins.get(f"{path}.losses")  # `balance { losses = lps(…) }` is `balance lps { … }`
    given = _arguments(part, whole.value) if whole else {}
    beside = beside or {}
    keys = schema.keys(type(part))
    for name in [*(name for name in beside if name not in keys), *keys]:
        origin = spec.origins.get(f"{path}.{name}")
        if name in beside and origin is None:
            yield Piece(f"{path}.{name}", *beside[name])
        elif name not in keys and origin is not None:
            yield Piece(f"{path}.{name}", beside[name][0], *_door(spec, origin))
        elif (
            origin is None
            and name not in given
            and place
            and getattr(part, keys[name].attribute) != keys[name].default
        ):
            yield Piece(f"{path}.{name}", _shown(part, keys[name]), "block", place)  # `--set balance=lps(2)`
        else:
            node, door = (origin.value, origin.door) if origin else (given.get(name), "key")
            yield from _key(spec, f"{path}.{name}", part, keys[name], node, door)


def _inferred(task: Task, learnt: str) -> dict[str, tuple[str, str]]:
    """What the compiler fills in where a task does not say it, and from what."""
    found = {
        "from": (task.reads, "inferred: the last layer"),
        "label": (learnt, "inferred from the data set" + "s" * ("." in learnt)),
    }
    counts = getattr(task.part, task.part.counts, None)
    if isinstance(counts, Auto):
        found[task.part.counts] = (str(task.channels), "inferred from the data set")
    return found


def _key(
    spec: Spec, path: str, part: Part, key: schema.Key, node: Value | None, door: str
) -> Iterator[Piece]:
    """A key and, where its value is a part, the keys of that. `door` is that of the part that it belongs to."""
    value = getattr(part, key.attribute)
    if node is None:
        own = value == key.default or not door.startswith(
            "default"
        )  # else it is in the default of another part
        door = f"default of `{part.word}`" if own else door
        yield Piece(path, _shown(part, key), door)
    else:
        yield Piece(path, _shown(part, key), *_door(spec, Origin(node.span, door, node)))
    if isinstance(value, Part):
        yield from _inside(spec, path, value, node, door)


def _inside(spec: Spec, path: str, part: Part, node: Value | None, door: str) -> Iterator[Piece]:
    """The keys of a part that is a value, written as a call or not at all."""
    node, through = _followed(spec, node)
    given = _arguments(part, node)
    for name, key in schema.keys(type(part)).items():
        yield from _key(spec, f"{path}.{name}", part, key, given.get(name), through or door)


def _door(spec: Spec, origin: Origin) -> tuple[str, Span]:
    """How a value came, and where it stands: of `$dim`, the place of its `let`."""
    node, through = _followed(spec, origin.value)
    if through and node is not None:
        return f"{through}, used at {written(origin.span)}", node.span
    used = origin.span.source.path not in (None, spec.source.path)
    return f"{origin.door} of a used file" if used and origin.door == "key" else origin.door, origin.span


def _followed(spec: Spec, node: Value | None) -> tuple[Value | None, str]:
    """The value behind `$name`, and the `let` that gives it."""
    through = ""
    while isinstance(node, Param):
        through = f"let {node.name.text}"
        node = spec.lets[node.name.text].value
    return node, through


def _arguments(part: Part, node: Value | None) -> dict[str, Value]:
    """The values that a call gives, by key."""
    order = list(schema.keys(type(part)))
    args: tuple[Arg, ...] = node.args if isinstance(node, Call) else ()
    return {arg.name.text if arg.name else order[place]: arg.value for place, arg in enumerate(args)}


def _shown(part: Part, key: schema.Key) -> str:
    return schema.set_keys(part, every=True)[key.name]
