"""The numbers of each image, from one table."""

import math
from pathlib import Path

import pytest
import torch

from mtlc.data.errors import DataError
from mtlc.data.tables import read_table
from mtlc.manifest import NumberTable

VALUES = ("height", "turn")
JSON = NumberTable("t.json", "{id}", None, (1.0, 1.0), (0.0, 0.0))
CSV = NumberTable("t.csv", None, None, (1.0, 1.0), (0.0, 0.0))


def numbers(
    tmp_path: Path, table: NumberTable, text: str, values: tuple[str, ...] = VALUES
) -> dict[str, list]:
    (tmp_path / table.file).write_text(text, "utf-8")
    found = read_table(table, values, tmp_path, ["a", "b"], "pose")
    assert all(each.dtype == torch.float32 for each in found.values())
    return {id: [None if math.isnan(x) else x for x in each.tolist()] for id, each in found.items()}


def refusal(tmp_path: Path, table: NumberTable, text: str) -> DataError:
    with pytest.raises(DataError) as caught:
        numbers(tmp_path, table, text)
    assert caught.value.hint and table.file in caught.value.message
    return caught.value


def test_an_image_has_a_list_or_a_mapping_of_numbers(tmp_path: Path) -> None:
    text = '{"a": [1.5, -2], "b": {"turn": 3e2, "height": 0}, "c": "no"}'
    assert numbers(tmp_path, JSON, text) == {"a": [1.5, -2.0], "b": [0.0, 300.0]}


def test_one_value_may_stand_alone(tmp_path: Path) -> None:
    one = NumberTable("t.json", "{id}")
    assert numbers(tmp_path, one, '{"a": 7, "b": [8]}', ("age",)) == {"a": [7.0], "b": [8.0]}


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    assert numbers(tmp_path, CSV, "id,turn,note,height\nb,1, x ,2.5\nz,,,\n") == {"b": [2.5, 1.0]}


def test_each_value_has_its_scale_and_offset(tmp_path: Path) -> None:
    table = NumberTable("t.csv", None, "photo", (0.5, 2.0), (10.0, 0.0), ignore=(-1.0,))
    assert numbers(tmp_path, table, "height,turn,photo\n4,3,a\n-1,1,b\n") == {
        "a": [12.0, 6.0],
        "b": [None, 2.0],
    }


def test_what_nobody_knows_is_absent_and_an_image_of_which_nothing_is_known_has_no_label(
    tmp_path: Path,
) -> None:
    assert numbers(tmp_path, CSV, "id,height,turn\na,1,\nb,,nan\n") == {"a": [1.0, None]}
    assert numbers(tmp_path, JSON, '{"a": [null, 2], "b": {}}') == {"a": [None, 2.0]}


@pytest.mark.parametrize(
    ("table", "text", "message", "hint"),
    [
        (JSON, '{"a": ["tall", 1]}', "of `a` has `tall` as `height`", "correct"),
        (JSON, '{"a": [true, 1]}', "has `True` as `height`", "correct"),
        (JSON, '{"a": [[1], 1]}', "has `[1]` as `height`", "correct"),
        (JSON, '{"a": [1, 1e400]}', "has `inf` as `turn`", "correct"),
        (JSON, '{"a": 1}', "holds 1 number, and the manifest names 2", "null where nobody knows"),
        (JSON, '{"a": [1, 2, 3]}', "holds 3 numbers", "one for each"),
        (JSON, '{"a": {"hight": 1}}', "holds the value `hight`", "mean `height`?"),
        (JSON, '{"a": {"moon": 1}}', "holds the value `moon`", "add it to `values`"),
        (CSV, "id,height,turn\na,1,1\nb,2m,0\n", "of `b` has `2m` as `height`", "correct"),
        (CSV, "id,height,turn\na,1,1e39\n", "has `1e39` as `turn`", "correct"),
        (CSV, "id,height,turns\na,1,1\n", "no column `turn`", "`turns`"),
        (CSV, "id,height,turn\n,1,1\n", "line 2 of", "write the image's id"),
        (CSV, "id,height,turn\na,1,1\na,2,2\n", "the id `a` twice (line 3)", "keep one"),
    ],
)
def test_a_bad_table_is_told(tmp_path: Path, table: NumberTable, text: str, message: str, hint: str) -> None:
    error = refusal(tmp_path, table, text)
    assert message in error.message and hint in str(error.hint) and "label `pose`" in error.message
