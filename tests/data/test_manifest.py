"""What a manifest may say, and that every mistake in one is told once, at its line, with a way out."""

import subprocess
import sys
from pathlib import Path

import pytest

from mtlc.manifest import (
    ClassIds,
    Derived,
    Ids,
    Manifest,
    ManifestError,
    Mask,
    Metres,
    Problem,
    Table,
    Vectors,
    read_manifest,
)

GOOD = """
images: [photos/a.jpg]
splits:
  train: 1-3
labels:
  parts:
    kind: semseg
    files: l/{id}.png
    classes: [ground, sky]
""".replace("[photos/a.jpg]", '["photos/{id}.jpg", "photos/{id}.png"]')


def read(tmp_path: Path, text: str | bytes) -> Manifest:
    path = tmp_path / "m.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_manifest(path)


def problems(tmp_path: Path, text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text)
    return caught.value.problems


def with_label(text: str) -> str:
    """A good manifest with one more label, its lines indented by four; the label's name is in line 10."""
    return GOOD + text


def test_patterns_splits_and_classes_are_read(tmp_path: Path) -> None:
    manifest = read(tmp_path, GOOD)
    assert manifest.images == ("photos/{id}.jpg", "photos/{id}.png")
    assert manifest.splits == {"train": Ids(ids=("1", "2", "3"))}
    parts = manifest.labels["parts"]
    assert (parts.kind, parts.classes, parts.files) == ("semseg", ("ground", "sky"), ("l/{id}.png",))
    assert parts.encoding == ClassIds(raw=((0,), (1,)), ignore=(255,), other=None)


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("0008-0011", ("0008", "0009", "0010", "0011")),
        ("8-11", ("8", "9", "10", "11")),
        ("[0001, 007, no, 1e3]", ("0001", "007", "no", "1e3")),
        ("[a, 1-2]", ("a", "1", "2")),
        ("sub/b", ("sub/b",)),
    ],
)
def test_ids_are_taken_as_written(tmp_path: Path, written: str, ids: tuple[str, ...]) -> None:
    assert read(tmp_path, GOOD.replace("1-3", written)).splits["train"].ids == ids


def test_a_split_may_be_a_file_or_a_glob_without_others(tmp_path: Path) -> None:
    text = GOOD.replace("train: 1-3", 'train: {glob: "*", without: val}\n  val: {file: val.txt}')
    assert read(tmp_path, text).splits == {
        "train": Ids(glob="*", without=("val",)),
        "val": Ids(file="val.txt"),
    }


def test_classes_may_gather_raw_ids(tmp_path: Path) -> None:
    text = GOOD.replace("[ground, sky]", "{no: 0, hair: [19, 20]}\n    ignore: [9, 255]\n    other: no")
    entry = read(tmp_path, text).labels["parts"]
    assert entry.classes == ("no", "hair")
    assert entry.encoding == ClassIds(raw=((0,), (19, 20)), ignore=(9, 255), other=0)


def test_255_is_ignored_unless_it_is_a_class(tmp_path: Path) -> None:
    encoding = read(tmp_path, GOOD.replace("[ground, sky]", "{a: 0, b: 255}")).labels["parts"].encoding
    assert isinstance(encoding, ClassIds) and encoding.ignore == ()


def test_every_kind_has_its_encoding(tmp_path: Path) -> None:
    text = with_label(
        """
  depth: {files: "d/{id}.png", scale: 0.001, offset: 0.5, ignore: [0, 65535]}
  normals: {files: "n/{id}.png", flip: [y, z]}
  edges: {files: "e/{id}.png", above: 127, ignore: 255}
  saliency: {from: parts, derive: foreground, background: sky}
  borders: {kind: edges, from: parts, derive: borders}
  tags: {file: t.json, path: "tags.{id}", names: names, exclude: "null", classes: [hat, tie]}
"""
    )
    labels = read(tmp_path, text).labels
    assert labels["depth"].encoding == Metres(0.001, 0.5, (0.0, 65535.0))
    assert labels["normals"].encoding == Vectors(None, None, (1, 2))
    assert labels["edges"].encoding == Mask(127.0, (255.0,))
    assert labels["saliency"].encoding == Derived("parts", "foreground", (1,))
    assert labels["borders"].encoding == Derived("parts", "borders")
    assert labels["tags"].encoding == Table("t.json", "tags.{id}", "names", ("null",))
    assert labels["tags"].classes == ("hat", "tie")


def test_a_label_may_stand_before_the_one_it_is_derived_from(tmp_path: Path) -> None:
    text = GOOD.replace("labels:\n", "labels:\n  edges: {from: parts, derive: borders}\n")
    assert list(read(tmp_path, text).labels) == ["edges", "parts"]


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("images:", "imags:", 2, "no key `imags`", "`images`"),
        ('"photos/{id}.jpg"', "photos/a.jpg", 2, "lacks `{id}`", "put `{id}` in"),
        ('"photos/{id}.jpg"', '"{name}/{id}.jpg"', 2, "`{name}`", "write `{id}`"),
        ('"photos/{id}.jpg"', '"/photos/{id}.jpg"', 2, "absolute path", "from `root` on"),
        ('["photos/{id}.jpg", "photos/{id}.png"]', "[]", 2, "empty list", "write a value"),
        ("train: 1-3", "trian: 1-3", 4, "no key `trian`", "`train`"),
        ("train: 1-3", "train: []", 4, "is empty", "name its ids"),
        ("train: 1-3", "train: 3-1", 4, "runs backwards", "`1-3`"),
        ("train: 1-3", "train: 0-99999999", 4, "more than 1,000,000 ids", "`file`"),
        ("train: 1-3", "train: [1-3, 2]", 4, "`2` stands twice", "remove one"),
        ("train: 1-3", "train: ../x", 4, "cannot be an id", "without `..`"),
        ("train: 1-3", "train: {file: a, glob: b}", 4, "one of `ids`, `file` and `glob`", "remove one"),
        ("train: 1-3", "train: {glob: b, without: tst}", 4, "`without` is `tst`", "`test`"),
        ("train: 1-3", "train: 1-3\n  test: 3-4", 5, "`3` is in `train` and in `test`", "one split"),
        ("train: 1-3", "train: 1-3\n  train: 4", 5, "stands already in line 4", "remove one"),
        ("kind: semseg", "kind: semsg", 7, "`kind` of `parts` is `semsg`", "`semseg`"),
        ("    kind: semseg\n", "", 7, "lacks the key `kind`", "`semseg`, `human_parts`"),
        ("    files: l/{id}.png\n", "", 7, "lacks the key `files`", "add `files:`"),
        ("    classes: [ground, sky]\n", "", 7, "lacks the key `classes`", "add `classes:`"),
        ("[ground, sky]", "[ground]", 9, "fewer than two classes", "background"),
        ("[ground, sky]", "[sky, sea, sky]", 9, "`sky` stands twice", "remove one"),
        ("[ground, sky]", "{a: 0, b: [1, 0]}", 9, "id 0 means class `b` and class `a`", "once"),
        ("[ground, sky]", "{a: 0, b: 70000}", 9, "from 0 to 65535", None),
        ("[ground, sky]", "{a: 0, b: []}", 9, "`b` has no ids", "[4, 5]"),
        ("[ground, sky]", f"[{', '.join(f'c{i}' for i in range(256))}]", 9, "at most 255", None),
        ("[ground, sky]", "[a, b]\n    ignore: 1", 10, "ignored and means class `b`", "only one"),
        ("[ground, sky]", "[a, b]\n    other: eror", 10, "`other` is `eror`", "`error`"),
        ("kind: semseg", "kind: !!python/name:os.system semseg", 7, "tag `!!python/name", "plain value"),
        ("kind: semseg", "<<: {kind: semseg}\n    kind: semseg", 7, "`<<` is not merged", "write the keys"),
        ("kind: semseg", "kind: [semseg]", 7, "is a list; it takes one of", None),
        ("train: 1-3", 'train: {globs: "*"}', 4, "no key `globs`", "`glob`"),
        ("train: 1-3", 'train: "\\UFFFFFFFF"', 4, "stands for no character", "itself"),
        ("l/{id}.png", '"\\uD800{id}.png"', 8, "stands for no character", "itself"),
        ("l/{id}.png", '"\\0{id}.png"', 8, "stands for no character", "itself"),
        ("train: 1-3", "train: 1-3 # \u2028 \x85\n  trial: 1", 5, "no key `trial`", "`train`"),
        ("ground", "\x07ground", 9, "character U+0007", "remove it"),
    ],
)
def test_a_mistake_is_told_once_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str, hint: str | None
) -> None:
    assert old in GOOD
    (problem,) = problems(tmp_path, GOOD.replace(old, new, 1))
    assert problem.line == line
    assert message in problem.message
    assert problem.hint is None if hint is None else hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("label", "message", "hint"),
    [
        ('depth: {files: "{id}"}', "lacks the key `scale`", "0.001 for millimetres"),
        ('depth: {files: "{id}", scale: 0}', "not above 0", "metres"),
        ('depth: {files: "{id}", scale: much}', "`scale` is `much`; it takes a number", None),
        ('depth: {files: "{id}", scale: .nan}', "it takes a number", None),
        ('normals: {files: "{id}", flip: w}', "`flip` is `w`", None),
        ('normals: {files: "{id}", scale: 2}', "one of `scale` and `offset`", "add the other"),
        ('saliency: {files: "{id}", bove: 1}', "no key `bove`", "`above`"),
        ("saliency: {from: parts, derive: borders}", "`derive` is `borders`; it takes `foreground`", None),
        ("saliency: {from: parts, derive: foreground, background: moon}", "`moon`", None),
        ("edges: {from: part, derive: borders}", "`from` is `part`", "`parts`"),
        ("edges: {from: parts, derives: borders}", "no key `derives`", "`derive`"),
        ("depth: {from: parts, derive: borders}", "cannot be derived", "saliency and edges"),
        ("tags: {file: t.json, classes: [a]}", "lacks the key `path`", "add `path:`"),
        ("tags: {file: t.json, path: tags, classes: [a]}", "no key `{id}`", "`tags.{id}`"),
        ("tags: {file: t.txt, classes: [a]}", ".json or .csv", "save"),
        ("tags: {file: t.csv, classes: [a], exclude: a}", "in `classes` and in `exclude`", "only one"),
        ("tags: {file: t.csv, classes: [a], path: x}", "no key `path`", "its keys are"),
        ('depth: {files: "{id}", scal: 1}', "no key `scal`", "`scale`"),
    ],
)
def test_a_mistake_in_a_label_is_told_once(
    tmp_path: Path, label: str, message: str, hint: str | None
) -> None:
    (problem,) = problems(tmp_path, with_label(f"  {label}\n"))
    assert problem.line == 10
    assert message in problem.message
    assert problem.hint is None if hint is None else hint in (problem.hint or "")


def test_all_mistakes_are_told_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = GOOD.replace("1-3", "3-1").replace("semseg", "semsg").replace('"photos/{id}.jpg"', "x")
    text += "  depth: {}\n  e: {kind: edges, from: nothing, derive: borders}\n"
    found = problems(tmp_path, text)
    assert [each.line for each in found] == [2, 4, 7, 10, 10, 11]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a: [1\nb: 2", "not YAML"),
        ("\ta: 1", "not YAML"),
        ("[" * 10_000, "nested too deep"),
        ("[" * 350 + "]" * 350, "nested too deep"),  # which yaml itself can still read
        ("{a: " * 350 + "}" * 350, "nested too deep"),
        ("[]", "the manifest is a list"),
        ("a: 1\n---\nb: 2", "second document"),
        (b"images: \xff", "not UTF-8"),
        (b"a: \x00", "no text"),
        (b"#" * 1_000_001, "1.0 MB"),
    ],
)
def test_what_is_no_manifest_is_told_in_one_sentence(tmp_path: Path, text: str | bytes, message: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert message in problem.message


def test_an_anchor_that_holds_itself_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace("train: 1-3", "&loop train: &a [*a]"))
    assert "an anchor holds itself" in found[0].message


def test_aliases_that_multiply_are_read_in_no_time(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert all("no key" in each.message or "lacks" in each.message for each in problems(tmp_path, bomb))


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="does not exist"):
        read_manifest(tmp_path / "none.yaml")


def test_reading_a_manifest_imports_neither_torch_nor_numpy(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(GOOD)
    code = f"import sys; from mtlc.manifest import read_manifest; read_manifest({str(path)!r}); "
    code += "print({'torch', 'numpy', 'PIL'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("camera", "message"),
    [
        ("nix", "`camera` is `nix`; it takes the keys"),
        ("{fx: 1, fy: 1, cx: 0, cz: 0}", "no key `cz`"),
        ("{fil: K.txt}", "no key `fil`"),
        ("{fx: 1, fy: 1, cx: 0}", "lacks the key `cy`"),
        ("{fx: 1, fy: 1, cx: 0, cy: 0, file: K.txt}", "four numbers or a `file`"),
        ("{}", "four numbers or a `file`"),
        ("{file: K.txt, size: 0x4}", "`size` is `0x4`"),
        (f"{{file: K.txt, size: {'9' * 5000}x4}}", "`size` is `999"),
    ],
)
def test_a_camera_that_is_wrong_is_told_once(tmp_path: Path, camera: str, message: str) -> None:
    depth = '  depth: {files: "{id}", scale: 1}\n'
    text = with_label(f"{depth}  n: {{kind: normals, from: depth, derive: surface, camera: {camera}}}\n")
    (problem,) = problems(tmp_path, text)
    assert message in problem.message and len(problem.message) < 120


def beside(tmp_path: Path, text: str, splits: str = "{test: 7}") -> Path:
    """A manifest that takes its labels from `base.yaml`, which holds a text."""
    (tmp_path / "base.yaml").write_text(text)
    path = tmp_path / "more.yaml"
    path.write_text(f'images: "photos/{{id}}.jpg"\nsplits: {splits}\nlabels: base.yaml\n')
    return path


def test_a_manifest_may_have_the_labels_of_another_one_with_images_and_splits_of_its_own(
    tmp_path: Path,
) -> None:
    manifest = read_manifest(beside(tmp_path, GOOD))
    assert manifest.labels == read(tmp_path, GOOD).labels
    assert manifest.splits == {"test": Ids(ids=("7",))} and manifest.images == ("photos/{id}.jpg",)


def test_what_is_wrong_in_labels_of_another_manifest_is_told_in_that_file(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(beside(tmp_path, GOOD.replace("semseg", "semsegg")))
    assert caught.value.path == str(tmp_path / "base.yaml")
    assert [each.line for each in caught.value.problems] == [7]


@pytest.mark.parametrize("named", ["gone.yaml", "more.yaml", ""])
def test_labels_of_a_manifest_that_is_not_there_or_has_none_itself_are_a_mistake(
    tmp_path: Path, named: str
) -> None:
    path = beside(tmp_path, "labels: more.yaml" if named == "" else GOOD)
    path.write_text(path.read_text().replace("base.yaml", named or "base.yaml"))
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    said = "which is not there" if named == "gone.yaml" else "it takes label names"
    assert len(caught.value.problems) == 1 and said in caught.value.message
