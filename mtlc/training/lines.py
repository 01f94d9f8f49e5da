"""A run told in plain lines: for pipes, files and machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

from mtlc.training import words
from mtlc.training.pace import Pace, duration
from mtlc.training.record import plain
from mtlc.training.report import Done, Start
from mtlc.training.scores import Result, Scores

STEPS, SECONDS = 50, 5.0  # one line an interval: whichever ends first


class Means:
    """Means of the losses since they were last taken, over the steps that had the task's label."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, losses: dict[str, float]) -> None:
        for task, loss in losses.items():
            total, count = self._sums.get(task, (0.0, 0))
            self._sums[task] = (total + loss, count + 1)

    def take(self) -> dict[str, float]:
        means = {task: total / count for task, (total, count) in self._sums.items()}
        self._sums = {}
        return means


class Interval:
    """Says when the next line is due: every 50 steps or 5 seconds, and at the last step."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._steps, self._since = clock, 0, clock()

    def due(self, done: Done) -> bool:
        self._steps += 1
        ends = self._steps >= STEPS or self._clock() - self._since >= SECONDS or done.step == done.steps
        if ends:
            self._steps, self._since = 0, self._clock()
        return ends


class Lines:
    """One line an interval, one an evaluation, no colour. The final scores go to `out`, all else to `err`."""

    def __init__(
        self,
        out: TextIO | None = None,
        err: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self._clock = clock
        self._means, self._pace, self._interval = Means(), Pace(clock), Interval(clock)

    def start(self, start: Start) -> None:
        self._pace, self._interval = Pace(self._clock), Interval(self._clock)
        self._say(words.beginning(start))

    def step(self, done: Done) -> None:
        self._pace.step(done.images)
        self._means.add(dict(done.losses))
        if self._interval.due(done):
            speed = f"{self._pace.images_per_second:.1f} images/s"
            left = f"{duration(self._pace.left(done.steps - done.step))} left"
            losses = words.losses(self._means.take(), done.weights)
            phase = f"  {done.phase}" if done.phase else ""
            opposed = f"  {words.opposed(done.conflicts)}" if done.conflicts is not None else ""
            self._say(f"step {done.step}/{done.steps}{phase}  {speed}  {left}  {losses}{opposed}")

    def note(self, text: str) -> None:
        self._say(f"note: {text}")

    def scores(self, step: int, scores: Scores, best: bool) -> None:
        self._say(words.evaluation(step, scores, best))
        self._pace.pause()

    def end(self, result: Result) -> None:
        for line in words.results(result):
            print(line, file=self.out, flush=True)
        self._say(words.ending(result))

    def close(self) -> None:
        """Nothing is open."""

    def _say(self, text: str) -> None:
        print(text, file=self.err, flush=True)


class JsonLines:
    """One JSON object a line on `out`; `event` says which."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.out, self._clock = out or sys.stdout, clock
        self._means, self._pace, self._interval = Means(), Pace(clock), Interval(clock)

    def start(self, start: Start) -> None:
        self._pace, self._interval = Pace(self._clock), Interval(self._clock)
        self._say("start", **(vars(start) | {"folder": str(start.folder)}))

    def step(self, done: Done) -> None:
        self._pace.step(done.images)
        self._means.add(dict(done.losses))
        if self._interval.due(done):
            speed, left = self._pace.images_per_second, self._pace.left(done.steps - done.step)
            told: dict[str, Any] = {"losses": self._means.take(), "weights": dict(done.weights)}
            told |= {"phase": done.phase} if done.phase else {}
            told |= {"conflicts": done.conflicts} if done.conflicts is not None else {}
            self._say(
                "step", step=done.step, steps=done.steps, images_per_second=speed, seconds_left=left, **told
            )

    def note(self, text: str) -> None:
        self._say("note", text=text)

    def scores(self, step: int, scores: Scores, best: bool) -> None:
        self._say("scores", step=step, best=best, **scores.summary())
        self._pace.pause()

    def end(self, result: Result) -> None:
        test = result.test.as_dict() if result.test else None
        best = vars(result.best) if result.best else None
        done = {"step": result.step, "steps": result.steps, "interrupted": result.interrupted}
        out = {"left_out": result.left_out, "skipped": dict(result.skipped)}
        out |= {"not_finite": {case: vars(each) for case, each in result.unfit.items()}}
        self._say("end", folder=str(result.folder), **done, kept=result.kept, best=best, test=test, **out)

    def close(self) -> None:
        """Nothing is open."""

    def _say(self, event: str, **values: Any) -> None:
        print(json.dumps({"event": event} | plain(values)), file=self.out, flush=True)
