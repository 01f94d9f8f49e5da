"""From a `data` block to its reader, or to what is missing."""

from pathlib import Path

import pytest

from mtlc.data.errors import DataError, MissingData
from mtlc.data.open import open_data, splits
from mtlc.data.rooms.dataset import Rooms
from mtlc.parts import data as parts
from mtlc.parts.part import Place, Size


def test_the_block_names_its_reader() -> None:
    part = parts.Rooms(size=Size(16, 16), images=2, val=1)
    assert isinstance(open_data(part, "val", ["depth"]), Rooms)
    assert splits(part) == ("train", "val", "test")


def test_nyud_names_its_missing_root_and_where_it_looked() -> None:
    with pytest.raises(MissingData, match="looked for the folder `data/nyud`") as caught:
        open_data(parts.Nyud(), "train")
    assert "export NYUD_ROOT=" in str(caught.value.hint)


def test_nyud_with_its_root_has_no_reader_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no reader for `nyud` yet") as caught:
        open_data(parts.Nyud(root=Place(str(tmp_path), "NYUD_ROOT")), "train")
    assert not isinstance(caught.value, MissingData)
