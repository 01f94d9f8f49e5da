"""The rules of a manifest's labels: one function for each kind of label, and one for derived ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from mtlc.data.manifest import (
    IGNORE,
    KINDS,
    ClassIds,
    Derived,
    LabelEntry,
    Mask,
    Metres,
    Table,
    Vectors,
)
from mtlc.data.yamlfields import Fields, Reader, listed
from mtlc.data.yamltree import Node

_AXES = ("x", "y", "z")
_DERIVE = {"saliency": "foreground", "edges": "borders"}
_JSON = ("file", "path", "names", "classes", "exclude")
_CSV = ("file", "id", "tags", "separator", "classes", "exclude")
Found = Mapping[str, LabelEntry | None]


def read_label(
    reader: Reader, name: str, node: Node, found: Found, names: tuple[str, ...]
) -> LabelEntry | None:
    """One label, or None where it is too wrong to go on. `found` holds those read before, `names` all."""
    kind = _kind(reader, name, node)
    if kind is None:
        return None
    if isinstance(node.value, dict) and ("from" in node.value or "derive" in node.value):
        return _derived(reader, name, kind, node, found, names)
    return _READ[kind](reader, name, node)


def _kind(reader: Reader, name: str, node: Node) -> str | None:
    entries = reader.mapping(node, f"label `{name}`", "its `kind` and `files`")
    if "kind" in entries:
        return reader.one_of(entries["kind"], f"`kind` of `{name}`", KINDS)
    if name not in KINDS and isinstance(node.value, dict):
        reader.fail(node, f"label `{name}` lacks the key `kind`", f"add `kind:` with one of {listed(KINDS)}")
    return name if name in KINDS and isinstance(node.value, dict) else None


def _fields(reader: Reader, name: str, node: Node, *keys: str, required: tuple[str, ...] = ()) -> Fields:
    return reader.fields(node, f"label `{name}`", ("kind", "files", *keys), ("files", *required))


# --- labels with files of their own


def _semseg(reader: Reader, name: str, node: Node) -> LabelEntry:
    keys = ("classes", "ignore", "other")
    fields = _fields(reader, name, node, *keys, required=("classes",))
    classes = _classes(reader, fields, name)
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
    return LabelEntry("semseg", tuple(classes), fields.patterns("files"), encoding)


def _classes(reader: Reader, fields: Fields, name: str) -> dict[str, tuple[int, ...]]:
    """Names and the ids that mean them: a list counts from 0, a mapping says them."""
    node = fields.nodes.get("classes")
    if node is None:
        return {}
    if isinstance(node.value, dict):
        classes = {word: _raw_ids(reader, word, each) for word, each in node.value.items()}
        _refuse_shared_ids(reader, node, classes)
    else:
        classes = {word: (index,) for index, word in enumerate(_names(reader, fields, "classes"))}
    if len(classes) < 2:
        reader.fail(node, f"label `{name}` has fewer than two classes", "name the background too")
    if len(classes) > IGNORE:
        reader.fail(node, f"label `{name}` has {len(classes)} classes; at most {IGNORE} fit")
    return classes


def _names(reader: Reader, fields: Fields, key: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for node in fields.many(key):
        word = reader.text(node, f"a name in `{key}`")
        if word in names:
            reader.fail(node, f"`{word}` stands twice in `{key}`", "remove one of the two")
        elif word is not None:
            names[word] = None
    return tuple(names)


def _raw_ids(reader: Reader, word: str, node: Node) -> tuple[int, ...]:
    items = node.value if isinstance(node.value, tuple) else (node,)
    if not items:
        reader.fail(node, f"class `{word}` has no ids", "write the ids that mean it, as in [4, 5]")
    ids = [reader.id(each, f"an id of class `{word}`") for each in items]
    return tuple(each for each in ids if each is not None)


def _refuse_shared_ids(reader: Reader, node: Node, classes: Mapping[str, tuple[int, ...]]) -> None:
    owner: dict[int, str] = {}
    for word, ids in classes.items():
        for each in ids:
            if each in owner:
                again = "twice" if owner[each] == word else f"and class `{owner[each]}`"
                message = f"id {each} means class `{word}` {again}"
                reader.fail(node.keys[word], message, "give each id to one class, once")
            owner[each] = word


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
    if "scale" not in fields:
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


# --- tags


def _tags(reader: Reader, name: str, node: Node) -> LabelEntry:
    entries = reader.mapping(node, f"label `{name}`", "the keys " + listed(_JSON))
    file = entries["file"].value if "file" in entries else ""
    ending = PurePosixPath(file).suffix.lower() if isinstance(file, str) else ""
    if ending not in (".json", ".csv", "") and isinstance(file, str):
        message = f"`file` of `{name}` is `{file}`; tags stand in a .json or .csv file"
        reader.fail(entries["file"], message, "save the table as JSON or CSV")
    keys = {".json": _JSON, ".csv": _CSV}.get(ending, (*_JSON, *_CSV[1:4]))
    required = ("file", "classes", "path") if ending == ".json" else ("file", "classes")
    fields = reader.fields(node, f"label `{name}`", ("kind", *keys), required)
    classes, excluded = _names(reader, fields, "classes"), _names(reader, fields, "exclude")
    _refuse_excluded(reader, fields, classes, excluded)
    encoding = Table(
        fields.file("file") or "",
        _path(reader, fields),
        fields.text("names"),
        excluded,
        fields.text("id"),
        fields.text("tags"),
        fields.text("separator") or " ",
    )
    return LabelEntry("tags", classes, (), encoding)


def _path(reader: Reader, fields: Fields) -> str | None:
    path = fields.text("path")
    if path is not None and "{id}" not in path.split("."):
        hint = "write the keys that lead to an image's tags, as in `tags.{id}`"
        reader.fail(fields.nodes["path"], "`path` has no key `{id}`", hint)
    return path


def _refuse_excluded(reader: Reader, fields: Fields, classes: tuple[str, ...], out: tuple[str, ...]) -> None:
    for word in set(classes) & set(out):
        message = f"tag `{word}` stands in `classes` and in `exclude`"
        reader.fail(fields.nodes["exclude"], message, "say only one of the two")


# --- labels made from other labels


def _derived(
    reader: Reader, name: str, kind: str, node: Node, found: Found, names: tuple[str, ...]
) -> LabelEntry | None:
    keys = ("kind", "from", "derive", *(["background"] if kind == "saliency" else []))
    fields = reader.fields(node, f"derived label `{name}`", keys, ("from", "derive"))
    if kind not in _DERIVE:
        message = f"a label of kind `{kind}` cannot be derived"
        reader.fail(fields.nodes.get("derive", node), message, "only saliency and edges can; give it `files`")
        return None
    how = fields.one_of("derive", (_DERIVE[kind],))
    source = _source(reader, fields, found, names)
    if how is None or source is None:
        return None
    classes = found[source].classes  # type: ignore[union-attr]
    behind = [reader.one_of(each, "`background`", classes) for each in fields.many("background")]
    background = tuple(classes.index(each) for each in behind if each is not None) or (0,)
    return LabelEntry(kind, (), (), Derived(source, how, background))


def _source(reader: Reader, fields: Fields, found: Found, names: tuple[str, ...]) -> str | None:
    word = fields.one_of("from", names)
    if word is None or word not in found:
        if word is not None:
            hint = "derive from a label with files"
            reader.fail(fields.nodes["from"], f"label `{word}` is itself derived", hint)
        return None
    entry = found[word]
    if entry is None:  # it is wrong, and said so
        return None
    if entry.kind != "semseg" or isinstance(entry.encoding, Derived):
        message = f"label `{word}` is of kind `{entry.kind}`; masks are derived from classes"
        reader.fail(fields.nodes["from"], message, "name a label of kind `semseg`")
        return None
    return word


_READ: Mapping[str, Callable[[Reader, str, Node], LabelEntry]] = {
    "semseg": _semseg,
    "depth": _depth,
    "normals": _normals,
    "edges": _mask("edges"),
    "saliency": _mask("saliency"),
    "tags": _tags,
}
