"""The file of a run's numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mtlc.training.errors import FAILED, RunError
from mtlc.training.record import Record


def test_lines_after_the_checkpoint_are_taken_off_even_half_a_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    record = Record(path)
    record.add(step=1)
    size = record.size
    record.add(step=2)
    record.close()
    path.write_bytes(path.read_bytes()[:-4])
    record = Record(path, size)
    record.add(step=2, again=True)
    record.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"step": 1},
        {"step": 2, "again": True},
    ]


def test_a_number_that_json_cannot_hold_is_null(tmp_path):
    record = Record(tmp_path / "metrics.jsonl")
    record.add(losses={"depth": math.nan, "semseg": 1.5})
    record.close()
    assert json.loads(record.path.read_text()) == {"losses": {"depth": None, "semseg": 1.5}}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_error(tmp_path):
    record = Record(tmp_path / "metrics.jsonl")
    record._file = open("/dev/full", "wb")  # noqa: SIM115
    with pytest.raises(RunError, match="no space left on device") as caught:
        record.add(step=1)
    assert caught.value.exit_code == FAILED
    record.close()


def test_of_a_file_that_became_shorter_the_whole_lines_stay(tmp_path):
    record = Record(tmp_path / "metrics.jsonl")
    record.add(step=1)
    record.add(step=2)
    size = record.size
    record.close()
    assert not record.lost
    record.path.write_bytes(record.path.read_bytes()[:-4])
    record = Record(record.path, size)
    record.add(step=3)
    record.close()
    assert record.lost
    assert [json.loads(line)["step"] for line in record.path.read_text().splitlines()] == [1, 3]
