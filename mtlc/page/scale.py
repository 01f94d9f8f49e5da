"""From values to places along an axis: linear or logarithmic, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

ROUND = (1, 2, 5, 10)
WIDE = 30.0  # values that differ by more than this factor are told apart on a logarithmic axis only


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` on places from `start` to `end`. Ticks are at least `least` apart."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    least: float = 0.0

    def __call__(self, value: float) -> float:
        low, high, at = (self._said(each) for each in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int) -> list[float]:
        """Round values inside, about so many, and two or more where they may be as close as that."""
        if self.log:
            return _powers(self.low, self.high)
        found = _steps(self.low, self.high, about, self.least)
        return found if len(found) > 1 else _steps(self.low, self.high, 2 * about, self.least)

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


def labels(ticks: Sequence[float]) -> list[str]:
    """What stands at the ticks: as many digits as tell neighbours apart, the same for all that are evenly apart."""
    steps = [b - a for a, b in pairwise(ticks)]
    if not steps or max(steps) - min(steps) > 1e-6 * max(steps):  # powers of ten, or one alone
        return [f"{tick:.3g}" if 1e-4 <= abs(tick) < 1e4 or not tick else f"{tick:.0e}" for tick in ticks]
    step, largest = steps[0], max(map(abs, ticks))
    if step > 1e-5 and largest < 1e5:
        return [f"{tick:.{max(0, -_power(step))}f}" for tick in ticks]
    digits = max(0, _power(largest) - _power(step))
    return [f"{tick:.{digits}e}" if abs(tick) > step / 2 else "0" for tick in ticks]


def _power(value: float) -> int:
    """Of ten, of the first digit that is not zero."""
    return math.floor(math.log10(value) + 1e-9)


def _steps(low: float, high: float, about: int, least: float) -> list[float]:
    rough = max((high - low) / about, least)
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(power * each for each in ROUND if power * each >= rough * 0.999)
    return [step * i for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _powers(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    wide = math.log10(high / low) > 2.5
    digits = (1,) if wide else (1, 2, 5)
    return [d * 10.0**p for p in powers for d in digits if low <= d * 10.0**p <= high]
