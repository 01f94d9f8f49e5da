"""Tags of all images in one file."""

from pathlib import Path

import pytest

from mtlc.data.errors import DataError
from mtlc.data.tables import read_table
from mtlc.manifest import Table

CLASSES = ("hat", "tie", "coat")
JSON = Table("t.json", "tags.{id}", "names", ("null",))


def vectors(tmp_path: Path, table: Table, text: str) -> dict[str, list[int]]:
    (tmp_path / table.file).write_text(text, "utf-8")
    return {
        id: tags.tolist() for id, tags in read_table(table, CLASSES, tmp_path, ["a", "b"], "tags").items()
    }


def refusal(tmp_path: Path, table: Table, text: str) -> DataError:
    with pytest.raises(DataError) as caught:
        vectors(tmp_path, table, text)
    assert caught.value.hint and table.file in caught.value.message
    return caught.value


def test_indices_point_into_the_files_own_names(tmp_path: Path) -> None:
    text = '{"names": ["null", "coat", "hat"], "tags": {"a": [0, 2, 1], "c": [9]}}'
    assert vectors(tmp_path, JSON, text) == {"a": [1, 0, 1]}


def test_names_may_stand_in_the_list_itself(tmp_path: Path) -> None:
    table = Table("t.json", "{id}.tags")
    assert vectors(tmp_path, table, '{"a": {"tags": ["tie"]}, "b": {"tags": []}}') == {
        "a": [0, 1, 0],
        "b": [0, 0, 0],
    }


def test_without_names_indices_count_the_classes(tmp_path: Path) -> None:
    assert vectors(tmp_path, Table("t.json", "{id}"), '{"a": [2]}') == {"a": [0, 0, 1]}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('{"names": []', "not JSON (line 1", "correct"),
        ('{"names": 3, "tags": {"a": []}}', "no list of names at `names`", "`names`"),
        ('{"names": ["hat"], "tags": {"a": "hat"}}', "`tags` of `a` is no list", "list of names"),
        ('{"names": ["hat"], "tags": {"a": [1]}}', "holds `1`, which is neither a name nor", "`names`"),
        ('{"names": ["hat"], "tags": {"a": [true]}}', "holds `True`", "`names`"),
        ('{"names": ["haat"], "tags": {"a": [0]}}', "the tag `haat`, which the manifest does not", "`hat`"),
        ('{"names": ["moon"], "tags": {"a": [0]}}', "the tag `moon`", "`exclude`"),
    ],
)
def test_a_bad_table_is_told(tmp_path: Path, text: str, message: str, hint: str) -> None:
    error = refusal(tmp_path, JSON, text)
    assert message in error.message and hint in str(error.hint)


def test_a_column_for_each_class_may_leave_cells_open(tmp_path: Path) -> None:
    text = "id,coat,hat,tie\nb,1,0,\nz,x,x,x\n"
    assert vectors(tmp_path, Table("t.csv"), text) == {"b": [0, 255, 1]}


def test_a_column_of_tags_is_parted(tmp_path: Path) -> None:
    text = "name,words,photo\nx,hat;tie,a\ny,,b\n"
    assert vectors(tmp_path, Table("t.csv", column="photo", tags="words", separator=";"), text) == {
        "a": [1, 1, 0],
        "b": [0, 0, 0],
    }


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        (Table("t.csv"), "id,hat,tye,coat\n", "no column `tie`"),
        (Table("t.csv", column="photo"), "id,hat,tie,coat\n", "no column `photo`"),
        (Table("t.csv"), "id,hat,tie,coat\na,1,2,0\n", "has `2` in column `tie`"),
    ],
)
def test_a_bad_csv_is_told(tmp_path: Path, table: Table, text: str, message: str) -> None:
    assert message in refusal(tmp_path, table, text).message


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looked for"):
        read_table(JSON, CLASSES, tmp_path, ["a"], "tags")


def test_a_table_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(b'{"\xff": 1}')
    with pytest.raises(DataError, match="not UTF-8"):
        read_table(JSON, CLASSES, tmp_path, ["a"], "tags")
