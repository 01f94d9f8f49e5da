"""Contestants side by side: each in its process, taking steps in turn."""

from __future__ import annotations

import math
import multiprocessing as mp
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from statistics import mean, median
from typing import Any

from .process import Held, serve
from .setting import EVERY, Size

PAUSE = 0.05  # seconds, until the threads of the last one sleep
PLAIN = ("every", "equal")  # most of their steps are one backward pass


def spawned(target: Callable[..., None], *arguments: object) -> tuple[Any, Connection]:
    """A process that gets a pipe and these arguments, and our end of the pipe."""
    context = mp.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=target, args=(its, *arguments), daemon=True)
    process.start()
    its.close()
    return process, ours


@dataclass
class Contestant:
    """A process, what its steps held, and by turn their seconds; `failure` is why it takes none any more."""

    process: Any
    pipe: Connection
    held: Held = Held(0, 0)
    turns: list[list[float]] = field(default_factory=list)
    failure: str = ""

    def turn(self, steps: int) -> None:
        """Some steps. The first is not counted: another one's numbers are in the caches."""
        if not self.failure:
            self.pipe.send(1 + steps)
            times = self._answer()
            self.turns += [times[1:]] if times else []
            time.sleep(PAUSE)

    def end(self) -> None:
        if not self.failure:
            self.pipe.send(0)
        self.process.join()

    @property
    def step(self) -> float:
        """The median of the steps' seconds; NaN where there are none."""
        times = [each for turn in self.turns for each in turn]
        return median(times) if times and not self.failure else math.nan

    @property
    def mean(self) -> float:
        """The median over turns of their means, where a turn's steps do not all do the same."""
        return median(map(mean, self.turns)) if self.turns and not self.failure else math.nan

    def begin(self) -> None:
        """The first steps, while no other one takes any."""
        self.pipe.send("begin")
        self.held = self._answer() or self.held

    def _answer(self) -> Any:
        try:
            said = self.pipe.recv()
        except (EOFError, ConnectionError):
            said = "the process has ended"
        if not isinstance(said, str):
            return said
        self.failure = said
        return None


def side_by_side(
    kinds: Sequence[str], method: str, size: Size, *, steps: int, rounds: int
) -> dict[str, Contestant]:
    """By kind, with the times of so many steps in each round; those in `PLAIN` take EVERY, in which weights are chosen
    once. Who begins changes from round to round."""
    found = {kind: Contestant(*spawned(serve, kind, method, size)) for kind in kinds}
    for each in found.values():
        each.begin()
    for place in range(rounds):
        for kind in (*kinds[place % len(kinds) :], *kinds[: place % len(kinds)]):
            found[kind].turn(EVERY if kind in PLAIN else steps)
    for each in found.values():
        each.end()
    return found
