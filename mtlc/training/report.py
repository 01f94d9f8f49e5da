"""What a run tells while it goes: the trainer speaks to a `Report` and knows nothing of terminals."""

from __future__ import annotations

from collections.abc import Mapping
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
    """A step is done: losses by task before any weight, and their weights (the task's times balancing's)."""

    step: int
    steps: int
    images: int
    losses: Mapping[str, float]
    weights: Mapping[str, float]


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


class Silent:
    """Tells nothing."""

    def start(self, start: Start) -> None: ...
    def step(self, done: Done) -> None: ...
    def note(self, text: str) -> None: ...
    def scores(self, step: int, scores: Scores, best: bool) -> None: ...
    def end(self, result: Result) -> None: ...
    def close(self) -> None: ...
