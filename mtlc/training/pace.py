"""How fast a run goes: images per second and the time that is left, from its last steps."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 50  # steps; long enough to be calm, short enough to follow a change


class Pace:
    """Steps and their times. What lies between `pause` and the next step (an evaluation) does not count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._steps: deque[tuple[float, int]] = deque(maxlen=WINDOW)

    def step(self, images: int) -> None:
        """A step over so many images has ended."""
        now = self._clock()
        self._steps.append((now - self._last, images))
        self._last = now

    def pause(self) -> None:
        """What was done since the last step is no step."""
        self._last = self._clock()

    @property
    def images_per_second(self) -> float:
        seconds = sum(seconds for seconds, _ in self._steps)
        return sum(images for _, images in self._steps) / seconds if seconds > 0 else 0.0

    def left(self, steps: int) -> float | None:
        """Seconds that so many steps will take; None before the first step."""
        if not self._steps:
            return None
        return steps * sum(seconds for seconds, _ in self._steps) / len(self._steps)


def duration(seconds: float | None) -> str:
    """`0:42`, `12:05` or `3:07:00`; a dash where nothing is known."""
    if seconds is None:
        return "-"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
