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
    `unread` counts the lines that could not be read.
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
    lines, unread = _lines(files.metrics)
    log, unread_too = _lines(files.log)
    known = [line for line in lines if line.get("kind") in ("train", "val", "test")]
    validations = [Judged(e["step"], e["scores"], e["best"]) for e in known if e["kind"] == "val"]
    best = next((each for each in reversed(validations) if each.best), None)
    tests = [Judged(best.step if best else e["step"], e["scores"]) for e in known if e["kind"] == "test"]
    return Story(
        folder=files.path,
        spec=files.spec.read_text(encoding="utf-8"),
        log=log,
        steps=[line for line in known if line["kind"] == "train"],
        validations=validations,
        best=_in_detail(files.validation, best) if best else None,
        test=_in_detail(files.test, tests[-1]) if tests else None,
        samples=sorted(files.samples.glob("*.png")),
        written=max(each.stat().st_mtime for each in (files.metrics, files.spec) if each.exists()),
        unread=unread + unread_too,
    )


def _lines(path: Path) -> tuple[list[Line], int]:
    """The objects in a file of lines, and how many lines are none; the last may be half written."""
    if not path.exists():
        return [], 0
    texts = path.read_text(encoding="utf-8", errors="replace").split("\n")
    found = [each for text in texts if (each := _object(text)) is not None]
    return found, sum(bool(text) for text in texts[:-1]) - sum(_object(t) is not None for t in texts[:-1])


def _object(text: str) -> Line | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _in_detail(path: Path, line: Judged) -> Judged:
    """An evaluation with what is said of single classes, from a file of its own if that is of the same step."""
    scores = _object(path.read_text(encoding="utf-8")) if path.exists() else None
    return (
        line if scores is None or scores.get("step", line.step) != line.step else replace(line, scores=scores)
    )
