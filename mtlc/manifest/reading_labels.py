"""The rules of a manifest's labels: one function for each kind of label with values of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mtlc.manifest import (
    IGNORE,
    ClassIds,
    LabelEntry,
    Mask,
    Metres,
    Vectors,
)
from mtlc.manifest.reading_classes import read_classes
from mtlc.manifest.reading_derived import Found, read_derived
from mtlc.manifest.reading_tables import read_class, read_numbers, read_tags
from mtlc.manifest.yamlfields import Fields, Reader, listed
from mtlc.manifest.yamltree import Node

_AXES = ("x", "y", "z")
_PARTS = ("background", "head", "torso", "upper_arm", "lower_arm", "upper_leg", "lower_leg")


def read_label(
    reader: Reader, name: str, node: Node, found: Found, names: tuple[str, ...]
) -> LabelEntry | None:
    """One label, or None where it is too wrong to go on. `found` holds those read before, `names` all."""
    kind = _kind(reader, name, node)
    if kind is None:
        return None
    if isinstance(node.value, dict) and ("from" in node.value or "derive" in node.value):
        return read_derived(reader, name, kind, node, found, names)
    entry = _READ[kind](reader, name, node)
    return replace(entry, bits=_bits(reader, node)) if entry.files else entry


def _kind(reader: Reader, name: str, node: Node) -> str | None:
    entries = reader.mapping(node, f"label `{name}`", "its `kind` and `files`")
    if "kind" in entries:
        return reader.one_of(entries["kind"], f"`kind` of `{name}`", KINDS)
    if name not in KINDS and isinstance(node.value, dict):
        reader.fail(node, f"label `{name}` lacks the key `kind`", f"add `kind:` with one of {listed(KINDS)}")
    return name if name in KINDS and isinstance(node.value, dict) else None


def _fields(reader: Reader, name: str, node: Node, *keys: str, required: tuple[str, ...] = ()) -> Fields:
    return reader.fields(node, f"label `{name}`", ("kind", "files", "bits", *keys), ("files", *required))


def _bits(reader: Reader, node: Node) -> int | None:
    entries = node.value if isinstance(node.value, dict) else {}
    word = reader.one_of(entries["bits"], "`bits`", ("8", "16", "32")) if "bits" in entries else None
    return int(word) if word else None


# --- labels with files of their own


def _semseg(reader: Reader, name: str, node: Node) -> LabelEntry:
    fields = _fields(reader, name, node, "classes", "ignore", "other", required=("classes",))
    return _class_map(reader, fields, "semseg", read_classes(reader, fields, name, IGNORE))


def _human_parts(reader: Reader, name: str, node: Node) -> LabelEntry:
    """Without `classes` the seven of PASCAL-Part, merged as family A has them."""
    fields = _fields(reader, name, node, "classes", "ignore", "other")
    usual = {word: (index,) for index, word in enumerate(_PARTS)}
    return _class_map(
        reader,
        fields,
        "human_parts",
        read_classes(reader, fields, name, IGNORE) if "classes" in fields else usual,
    )


def _class_map(
    reader: Reader, fields: Fields, kind: str, classes: Mapping[str, tuple[int, ...]]
) -> LabelEntry:
    raw = tuple(classes.values())
    ignored = fields.many("ignore")
    ids = [reader.id(each, "`ignore`") for each in ignored]
    taken = {each: index for index, group in enumerate(raw) for each in group}
    for each, at in zip(ids, ignored, strict=True):
        if each in taken:
            message = f"id {each} is ignored and means class `{tuple(classes)[taken[each]]}`"
            reader.fail(at, message, "say only one of the two")
    ignore = tuple(each for each in ids if each is not None)
    if not ignored and IGNORE not in taken:
        ignore = (IGNORE,)
    encoding = ClassIds(raw, ignore, _other(fields, tuple(classes)))
    return LabelEntry(kind, tuple(classes), fields.patterns("files"), encoding)


def _other(fields: Fields, classes: tuple[str, ...]) -> int | None:
    word = fields.one_of("other", ("error", "ignore", *classes))
    if word in (None, "error"):
        return None
    return IGNORE if word == "ignore" else classes.index(str(word))


def _mask(kind: str) -> Callable[[Reader, str, Node], LabelEntry]:
    def read(reader: Reader, name: str, node: Node) -> LabelEntry:
        fields = _fields(reader, name, node, "above", "ignore")
        above = fields.number("above")
        encoding = Mask(0.0 if above is None else above, fields.numbers("ignore", ()))
        return LabelEntry(kind, (), fields.patterns("files"), encoding)

    return read


def _depth(reader: Reader, name: str, node: Node) -> LabelEntry:
    fields = _fields(reader, name, node, "scale", "offset", "ignore")
    scale = fields.number("scale")
    if fields.lacks("scale"):
        hint = "add `scale:`, metres for each unit in the files: 0.001 for millimetres, 1 for metres"
        reader.fail(node, f"label `{name}` lacks the key `scale`", hint)
    if scale is not None and scale <= 0:
        reader.fail(fields.nodes["scale"], "`scale` is not above 0", "write metres for each stored unit")
    encoding = Metres(scale or 1.0, fields.number("offset") or 0.0, fields.numbers("ignore", (0.0,)))
    return LabelEntry("depth", (), fields.patterns("files"), encoding)


def _normals(reader: Reader, name: str, node: Node) -> LabelEntry:
    fields = _fields(reader, name, node, "scale", "offset", "flip", "ignore")
    if ("scale" in fields) != ("offset" in fields):
        message = f"label `{name}` has one of `scale` and `offset`; it needs both, or neither"
        reader.fail(node, message, "add the other one, or remove both for the usual encodings")
    axes = [reader.one_of(each, "`flip`", _AXES) for each in fields.many("flip")]
    flip = tuple(_AXES.index(each) for each in axes if each is not None)
    numbers = fields.number("scale"), fields.number("offset")
    encoding = Vectors(*numbers, flip, fields.numbers("ignore", (0.0,)))
    return LabelEntry("normals", (), fields.patterns("files"), encoding)


_READ: Mapping[str, Callable[[Reader, str, Node], LabelEntry]] = {
    "semseg": _semseg,
    "human_parts": _human_parts,
    "depth": _depth,
    "normals": _normals,
    "edges": _mask("edges"),
    "saliency": _mask("saliency"),
    "tags": read_tags,
    "classify": read_class,
    "regress": read_numbers,
}
KINDS = tuple(_READ)
