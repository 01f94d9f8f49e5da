"""Ctrl-C and SIGTERM ask a run to end after its step; a second one ends it at once.

Several processes end after the same step. A second signal changes nothing for them: a launcher passes on what the
terminal has sent to all already, and kills those that do not end.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mtlc.training import processes


class Stop:
    """Whether somebody asked the run to end. `asked` says it of this process alone."""

    asked = False
    _agreed = False

    def __bool__(self) -> bool:
        return self._agreed if processes.several() else self.asked

    def agree(self) -> None:
        """Of several processes: all know from now on whether one was asked."""
        self._agreed = processes.any_of(self.asked)


@contextmanager
def on_interrupt() -> Iterator[Stop]:
    """Signals set the stop inside this block. Only the main thread can listen; elsewhere nothing changes."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.asked and not processes.several():
            raise KeyboardInterrupt
        stop.asked = True

    before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
