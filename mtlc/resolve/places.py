"""Links that run at a layer: which layer `at` names, and whether the tasks of the line read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mtlc.diagnostics import suggest
from mtlc.parts.encoders import Encoder
from mtlc.parts.mixing import Mixing
from mtlc.resolve.unreadable import Unreadable
from mtlc.resolve.values import Reader
from mtlc.resolve.words import ticked
from mtlc.source import Span
from mtlc.spec import Layer, Task
from mtlc.syntax import Call, Name

Layers = Mapping[str, Layer | Unreadable]


def place_of(call: Call) -> Span:
    """Where a link's `at` is written; the link's name where it is not."""
    return next((arg.value.span for arg in call.args if arg.name and arg.name.text == "at"), call.name.span)


def layer_at(part: Mixing, call: Call, layers: Layers, lost: bool, reader: Reader) -> Layer | None:
    """The layer that `at` names, where the link can run there; None after reporting why not."""
    name, spot = str(part.at), place_of(call)
    layer = layers.get(name)
    if layer is None and not lost:
        guess = suggest(name, layers)
        hint = f"did you mean `{guess}`?" if guess else f"layers are {ticked(layers)}"
        reader.error("MTL203", f"there is no layer `{name}`", spot, "undeclared", hint=hint)
    if not isinstance(layer, Layer):
        return None
    encoder = layer.part
    if not isinstance(encoder, Encoder):
        message = f"`{part.word}` runs after the stages of an encoder, and `{name}` is none"
        reader.error("MTL221", message, spot, hint="name an encoder, or leave `at` out to run on streams")
    elif layer.shared and not part.shared:
        message = f"`{part.word}` mixes encoders of which every task has its own, and `{name}` is shared"
        reader.error("MTL221", message, spot, hint=f"declare it `layer {name}`")
    elif part.shared and not layer.shared:
        message = f"`{part.word}` masks one shared encoder, and every task has its own `{name}`"
        reader.error("MTL221", message, spot, hint=f"declare it `shared {name}`")
    elif encoder.inside() is None and (part.shared or len(encoder.chosen) > 1):
        message = f"{encoder.called()} cannot be cut into stages, after which `{part.word}` would run"
        reader.error("MTL221", message, spot, hint="choose another model, such as `resnet18`")
    elif part.shared and 0 in (encoder.inside() or ()):
        message = f"a stage of {encoder.called()} is one block, and `{part.word}` looks inside of each stage"
        reader.error("MTL221", message, spot, hint="choose another model, such as `resnet18`")
    else:
        return layer
    return None


def chain(task: Task, layers: Layers) -> list[Layer]:
    """The layers from what a task reads up to the image, as far as they could be read."""
    found: list[Layer] = []
    name: str | None = task.reads
    while name is not None and isinstance(layer := layers.get(name), Layer):
        found.append(layer)
        name = layer.reads
    return found


def tasks_at(
    names: Iterable[Name],
    layer: Layer,
    call: Call,
    tasks: Mapping[str, Task | Unreadable],
    layers: Layers,
    reader: Reader,
) -> tuple[str, ...] | None:
    """The tasks of the line; `all` are those that read the layer, naming another one is a mistake."""
    reading = {
        name: found
        for name, task in tasks.items()
        if isinstance(task, Task) and layer in (found := chain(task, layers))
    }
    wanted: list[str] = []
    for name in names:
        if name.text == "all":
            wanted += reading
        elif name.text in reading or not isinstance(tasks.get(name.text), Task):
            wanted.append(name.text)
        else:
            message = f"`{call.name.text}` runs at `{layer.name}`, which `{name.text}` does not read"
            reader.error("MTL210", message, name.span, hint="take it out")
            return None
    return tuple(dict.fromkeys(wanted)) if _all_own(wanted, reading, layer, call, reader) else None


def _all_own(
    tasks: Iterable[str], reading: Mapping[str, list[Layer]], layer: Layer, call: Call, reader: Reader
) -> bool:
    """What reads levels that every task has of its own must itself be there once for each task."""
    chains = [reading[task] for task in tasks if task in reading]
    for below in (each for chain in chains for each in chain[: chain.index(layer)]):
        if below.shared:
            why = f"of which `{call.name.text}` makes one per task"
            message = f"shared `{below.name}` cannot read `{layer.name}`, {why}"
            reader.error("MTL206", message, below.span, hint=f"declare it `layer {below.name}`")
            return False
    return True
