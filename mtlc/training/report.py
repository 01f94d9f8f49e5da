"""What a run tells while it goes: the trainer speaks to a `Report` and knows nothing of terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mtlc.training.scores import Result, Scores


@dataclass(frozen=True)
class Start:
    """A run begins, at step `step` if it is resumed. `device` is in words."""

    folder: Path
    tasks: tuple[str, ...]
    step: int
    steps: int
    images: int
    batch: int
    parameters: int
    device: str


@dataclass(frozen=True)
class Done:
    """A step is done: losses by task before any weight, and their weights (the task's times balancing's).

    `phase` is empty in a run without phases. `conflicts` is the share of pairs of tasks whose gradients oppose each
    other; None in steps that compared none.
    """

    step: int
    steps: int
    images: int
    losses: Mapping[str, float]
    weights: Mapping[str, float]
    phase: str = ""
    conflicts: float | None = None


class Report(Protocol):
    """Where a run's news go."""

    def start(self, start: Start) -> None:
        """Before the first step."""

    def step(self, done: Done) -> None:
        """After every step."""

    def note(self, text: str) -> None:
        """Something the user should know, in a sentence without a full stop."""

    def scores(self, step: int, scores: Scores, best: bool) -> None:
        """After an evaluation; `best` where it is better than all before."""

    def end(self, result: Result) -> None:
        """The run has ended. Not called when it fails: use `close`."""

    def close(self) -> None:
        """Leave the terminal as it was; also after a failure."""


class Several:
    """Tells each of several reports the same, in their order."""

    def __init__(self, reports: Sequence[Report]) -> None:
        self.reports = reports

    def start(self, start: Start) -> None:
        for each in self.reports:
            each.start(start)

    def step(self, done: Done) -> None:
        for each in self.reports:
            each.step(done)

    def note(self, text: str) -> None:
        for each in self.reports:
            each.note(text)

    def scores(self, step: int, scores: Scores, best: bool) -> None:
        for each in self.reports:
            each.scores(step, scores, best)

    def end(self, result: Result) -> None:
        for each in self.reports:
            each.end(result)

    def close(self) -> None:
        for each in self.reports:
            each.close()


class Silent:
    """Tells nothing."""

    def start(self, start: Start) -> None: ...
    def step(self, done: Done) -> None: ...
    def note(self, text: str) -> None: ...
    def scores(self, step: int, scores: Scores, best: bool) -> None: ...
    def end(self, result: Result) -> None: ...
    def close(self) -> None: ...
