"""From numbers to pixels, with ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A straight line from `low`..`high` to the pixels `start`..`end` (which may fall)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        return self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start)

    def holds(self, number: float) -> bool:
        return self.low <= number <= self.high

    def clip(self, number: float) -> float:
        return min(max(number, self.low), self.high)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers (1, 2, 2.5 or 5 times a power of ten) inside the domain, about this many."""
        step = _round_step((self.high - self.low) / max(about, 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]


def domain(values: Iterable[float], margin: float = 0.06) -> tuple[float, float]:
    """The range of the finite values, widened by a margin at both ends; never empty."""
    finite = [v for v in values if math.isfinite(v)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    width = high - low
    if width <= 1e-12 * max(abs(low), abs(high), 1e-300):
        width = abs(high) if abs(high) > 1e-300 else 1.0
    return low - margin * width, high + margin * width


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= rough * (1 - 1e-9))
