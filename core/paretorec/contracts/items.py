"""What is known about the items: coded attributes, numbers, texts, and values that change with time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from paretorec.contracts.run import Array

DAY = 86_400_000
"""Milliseconds in a day; all times are int64 milliseconds since 1970 (or row numbers x DAY for logs without times)."""

MISSING = "(missing)"
"""The category of what is not known; always the first of a column."""


@dataclass(frozen=True)
class Category:
    """A categorical attribute of N rows."""

    codes: Array
    """int32 [N], index into `names`; missing values are a category of their own, `MISSING`."""
    names: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """A value that changes with time, such as a price: for each item its observations in time order."""

    offsets: Array
    """int64 [N + 1]: observations of item i are ``offsets[i]:offsets[i + 1]``."""
    times: Array
    """int64 [E] milliseconds, ascending within an item."""
    values: Array
    """float32 [E]."""

    def as_of(self, items: Array, now: Array) -> Array:
        """The last value observed strictly before `now`; NaN where there is none. O(log E) a look-up.

        items: int32 [B, C] (negative: none); now: int64 [B]. Returns float32 [B, C].
        """
        out = np.full(items.shape, np.nan, np.float32)
        if not len(self.times):
            return out
        start, end = self.offsets[np.maximum(items, 0)], self.offsets[np.maximum(items, 0) + 1]
        low, high = start.copy(), end.copy()
        when = np.broadcast_to(np.asarray(now)[:, None], items.shape)
        for _ in range(int(np.max(end - start, initial=0)).bit_length()):
            middle = (low + high) // 2
            open_ = low < high
            earlier = open_ & (self.times[np.minimum(middle, len(self.times) - 1)] < when)
            low = np.where(earlier, middle + 1, low)
            high = np.where(open_ & ~earlier, middle, high)
        found = (items >= 0) & (low > start)
        out[found] = self.values[low[found] - 1]
        return out


@dataclass(frozen=True)
class ItemTable:
    """N items. Codes are positions in this table; external ids appear only at the borders."""

    ids: Array
    """object [N]: external ids as text."""
    first_seen: Array
    """int64 [N]: from this time on the item is in the catalogue."""
    categories: Mapping[str, Category] = field(default_factory=dict)
    numbers: Mapping[str, Array] = field(default_factory=dict)
    """name -> float32 [N], missing values filled (the fill is in the data report)."""
    texts: Mapping[str, Array] = field(default_factory=dict)
    """name -> object [N] of str, ``""`` where missing."""
    timelines: Mapping[str, Timeline] = field(default_factory=dict)
    features: Array = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    """float32 [N, F]: the numbers, standardised with the statistics of items seen in the fit part."""
    counts: Array = field(default_factory=lambda: np.zeros(0))
    """float64 [N]: positive interactions in the fit part; empty: not known."""

    def __len__(self) -> int:
        return len(self.ids)
