"""From values to places along an axis: linear or logarithmic, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

ROUND = (1, 2, 5, 10)
WIDE = 30.0  # values that differ by more than this factor are told apart on a logarithmic axis only


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (self._said(each) for each in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int) -> list[float]:
        """Round values inside, about so many."""
        return _powers(self.low, self.high) if self.log else _steps(self.low, self.high, about)

    def _said(self, value: float) -> float:
        return math.log10(value) if self.log else value


def fitted(values: Iterable[float], start: float, end: float, *, log: bool | None = None) -> Scale:
    """A scale that holds all values with some air; from zero where that costs little room.

    `log` chooses; by default it is logarithmic where the values are positive and far apart.
    """
    given = list(values) or [0.0, 1.0]
    low, high = min(given), max(given)
    if low > 0 and (log or (log is None and high / low > WIDE)):
        return Scale(low / 1.15, high * 1.15, start, end, log=True)
    air = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
    bottom = 0.0 if 0 <= low <= 0.5 * high else low - air
    return Scale(bottom, high + air, start, end)


def _steps(low: float, high: float, about: int) -> list[float]:
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(power * each for each in ROUND if power * each >= rough * 0.999)
    return [step * i for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _powers(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    wide = math.log10(high / low) > 2.5
    digits = (1,) if wide else (1, 2, 5)
    return [d * 10.0**p for p in powers for d in digits if low <= d * 10.0**p <= high]
