"""What a manifest may say of labels of whole images, and of maps of human parts."""

from pathlib import Path

import pytest

from mtlc.manifest import (
    ClassIds,
    ClassTable,
    LabelEntry,
    Manifest,
    ManifestError,
    NumberTable,
    Problem,
    read_manifest,
)

HEAD = 'images: "{id}.png"\nsplits: {train: 1-3}\nlabels:\n'


def read(tmp_path: Path, label: str) -> Manifest:
    path = tmp_path / "m.yaml"
    path.write_text(f"{HEAD}  it: {{{label}}}\n", "utf-8")
    return read_manifest(path)


def entry(tmp_path: Path, label: str) -> LabelEntry:
    return read(tmp_path, label).labels["it"]


def problem(tmp_path: Path, label: str) -> Problem:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, label)
    (only,) = caught.value.problems
    return only


def test_classes_may_stand_in_a_table_or_in_the_folders(tmp_path: Path) -> None:
    table = entry(
        tmp_path, "kind: classify, file: t.csv, id: photo, class: room, classes: {a: [1, 4], b: 2}, ignore: x"
    )
    assert (table.kind, table.classes, table.files) == ("classify", ("a", "b"), ())
    assert table.encoding == ClassTable(((1, 4), (2,)), "t.csv", None, "photo", "room", ("x",))
    assert entry(
        tmp_path, "kind: classify, file: t.json, path: 'r.{id}', classes: [a, b]"
    ).encoding == ClassTable(((0,), (1,)), "t.json", "r.{id}")
    folders = entry(tmp_path, "kind: classify, folders: true, classes: [a, b]")
    assert folders.encoding == ClassTable(((0,), (1,)))


def test_there_may_be_more_classes_of_images_than_a_byte_counts(tmp_path: Path) -> None:
    names = ", ".join(f"c{i}" for i in range(1000))
    assert len(entry(tmp_path, f"kind: classify, file: t.csv, classes: [{names}]").classes) == 1000


def test_numbers_have_names_and_each_a_scale(tmp_path: Path) -> None:
    label = entry(
        tmp_path, "kind: regress, file: t.csv, values: [a, b], scale: 0.1, offset: [1, 2], ignore: [-1]"
    )
    assert (label.kind, label.classes) == ("regress", ("a", "b"))
    assert label.encoding == NumberTable("t.csv", None, None, (0.1, 0.1), (1.0, 2.0), (-1.0,))
    plain = entry(tmp_path, "kind: regress, file: t.json, path: '{id}', values: age").encoding
    assert plain == NumberTable("t.json", "{id}", None, (1.0,), (0.0,))


def test_human_parts_have_seven_classes_unless_others_are_named(tmp_path: Path) -> None:
    usual = entry(tmp_path, "kind: human_parts, files: 'l/{id}.png'")
    assert usual.kind == "human_parts" and len(usual.classes) == 7 and usual.classes[0] == "background"
    assert usual.encoding == ClassIds(tuple((i,) for i in range(7)), (255,), None)
    own = entry(
        tmp_path, "kind: human_parts, files: 'l/{id}.png', classes: {none: 0, hand: [3, 4]}, other: ignore"
    )
    assert own.encoding == ClassIds(((0,), (3, 4)), (255,), 255)


@pytest.mark.parametrize(
    ("label", "message", "hint"),
    [
        ("kind: classify, classes: [a, b]", "lacks the key `file`", "add `file:`"),
        ("kind: classify, file: t.json, classes: [a, b]", "lacks the key `path`", "add `path:`"),
        ("kind: classify, file: t.json, path: x, classes: [a, b]", "`path` has no key `{id}`", "`class.{id}`"),
        ("kind: classify, file: t.txt, classes: [a, b]", ".json or .csv", "save"),
        ("kind: classify, file: t.csv, classes: [a]", "fewer than two classes", "at least two"),
        ("kind: classify, file: t.csv, classes: [a, b], ignore: a", "in `classes` and in `ignore`", "only one"),
        ("kind: classify, file: t.csv, classes: {a: 1, b: 1}", "id 1 means class `b` and class `a`", "one class"),
        ("kind: classify, folders: yes, classes: [a, b]", "`folders` is `yes`", None),
        ("kind: classify, folders: true, file: t.csv, classes: [a, b]", "no key `file`", "its keys are"),
        ("kind: regress, file: t.csv", "lacks the key `values`", "add `values:`"),
        ("kind: regress, file: t.csv, values: [a, a]", "`a` stands twice", "remove"),
        ("kind: regress, file: t.csv, values: [a, b], scale: [1, 2, 3]", "3 numbers for 2 values", "one number"),
        ("kind: regress, file: t.csv, values: [a, b], scale: [1, 0]", "`scale` is 0", "one unit"),
        ("kind: regress, file: t.csv, values: a, scale: x", "it takes a number", None),
        ("kind: regress, file: t.csv, values: a, classes: [b]", "no key `classes`", "its keys are"),
        ("kind: human_parts, files: 'l/{id}.png', ignore: 3", "means class `upper_arm`", "only one"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once(tmp_path: Path, label: str, message: str, hint: str | None) -> None:
    found = problem(tmp_path, label)
    assert message in found.message and found.line == 4
    assert hint is None or hint in (found.hint or "")
