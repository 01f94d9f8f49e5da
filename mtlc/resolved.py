"""A resolved spec as text: one file without `use`, `let` or overrides, which means the same when read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mtlc.parse.literal import quote
from mtlc.parts.part import Part
from mtlc.schema import call, set_keys
from mtlc.spec import Layer, Spec, Task


def text(spec: Spec) -> str:
    """The whole spec, every key of every block written out and every path absolute."""
    return "\n".join(_statements(spec)) + "\n"


def _statements(spec: Spec) -> Iterator[str]:
    yield "mtl 1"
    yield from (f"use {quote(path)}" for path in spec.plugins)
    for name, data in spec.data.sets().items():
        yield _block(
            f"data {name} : {data.word}" if name else f"data {data.word}",
            set_keys(data, every=True, inside=True),
        )
    yield from (_layer(layer) for layer in spec.layers.values())
    yield from (_task(task) for task in spec.tasks.values())
    for keyword, lines in (("links", spec.links), ("agree", spec.agree)):
        if lines:
            written = "\n".join(f"  {_line(line.written(), line.part)}" for line in lines)
            yield f"{keyword} {{\n{written}\n}}"
    yield _block(f"balance {spec.balance.word}", _balance(spec))
    yield _train(spec)
    yield _block("eval", set_keys(spec.eval, every=True, inside=True))


def _line(written: str, part: Part) -> str:
    return written.removesuffix(part.word) + call(part, every=True)


def _layer(layer: Layer) -> str:
    keyword = "shared" if layer.shared else "layer"
    keys = {"from": layer.reads or "image", **set_keys(layer.part, every=True, inside=True)}
    return _block(f"{keyword} {layer.name} : {layer.part.word}", keys)


def _task(task: Task) -> str:
    return _block(f"task {task.name} : {task.part.word}", set_keys(task.part, every=True, inside=True))


def _balance(spec: Spec) -> dict[str, str]:
    gradients = {"gradients": call(spec.gradients, every=True)} if spec.gradients else {}
    return set_keys(spec.balance, every=True, inside=True) | gradients


def _train(spec: Spec) -> str:
    keys = set_keys(spec.train, every=True, inside=True)
    if not spec.mixes:
        del keys["mix"]
    if not spec.phases:
        return _block("train", keys)
    del keys["steps"]  # the phases have their own
    inner = [_block(f"phase {name}", set_keys(phase, inside=True)) for name, phase in spec.phases.items()]
    lines = [f"{name} = {value}" for name, value in keys.items()] + "\n".join(inner).split("\n")
    return "train {\n" + "\n".join(f"  {line}" for line in lines) + "\n}"


def _block(header: str, keys: Mapping[str, str]) -> str:
    if not keys:
        return header
    width = max(map(len, keys))
    lines = [f"  {name.ljust(width)} = {value}" for name, value in keys.items()]
    return f"{header} {{\n" + "\n".join(lines) + "\n}"
