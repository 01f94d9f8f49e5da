"""The class of each image, from a table or from the folders of images."""

from pathlib import Path

import pytest

from mtlc.data.errors import DataError
from mtlc.data.tables import read_table
from mtlc.manifest import ClassTable

CLASSES = ("hall", "kitchen", "attic")
RAW = ((0,), (1, 5), (2,))
JSON = ClassTable(RAW, "t.json", "rooms.{id}")
CSV = ClassTable(RAW, "t.csv", value="room")


def known(
    tmp_path: Path, table: ClassTable, text: str = "", ids: tuple[str, ...] = ("a", "b")
) -> dict[str, int]:
    if table.file:
        (tmp_path / table.file).write_text(text, "utf-8")
    return {id: int(each) for id, each in read_table(table, CLASSES, tmp_path, ids, "room").items()}


def refusal(tmp_path: Path, table: ClassTable, text: str, ids: tuple[str, ...] = ("a", "b")) -> DataError:
    with pytest.raises(DataError) as caught:
        known(tmp_path, table, text, ids)
    assert caught.value.hint and "label `room`" in caught.value.message
    return caught.value


def test_a_class_is_a_name_or_one_of_its_ids(tmp_path: Path) -> None:
    assert known(tmp_path, JSON, '{"rooms": {"a": "attic", "b": 5, "c": "cellar"}}') == {"a": 2, "b": 1}
    assert known(tmp_path, CSV, "photo,room,x\na,5,\nb, hall ,\nc,cellar,\n") == {"a": 1, "b": 0}


def test_a_name_that_looks_like_an_id_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,class\na,1\nb,0\n")
    found = read_table(ClassTable(((0,), (1,)), "t.csv"), ("1", "2"), tmp_path, ["a", "b"], "room")
    assert {id: int(each) for id, each in found.items()} == {"a": 0, "b": 0}


def test_images_that_are_not_in_the_table_or_of_which_nobody_knows_have_no_label(tmp_path: Path) -> None:
    table = ClassTable(RAW, "t.csv", value="room", ignore=("unsure", "9"))
    assert known(tmp_path, table, "id,room\na,unsure\nb,9\n") == {}
    assert known(tmp_path, table, "id,room\na,\nz,hall\n") == {}
    assert known(tmp_path, JSON, '{"rooms": {"a": null}}') == {}


def test_the_class_may_be_the_last_folder_of_the_id(tmp_path: Path) -> None:
    folders = ClassTable(RAW, ignore=("mixed",))
    ids = ("kitchen/01", "old/attic/01", "mixed/7", "5/x")
    assert known(tmp_path, folders, ids=ids) == {"kitchen/01": 1, "old/attic/01": 2, "5/x": 1}
    assert "`01`" in refusal(tmp_path, folders, "", ("01",)).message
    assert "did you mean `attic`?" in refusal(tmp_path, folders, "", ("atic/01",)).hint


@pytest.mark.parametrize(
    ("table", "text", "message", "hint"),
    [
        (JSON, '{"rooms": {"a": "kichen"}}', "of `a` holds the class `kichen`, which the", "mean `kitchen`?"),
        (JSON, '{"rooms": {"b": 3}}', "of `b` holds the class `3`, which the", "add it to `classes`"),
        (JSON, '{"rooms": {"a": ["hall"]}}', "neither the name nor the id", "one name"),
        (JSON, '{"rooms": {"a": true}}', "holds `True`", "one name"),
        (JSON, '{"rooms": ', "not JSON (line 1", "correct"),
        (CSV, "id,room\na,garage\n", "holds the class `garage`", "`ignore`"),
        (CSV, "id,rom\na,hall\n", "no column `room`", "`rom`"),
        (CSV, "id,room\na,hall\n,attic\n", "line 3 of", "write the image's id"),
        (CSV, "id,room\na,hall\na,attic\n", "the id `a` twice (line 3)", "keep one"),
        (CSV, "", "no column `", "its columns are"),
    ],
)
def test_a_bad_table_is_told(tmp_path: Path, table: ClassTable, text: str, message: str, hint: str) -> None:
    error = refusal(tmp_path, table, text)
    assert message in error.message and hint in str(error.hint) and str(table.file) in error.message
