"""Rows of an interaction log by user and time: the look-up under histories and targets."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.run import Array


class UserRows:
    """Rows sorted by user, then time; finds a user's rows between two moments in O(log n)."""

    def __init__(self, user: Array, time: Array, users: int) -> None:
        """user: int32 [n], time: int64 [n] ascending, users: number of user codes."""
        self.order = np.argsort(user, kind="stable")
        """int64 [n]: row numbers, by user, then time, then file order."""
        self.offsets = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=users))]).astype(np.int64)
        """int64 [users + 1]: user u owns ``order[offsets[u]:offsets[u + 1]]``."""
        new = np.diff(time, prepend=time[:1] - 1) > 0
        self._moments = time[new]
        # Ranks of times instead of times: user x ranks fits 64 bits for any log, user x milliseconds would not.
        self._width = len(self._moments) + 1
        self._keys = user[self.order].astype(np.int64) * self._width + (np.cumsum(new) - 1)[self.order]

    def before(self, user: Array, now: Array) -> Array:
        """int64 [B]: where in `order` each user's rows strictly before `now` end; 0 for user -1."""
        key = user.astype(np.int64) * self._width + np.searchsorted(self._moments, now, side="left")
        return np.where(user < 0, 0, np.searchsorted(self._keys, key, side="left"))

    def start(self, user: Array) -> Array:
        """int64 [B]: position in `order` of each user's first row; 0 for user -1."""
        return np.where(user < 0, 0, self.offsets[np.maximum(user, 0)])


def spans(start: Array, end: Array) -> tuple[Array, Array]:
    """(row int64 [S], position int64 [S]): the positions ``start[r]:end[r]`` of every r, one after the other."""
    length = np.maximum(end - start, 0)
    row = np.repeat(np.arange(len(start)), length)
    first = np.cumsum(length) - length
    return row, np.arange(len(row)) - first[row] + start[row]
