"""The rules of labels that stand in one table for all images: tags, classes, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from mtlc.manifest import ClassTable, LabelEntry, NumberTable, Table
from mtlc.manifest.reading_classes import read_classes, read_names
from mtlc.manifest.yamlfields import Fields, Reader, listed
from mtlc.manifest.yamltree import Node

_Keys = tuple[str, ...]
_TAGS: Mapping[str, _Keys] = {".json": ("path", "names"), ".csv": ("id", "tags", "separator")}
_CLASS: Mapping[str, _Keys] = {".json": ("path",), ".csv": ("id", "class")}
_NUMBERS: Mapping[str, _Keys] = {".json": ("path",), ".csv": ("id",)}


def read_tags(reader: Reader, name: str, node: Node) -> LabelEntry:
    """A set of tags for each image."""
    fields = _fields(reader, name, node, _TAGS, ("classes", "exclude"), "classes")
    classes, excluded = read_names(reader, fields, "classes"), read_names(reader, fields, "exclude")
    _refuse_both(reader, fields, classes, excluded, "exclude", "tag")
    encoding = Table(
        fields.file("file") or "",
        _path(reader, fields, "tags"),
        fields.text("names"),
        excluded,
        fields.text("id"),
        fields.text("tags"),
        fields.text("separator") or " ",
    )
    return LabelEntry("tags", classes, (), encoding)


def read_class(reader: Reader, name: str, node: Node) -> LabelEntry:
    """One class for each image, in a table or as the folder that the image's id names."""
    own = ("classes", "ignore")
    if isinstance(node.value, dict) and "folders" in node.value:
        fields = reader.fields(node, f"label `{name}`", ("kind", "folders", *own), ("classes",))
        fields.one_of("folders", ("true",))
    else:
        fields = _fields(reader, name, node, _CLASS, own, "classes")
    classes, ignore = read_classes(reader, fields, name), fields.texts("ignore")
    _refuse_both(reader, fields, tuple(classes), ignore, "ignore", "class")
    encoding = ClassTable(
        tuple(classes.values()),
        fields.file("file"),
        _path(reader, fields, "class"),
        fields.text("id"),
        fields.text("class") or "class",
        ignore,
    )
    return LabelEntry("classify", tuple(classes), (), encoding)


def read_numbers(reader: Reader, name: str, node: Node) -> LabelEntry:
    """One or more numbers for each image."""
    fields = _fields(reader, name, node, _NUMBERS, ("values", "scale", "offset", "ignore"), "values")
    values = read_names(reader, fields, "values")
    encoding = NumberTable(
        fields.file("file") or "",
        _path(reader, fields, "numbers"),
        fields.text("id"),
        _of_each(reader, fields, "scale", 1.0, len(values)),
        _of_each(reader, fields, "offset", 0.0, len(values)),
        fields.numbers("ignore", ()),
    )
    if 0.0 in encoding.scale:
        reader.fail(
            fields.nodes["scale"], "`scale` is 0, which makes all numbers equal", "write what one unit is"
        )
    return LabelEntry("regress", values, (), encoding)


def _fields(
    reader: Reader, name: str, node: Node, by_ending: Mapping[str, _Keys], own: _Keys, needed: str
) -> Fields:
    """The keys of a table; which ones there are depends on the ending of its file."""
    entries = reader.mapping(node, f"label `{name}`", "the keys " + listed(("file", *own)))
    file = entries["file"].value if "file" in entries else ""
    ending = PurePosixPath(file).suffix.lower() if isinstance(file, str) else ""
    if ending not in (".json", ".csv", "") and isinstance(file, str):
        message = f"`file` of `{name}` is `{file}`; such labels stand in a .json or .csv file"
        reader.fail(entries["file"], message, "save the table as JSON or CSV")
    keys = by_ending.get(ending, (*by_ending[".json"], *by_ending[".csv"]))
    required = ("file", needed, *(("path",) if ending == ".json" else ()))
    return reader.fields(node, f"label `{name}`", ("kind", "file", *keys, *own), required)


def _path(reader: Reader, fields: Fields, what: str) -> str | None:
    path = fields.text("path")
    if path is not None and "{id}" not in path.split("."):
        hint = f"write the keys that lead to an image's {what}, as in `{what}.{{id}}`"
        reader.fail(fields.nodes["path"], "`path` has no key `{id}`", hint)
    return path


def _of_each(reader: Reader, fields: Fields, key: str, default: float, count: int) -> tuple[float, ...]:
    """A number for each value; one written number is that of all."""
    numbers = fields.numbers(key, (default,))
    if len(numbers) == 1:
        return numbers * count
    if len(numbers) not in (0, count):  # 0: what stands there is wrong, and said so
        message = f"`{key}` has {len(numbers)} numbers for {count} values"
        reader.fail(fields.nodes[key], message, "write one number for all, or one for each")
    return numbers


def _refuse_both(reader: Reader, fields: Fields, names: _Keys, out: _Keys, key: str, noun: str) -> None:
    for word in names:
        if word in out:
            message = f"{noun} `{word}` stands in `classes` and in `{key}`"
            reader.fail(fields.nodes[key], message, "say only one of the two")
