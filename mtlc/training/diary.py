"""What happened to a run, when and where: one JSON object a line in `log.jsonl`, for people and for the report page.

Each process that works on the run adds a `start`, its `note`s, and an `end` or `failed`; one without either is
still running, or was killed. No later step depends on these lines.
"""

from __future__ import annotations

import json
import platform
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from mtlc import __version__
from mtlc.training.record import plain
from mtlc.training.report import Done, Start
from mtlc.training.scores import Result, Scores


class Diary:
    """A `Report` that keeps a run's log. A disk that is full is no reason to stop here: others will say so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._step: int | None = None  # the last one done; None before the start

    def start(self, start: Start) -> None:
        self._step = start.step
        versions = {"mtlc": __version__, "torch": str(torch.__version__), "python": platform.python_version()}
        self._add("start", **(vars(start) | {"folder": str(start.folder)}), versions=versions)

    def step(self, done: Done) -> None:
        self._step = done.step

    def note(self, text: str) -> None:
        self._add("note", text=text)

    def scores(self, step: int, scores: Scores, best: bool) -> None:
        """They are in `metrics.jsonl`."""

    def end(self, result: Result) -> None:
        best = vars(result.best) if result.best else None
        counts = {"empty": result.empty, "left_out": result.left_out, "skipped": dict(result.skipped)}
        counts["not_finite"] = {case: vars(each) for case, each in result.unfit.items()}
        self._add("end", step=result.step, interrupted=result.interrupted, best=best, **counts)

    def failed(self, message: str) -> None:
        """The run stopped on this error."""
        self._add("failed", step=self._step, message=message)

    def close(self) -> None:
        """Nothing is open."""

    def _add(self, event: str, **values: Any) -> None:
        if self._step is None:  # nothing has begun: this may be another run's folder
            return
        line = {"event": event, "time": datetime.now(UTC).isoformat(timespec="seconds"), **values}
        with suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(plain(line)) + "\n")
