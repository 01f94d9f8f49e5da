"""A run told on a terminal: one live line, and a line for each evaluation above it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from rich.console import Console
from rich.live import Live as RichLive
from rich.text import Text

from mtlc.training import words
from mtlc.training.pace import WINDOW, Pace, duration
from mtlc.training.report import Done, Start
from mtlc.training.scores import Result, Scores

BAR = 20  # cells
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


class Live:
    """The live line and the notes go to `err`, the final scores to `out`."""

    def __init__(self, out: Console | None = None, err: Console | None = None) -> None:
        self.out = out or Console(highlight=False)
        self.err = err or Console(stderr=True, highlight=False)
        self._live = RichLive(console=self.err, refresh_per_second=4, transient=True)
        self._pace, self._recent = Pace(), dict[str, deque[float]]()
        self._phase = ""

    def start(self, start: Start) -> None:
        self._pace = Pace()
        self.err.print(Text(words.beginning(start), "dim"))
        self._recent = {task: deque(maxlen=WINDOW) for task in start.tasks}
        self._live.start()

    def step(self, done: Done) -> None:
        self._pace.step(done.images)
        if done.phase != self._phase:  # other tasks may be trained now
            self._phase, self._recent = done.phase, {task: deque(maxlen=WINDOW) for task in self._recent}
        for task, loss in done.losses.items():
            self._recent[task].append(loss)
        means = {task: sum(each) / len(each) for task, each in self._recent.items() if each}
        self._live.update(line(done, self._pace, means))

    def note(self, text: str) -> None:
        self.err.print(Text(f"note: {text}", "yellow"))

    def scores(self, step: int, scores: Scores, best: bool) -> None:
        self.err.print(Text(words.evaluation(step, scores, best), "bold" if best else ""), soft_wrap=True)
        self._pace.pause()

    def end(self, result: Result) -> None:
        self.close()
        for each in words.results(result):
            self.out.print(Text(each), soft_wrap=True)
        self.err.print(Text(words.ending(result)), soft_wrap=True)

    def close(self) -> None:
        self._live.stop()


def line(done: Done, pace: Pace, means: Mapping[str, float]) -> Text:
    """`120/1000 ━━━━──── 85.2 images/s 0:10 left`, then each task's mean loss and weight in its colour."""
    full = round(BAR * done.step / done.steps)
    phase = f"{done.phase} " if done.phase else ""
    text = Text(f"{phase}{done.step}/{done.steps} ", no_wrap=True, overflow="ellipsis")
    text.append("━" * full, "bold").append("─" * (BAR - full), "dim")
    left = duration(pace.left(done.steps - done.step))
    text.append(f" {pace.images_per_second:.1f} images/s  {left} left")
    for (task, mean), colour in zip(means.items(), COLOURS * (1 + len(means) // len(COLOURS)), strict=False):
        text.append(f"  {task} ", colour).append(words.number(mean))
        text.append(f" x{done.weights.get(task, 1.0):.3g}", "dim")
    if done.conflicts is not None:
        text.append(f"  {words.opposed(done.conflicts)}", "dim")
    return text
