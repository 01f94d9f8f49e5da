"""The numbers of a run for TensorBoard: the lines of `metrics.jsonl` told again, in event files.

The event files of a resumed run are written anew from the lines that it keeps, so that no point is there twice
and none is missing, also where the run before it was killed or had no TensorBoard.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mtlc.training.errors import ENVIRONMENT, RunError, unwritable
from mtlc.training.record import Record


class Board:
    """Scalars by step: `loss/TASK`, `weight/TASK`, `loss/auxiliary`, `lr`, `val/TASK/METRIC`, `val/loss`, `test/…`;
    with a gradient-level method `gradient weight/SET/TASK`, `gradient norm/TASK`, `gradient cosine/TASK TASK`.

    Raises `RunError` where the folder cannot be written, or where the record that it tells again is damaged.
    """

    def __init__(self, folder: Path, record: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        shutil.rmtree(folder, ignore_errors=True)
        try:
            self._writer = SummaryWriter(str(folder))
        except OSError as error:
            raise unwritable(folder, error, begun=False) from None
        for line in _lines(record):
            self.add(line)
        self._writer.flush()

    def add(self, line: Mapping[str, Any]) -> None:
        """Tell a line of the record."""
        for name, value in scalars(line):
            self._writer.add_scalar(name, value, line["step"])

    def close(self) -> None:
        self._writer.close()


def _lines(record: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        hint = "remove the damaged lines"
        raise RunError(f"cannot read `{record}`: it holds lines that are no JSON", hint) from None


@contextmanager
def copied_to(folder: Path | None, record: Record) -> Iterator[None]:
    """Inside this block every line of a record goes to event files in a folder as well; None for none."""
    if folder is None:
        yield
        return
    board = Board(folder, record.path)
    record.also = board.add
    try:
        yield
    finally:
        board.close()


def scalars(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers of a line of the record by their names; what is no number (None) is left out."""
    return ((name, value) for name, value in _named(line) if value is not None)


def _named(line: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    if line["kind"] == "train":
        yield "lr", line["lr"]
        yield from ((f"loss/{task}", loss) for task, loss in line["losses"].items())
        yield from ((f"weight/{task}", weight) for task, weight in line["weights"].items())
        if line["auxiliary"]:
            yield "loss/auxiliary", line["auxiliary"]
        yield from _gradients(line.get("gradients", {}))
        return
    split, scores = line["kind"], line["scores"]
    yield f"{split}/loss", scores["loss"]
    for task, metrics in scores["metrics"].items():
        yield f"{split}/{task}/loss", scores["losses"][task]
        yield from ((f"{split}/{task}/{name}", value) for name, value in metrics.items())


def _gradients(seen: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for each in seen.get("weights", ()):
        name = "+".join(each["tasks"])
        yield from (
            (f"gradient weight/{name}/{task}", value) for task, value in (each["weights"] or {}).items()
        )
    yield from ((f"gradient norm/{task}", value) for task, value in seen.get("norms", {}).items())
    yield from ((f"gradient cosine/{one} {two}", value) for one, two, value in seen.get("cosines", ()))


def require_tensorboard() -> None:
    """Raise `RunError` (exit code 3) where the package is missing; said before anything is opened or trained."""
    if importlib.util.find_spec("tensorboard") is None:
        hint = 'pip install "mtlc[tensorboard]", or leave `--tensorboard` out'
        raise RunError("TensorBoard's event files need the package `tensorboard`", hint, ENVIRONMENT)
