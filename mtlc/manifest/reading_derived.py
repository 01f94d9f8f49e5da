"""The rules of labels that are made from other labels: masks from classes, normals from depth."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mtlc.manifest import Camera, ClassIds, Derived, LabelEntry, Metres, Surface
from mtlc.manifest.yamlfields import Fields, Reader
from mtlc.manifest.yamltree import Node

_DERIVE = {"saliency": "foreground", "edges": "borders", "normals": "surface"}
_KEYS = {"saliency": ("background",), "normals": ("camera", "step", "median", "jump")}
_CAMERA = ("fx", "fy", "cx", "cy")
_SIDE = re.compile("[1-9][0-9]{0,5}")
Found = Mapping[str, LabelEntry | None]


def read_derived(
    reader: Reader, name: str, kind: str, node: Node, found: Found, names: tuple[str, ...]
) -> LabelEntry | None:
    """A label with `from` and `derive`, or None where it is too wrong to go on."""
    keys = ("kind", "from", "derive", *_KEYS.get(kind, ()))
    fields = reader.fields(node, f"derived label `{name}`", keys, ("from", "derive"))
    if kind not in _DERIVE:
        message = f"a label of kind `{kind}` cannot be derived"
        hint = "only saliency and edges (from classes) and normals (from depth) can; give it `files`"
        reader.fail(fields.nodes.get("derive", node), message, hint)
        return None
    how = fields.one_of("derive", (_DERIVE[kind],))
    source = _source(reader, fields, found, names, kind)
    if kind == "normals":
        surface = _surface(reader, name, fields, source or "")
        return None if how is None or source is None else LabelEntry(kind, (), (), surface)
    return None if how is None or source is None else _from_classes(reader, fields, kind, how, source, found)


def _from_classes(
    reader: Reader, fields: Fields, kind: str, how: str, source: str, found: Found
) -> LabelEntry:
    classes = found[source].classes  # type: ignore[union-attr]
    behind = [reader.one_of(each, "`background`", classes) for each in fields.many("background")]
    background = tuple(classes.index(each) for each in behind if each is not None) or (0,)
    return LabelEntry(kind, (), (), Derived(source, how, background))


def _source(reader: Reader, fields: Fields, found: Found, names: tuple[str, ...], kind: str) -> str | None:
    word = fields.one_of("from", names)
    if word is None or word not in found:
        if word is not None:
            hint = "derive from a label with files"
            reader.fail(fields.nodes["from"], f"label `{word}` is itself derived", hint)
        return None
    entry = found[word]
    if entry is None:  # it is wrong, and said so
        return None
    wanted, made = (Metres, "normals are derived from depth") if kind == "normals" else _OF_CLASSES
    if not isinstance(entry.encoding, wanted):
        message = f"label `{word}` is of kind `{entry.kind}`; {made}"
        needed = "depth" if kind == "normals" else "semseg"
        reader.fail(fields.nodes["from"], message, f"name a label of kind `{needed}`")
        return None
    return word


_OF_CLASSES = ClassIds, "masks are derived from classes"


# --- normals


def _surface(reader: Reader, name: str, fields: Fields, source: str) -> Surface:
    step = _whole(reader, fields, "step", Surface.step, (1, 64), "a whole number from 1 to 64")
    median = _whole(reader, fields, "median", Surface.median, (1, 15), "an odd whole number from 1 to 15")
    if median % 2 == 0:
        reader.fail(
            fields.nodes["median"], f"`median` is {median}; it takes an odd number", f"write {median + 1}"
        )
    jump = fields.number("jump")
    if jump is not None and not jump > 0:
        reader.fail(fields.nodes["jump"], "`jump` is not above 0", "write a share of the depth, as 0.08")
    return Surface(source, _camera(reader, name, fields), step, median, jump or Surface.jump)


def _whole(
    reader: Reader, fields: Fields, name: str, default: int, bounds: tuple[int, int], takes: str
) -> int:
    number = fields.number(name)
    if number is None:
        return default
    if number != int(number) or not bounds[0] <= number <= bounds[1]:
        reader.fail(fields.nodes[name], f"`{name}` is {fields.nodes[name].kind}; it takes {takes}")
        return default
    return int(number)


def _camera(reader: Reader, name: str, fields: Fields) -> Camera:
    inner = fields.inner("camera", (*_CAMERA, "file", "size"))
    if inner is None:
        if not fields.lacks("camera"):
            return Camera()
        hint = "add `camera: {fx: …, fy: …, cx: …, cy: …}`, or `camera: {file: K.txt}`"
        reader.fail(fields.node, f"derived label `{name}` lacks the key `camera`", hint)
        return Camera()
    if not isinstance(inner.node.value, dict):  # which was said
        return Camera()
    given = [inner.number(each) for each in _CAMERA]
    known = [each for each in given if each is not None]
    numbered = any(not inner.lacks(each) for each in _CAMERA)
    if inner.lacks("file") != numbered:
        hint = "write fx, fy, cx and cy in pixels, or a file with the 3 x 3 camera matrix"
        reader.fail(inner.node, "`camera` takes four numbers or a `file`", hint)
    elif numbered and (lacking := next(filter(inner.lacks, _CAMERA), None)):
        reader.fail(inner.node, f"`camera` lacks the key `{lacking}`", f"add `{lacking}:`, in pixels")
    if len(known) == 4 and min(known[:2]) <= 0:
        reader.fail(inner.node, "a focal length is not above 0", "write fx and fy in pixels")
    numbers = (known[0], known[1], known[2], known[3]) if len(known) == 4 else None
    return Camera(numbers, inner.file("file"), _size(reader, inner))


def _size(reader: Reader, fields: Fields) -> tuple[int, int] | None:
    text = fields.text("size")
    if text is None:
        return None
    sides = text.split("x")
    if len(sides) == 2 and all(map(_SIDE.fullmatch, sides)):
        return int(sides[0]), int(sides[1])
    reader.fail(
        fields.nodes["size"],
        f"`size` is {fields.nodes['size'].kind}; it takes height x width",
        "write it as `480x640`",
    )
    return None
