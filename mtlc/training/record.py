"""The numbers of a run, one JSON object a line; no times, so that a resumed run's equal a whole one's."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mtlc.training.errors import unwritable


class Record:
    """Lines appended to a file. `size` goes into checkpoints; a resumed run takes off what came after.

    `also`, if it is set, hears of each line as it is written. `lost` says whether the file was shorter than the
    checkpoint knew it: then only its whole lines stay.
    """

    also: Callable[[dict[str, Any]], None] | None = None

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        try:
            self._file = path.open("r+b" if path.exists() else "w+b")
            self.lost = path.stat().st_size < size
            self._file.truncate(self._file.read().rfind(b"\n") + 1 if self.lost else size)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise unwritable(path, error) from None

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def add(self, **line: Any) -> None:
        """Append a line. Raises `RunError` where the disk is full."""
        line = plain(line)
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()
            if self.also:
                self.also(line)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def close(self) -> None:
        with suppress(OSError):  # what could not be written was reported by `add`
            self._file.close()


class Unwritten(Record):
    """What a process has that is not the first: it writes nothing down."""

    size, lost = 0, False

    def __init__(self) -> None:
        """There is no file."""

    def add(self, **line: Any) -> None:
        """The first one does."""

    def close(self) -> None:
        """Nothing is open."""


def plain(value: Any) -> Any:
    """The same with None for numbers that JSON cannot hold."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
