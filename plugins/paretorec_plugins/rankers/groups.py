"""The events of B histories grouped by (history, code): one sort serves every own-history feature."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import DAY, Array, Histories


class Events:
    """The B histories event by event, with what the groupings share. S events in all."""

    def __init__(self, histories: Histories) -> None:
        self.size = len(histories)
        self.row, self.position = histories.flat()
        self.item = histories.items[self.position].astype(np.int64)
        time = histories.times[self.position]
        self.age: Array = (histories.now[self.row] - time) / DAY
        """float64 [S] days before the request."""
        first = np.ones(len(time), bool)
        first[1:] = (self.row[1:] != self.row[:-1]) | (time[1:] != time[:-1])
        self.first_of_visit = first
        """bool [S]: events at one time are one visit (a basket, a session)."""
        visit = np.cumsum(first)
        self.visits = np.bincount(self.row[first], minlength=self.size)
        """int64 [B] visits of each history."""
        self.visit_age = np.cumsum(self.visits)[self.row] - visit + 1
        """int64 [S]: 1 = in the last visit."""

    def per_history(self, weights: Array | None = None, rows: Array | slice = slice(None)) -> Array:
        """float64 [B]: sum of `weights` (default: 1) of the events at `rows`."""
        weights = weights if weights is None else weights[rows]
        return np.bincount(self.row[rows], weights=weights, minlength=self.size).astype(np.float64)


class Groups:
    """Events with the same history and code. `code`: int64 [S] (an item, or an item's category), in [0, width)."""

    def __init__(self, events: Events, code: Array, width: int) -> None:
        self._rows = np.arange(events.size)[:, None]
        self._width = width
        self.key, self._group = np.unique(events.row * width + code, return_inverse=True)
        self.count = np.bincount(self._group, minlength=len(self.key)).astype(np.float64)

    def sum(self, values: Array) -> Array:
        return np.bincount(self._group, weights=values, minlength=len(self.key))

    def min(self, values: Array) -> Array:
        out = np.full(len(self.key), np.inf)
        np.minimum.at(out, self._group, values)
        return out

    def max(self, values: Array) -> Array:
        out = np.full(len(self.key), -np.inf)
        np.maximum.at(out, self._group, values)
        return out

    def find(self, code: Array) -> tuple[Array, Array]:
        """Groups of codes [B, C]: (position int64 [B, C], found bool [B, C])."""
        wanted = self._rows * self._width + code
        at = np.minimum(np.searchsorted(self.key, wanted), max(len(self.key) - 1, 0))
        if not len(self.key):
            return at, np.zeros(code.shape, bool)
        return at, self.key[at] == wanted
