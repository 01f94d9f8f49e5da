"""What a run folder tells: read from its files, whatever of them is there, while the run may still be writing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mtlc.training.errors import USAGE, RunError
from mtlc.training.run_folder import RunFolder

Line = Mapping[str, Any]

SCORES = {"images", "metrics", "counted", "losses", "loss"}
NEEDED: Mapping[str, set[str]] = {
    "train": {"step", "losses", "weights"},
    "val": {"step", "best", "scores"},
    "test": {"step", "scores"},
    "start": {"time", "tasks", "step", "steps", "images", "batch", "parameters", "device"},
    "note": {"text"},
    "end": {"time", "step", "interrupted"},
    "failed": {"time", "step", "message"},
}
"""What the page reads of each sort of line; one that lacks any of it is damaged."""


@dataclass(frozen=True)
class Judged:
    """The scores of an evaluation after a step, as `Scores` writes them; `best` where the weights were kept."""

    step: int
    scores: Line
    best: bool = False


@dataclass(frozen=True)
class Story:
    """A run. `steps` are the lines of its training steps, `log` those of `log.jsonl`; both may be empty.

    `best` is the validation of the kept weights with what is said of single classes, `test` likewise.
    `unread` counts the lines, and the files of scores, that could not be read.
    """

    folder: Path
    spec: str
    log: Sequence[Line]
    steps: Sequence[Line]
    validations: Sequence[Judged]
    best: Judged | None
    test: Judged | None
    samples: Sequence[Path]
    written: float  # when the last line was written, in seconds since 1970
    unread: int = 0

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """In the order of the spec; from old runs without a log, in that of the steps."""
        for line in self.events("start"):
            return tuple(line["tasks"])
        return tuple(dict.fromkeys(task for line in self.steps for task in line["losses"]))

    def events(self, *names: str) -> Iterator[Line]:
        """The log's lines of these kinds."""
        return (line for line in self.log if line["event"] in names)


def read(folder: Path) -> Story:
    """The story of a run folder. Raises `RunError` (exit code 2) where it is none."""
    files = RunFolder(folder)
    if not folder.is_dir():
        raise RunError(f"there is no folder `{folder}`", "check the path", USAGE)
    if not files.spec.exists():
        hint = "name a folder that `mtlc run` made, such as one in `runs/`"
        raise RunError(f"`{folder}` holds no run: there is no `spec.mtl` in it", hint, USAGE)
    try:
        return _read(files)
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"cannot read the run in `{folder}`: {error}", "check its files", USAGE) from None


def _read(files: RunFolder) -> Story:
    known, unread = _lines(files.metrics, "kind")
    log, unread_too = _lines(files.log, "event")
    validations = [Judged(e["step"], e["scores"], e["best"]) for e in known if e["kind"] == "val"]
    best = next((each for each in reversed(validations) if each.best), None)
    tests = [Judged(best.step if best else e["step"], e["scores"]) for e in known if e["kind"] == "test"]
    judged, unread_best = _in_detail(files.validation, best)
    tested, unread_test = _in_detail(files.test, tests[-1] if tests else None)
    return Story(
        folder=files.path,
        spec=files.spec.read_text(encoding="utf-8"),
        log=log,
        steps=[line for line in known if line["kind"] == "train"],
        validations=validations,
        best=judged,
        test=tested,
        samples=sorted(files.samples.glob("*.png")),
        written=max(each.stat().st_mtime for each in (files.metrics, files.spec) if each.exists()),
        unread=unread + unread_too + unread_best + unread_test,
    )


def _lines(path: Path, sort: str) -> tuple[list[Line], int]:
    """The lines of a file whose `sort` is known, and how many are damaged; the last may be half written."""
    if not path.exists():
        return [], 0
    texts = path.read_text(encoding="utf-8", errors="replace").split("\n")
    found = [_whole(text, sort) for text in texts]
    unread = sum(bool(text) and line is None for text, line in zip(texts[:-1], found, strict=False))
    return [line for line in found if line and line[sort] in NEEDED], unread


def _whole(text: str, sort: str) -> Line | None:
    """A line with all that its sort needs; of an unknown sort, whatever it says."""
    line = _object(text)
    if (
        line is None
        or not isinstance(line.get(sort), str)
        or not line.keys() >= NEEDED.get(line[sort], set())
    ):
        return None
    return line if "scores" not in line or _judges(line["scores"]) else None


def _object(text: str) -> Line | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _judges(scores: Any) -> bool:
    return isinstance(scores, dict) and scores.keys() >= SCORES


def _in_detail(path: Path, line: Judged | None) -> tuple[Judged | None, int]:
    """An evaluation with what is said of single classes, from a file of its own if that is of the same step; and
    whether (0 or 1) the file is damaged."""
    if line is None or not path.exists():
        return line, 0
    scores = _object(path.read_text(encoding="utf-8", errors="replace"))
    if scores is None or not _judges(scores):
        return line, 1
    return (line if scores.get("step", line.step) != line.step else replace(line, scores=scores)), 0
