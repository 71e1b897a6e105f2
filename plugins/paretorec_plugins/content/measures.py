"""A column of attributes as dimensions, by statistics of the items of the fit part."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from paretorec.contracts import Array, Category
from paretorec_plugins.content.vocabulary import split_names

CUT = 3.0
"""Standard deviations at which a number is cut off."""


@dataclass(frozen=True)
class CategoryMeasure:
    """A category column."""

    column: str
    names: tuple[str, ...]
    """One dimension each; none where the column is hashed."""
    hashed: bool

    def apply(self, category: Category, separator: str, buckets: int) -> Array:
        """float64 [N, names or buckets]: rows of length 1, or 0 where nothing is known."""
        place = {name: number for number, name in enumerate(self.names)}
        by_name = np.zeros((len(category.names), buckets if self.hashed else len(self.names)))
        for number, parts in enumerate(split_names(category, separator)):
            for part in parts:
                if self.hashed and part:
                    bucket, sign = _hashed(part, buckets)
                    by_name[number, bucket] += sign
                elif part in place:
                    by_name[number, place[part]] = 1.0
        length = np.sqrt((by_name**2).sum(axis=1, keepdims=True))
        rows: Array = (by_name / np.where(length > 0, length, 1.0))[category.codes]
        return rows


@dataclass(frozen=True)
class NumberMeasure:
    """A column of numbers."""

    column: str
    mean: float
    deviation: float
    """0: it never varies, and says nothing."""

    def apply(self, values: Array) -> Array:
        """float64 [N] in [-1, 1]; 0 where the value is not finite."""
        if not self.deviation:
            return np.zeros(len(values))
        scaled = (np.asarray(values, np.float64) - self.mean) / self.deviation
        cut: Array = np.clip(np.where(np.isfinite(scaled), scaled, 0.0), -CUT, CUT) / CUT
        return cut


def measure_category(column: str, category: Category, seen: Array, separator: str, most: int) -> CategoryMeasure:
    """By the names of the items in `seen` (bool [N])."""
    parts = split_names(category, separator)
    names = sorted({part for code in np.unique(category.codes[seen]) for part in parts[code] if part})
    return CategoryMeasure(column, () if len(names) > most else tuple(names), len(names) > most)


def measure_number(column: str, values: Array) -> NumberMeasure:
    """By these values, of training items."""
    finite = np.asarray(values, np.float64)[np.isfinite(values)]
    if not len(finite):
        return NumberMeasure(column, 0.0, 0.0)
    return NumberMeasure(column, float(finite.mean()), float(finite.std()))


def _hashed(name: str, buckets: int) -> tuple[int, float]:
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
    return (number >> 1) % buckets, 1.0 if number & 1 else -1.0
