"""The folder of a run.

spec.mtl        the resolved spec: the run can be repeated from it alone
*.py            copies of the Python files that the spec uses, which this spec names
plan.txt        what ran
init.json       the run whose weights it began with, where one was named, and what matched
metrics.jsonl   losses of every step and the scores of every evaluation
log.jsonl       when it ran, where, what was noted and how it ended; see `diary.py`
tensorboard/    the numbers of `metrics.jsonl` for TensorBoard, on request
checkpoints/    see `checkpoint.py`
val.json        the scores of the best weights on the validation split
test.json       the scores on the test split, at the end
samples/        contact sheets of test images (of validation images without any), at the end
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtlc.plan import Plan
from mtlc.plan import text as plan_text
from mtlc.training import own_parts
from mtlc.training.atomic import make_folder, write_file
from mtlc.training.checkpoint import WEIGHTS, Checkpoints, read_spec
from mtlc.training.differing import difference
from mtlc.training.errors import USAGE, RunError, unwritable
from mtlc.training.record import plain
from mtlc.training.scores import Scores

FREE = ("steps", "save", "workers", "root", "manifest")
"""Keys that a resumed run may change: how far, how often, how fast, and where things are."""


@dataclass(frozen=True)
class RunFolder:
    """A run's files by name."""

    path: Path

    @property
    def spec(self) -> Path:
        return self.path / "spec.mtl"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def board(self) -> Path:
        return self.path / "tensorboard"

    @property
    def validation(self) -> Path:
        return self.path / "val.json"

    @property
    def test(self) -> Path:
        return self.path / "test.json"

    @property
    def init(self) -> Path:
        return self.path / "init.json"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / "checkpoints")

    def create(self, plan: Plan) -> None:
        """Make the folder of a new run. Raises `RunError` where it cannot be made or holds a run already."""
        if self.checkpoints.index() is not None:
            hint = f"go on with it by `--resume {self.path}`, or choose another folder by `--out`"
            raise RunError(f"`{self.path}` holds a run already", hint, USAGE)
        make_folder(self.path)
        try:
            self.checkpoints.folder.mkdir(exist_ok=True)
            for each in (self.metrics, self.log, self.validation, self.test, self.init):
                each.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self.path, error, begun=False) from None
        self.describe(plan)

    def describe(self, plan: Plan) -> None:
        """Write down what runs."""
        own_parts.keep(plan.spec, self.path)
        write_file(self.spec, own_parts.text(plan.spec).encode())
        write_file(self.path / "plan.txt", plan_text(plan).encode())

    def write_init(self, found: dict[str, Any]) -> None:
        """Where the first weights came from, and what of them was taken."""
        _write_json(self.init, found)

    def last(self) -> Path:
        """The folder of the last checkpoint. Raises `RunError` where there is none."""
        index = self.checkpoints.index()
        if index is None:
            raise RunError(
                f"`{self.path}` holds no run: there is no checkpoint in it", "check the path", USAGE
            )
        return self.checkpoints.folder / index.last

    def kept(self) -> Path:
        """The file of the weights that count: the best ones, or the last where nothing was validated."""
        last = self.last()
        index = self.checkpoints.index()
        return (last.with_name(index.best) if index and index.best else last) / WEIGHTS

    def refuse_other(self, plan: Plan) -> None:
        """Raise `RunError` unless the last checkpoint's spec is this plan's, but for `FREE` keys."""
        written = read_spec(self.last() / WEIGHTS)
        what = difference(written, own_parts.text(plan.spec), FREE)
        if what:
            message = f"the run in `{self.path}` has another spec: {what}"
            raise RunError(message, f"resume it with `{self.spec}`, or start a new run by `--out`")
        own_parts.refuse_others(plan.spec, self.path)

    def write_test(self, scores: Scores) -> None:
        """The scores on the test split."""
        _write_json(self.test, scores.as_dict())

    def write_validation(self, step: int, scores: Scores) -> None:
        """The scores on the validation split after this step, whose weights are the best so far."""
        _write_json(self.validation, {"step": step, **scores.as_dict()})


def _write_json(path: Path, values: dict[str, Any]) -> None:
    write_file(path, (json.dumps(plain(values), indent=2) + "\n").encode())
