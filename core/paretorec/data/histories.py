"""Histories point in time: what a user did strictly before a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from paretorec.contracts.dataset import Dataset
from paretorec.contracts.histories import Histories
from paretorec.contracts.items import DAY
from paretorec.contracts.run import Array
from paretorec.data.rows import UserRows

MINUTE = DAY // 1440


class HistoryIndex:
    """A `HistoryStore` over a dataset's positive rows. Building it is O(n log n), a history O(log n)."""

    def __init__(self, data: Dataset, rows: Array | None = None) -> None:
        """rows: bool [n], the rows that may be seen (such as ``split.fit``); None: all. Others never enter."""
        seen = data.positive()
        if rows is not None:
            seen &= rows
        self._index = UserRows(data.user[seen], data.time[seen], len(data.user_ids))
        order = np.flatnonzero(seen)[self._index.order]
        self.items: Array = data.item[order]
        """int32 [E], by user, then time."""
        self.times: Array = data.time[order]
        """int64 [E] milliseconds."""
        self.labels: dict[str, Array] = {name: values[order] for name, values in data.labels.items()}
        self._n_items = len(data.items)
        self._user_categories, self._user_numbers = data.user_categories, data.user_numbers
        self._guest = {e.name: 1.0 if e.history and e.kind == "binary" else np.nan for e in data.events}

    @property
    def offsets(self) -> Array:
        """int64 [U + 1]: user u owns ``items[offsets[u]:offsets[u + 1]]``."""
        return self._index.offsets

    def at(self, user: Array, now: Array, context: Mapping[str, Array] | None = None) -> Histories:
        """Histories of `user` (int32 [B], -1 = never seen: empty) strictly before `now` (int64 [B])."""
        user = np.asarray(user, np.int32)
        now = np.asarray(now, np.int64)
        return Histories(
            items=self.items,
            times=self.times,
            labels=self.labels,
            start=self._index.start(user),
            end=self._index.before(user, now),
            now=now,
            user=user,
            context=dict(context or {}),
            user_categories=self._user_categories,
            user_numbers=self._user_numbers,
        )

    def external(self, items: Sequence[Array], now: Array | int) -> Histories:
        """Histories that the host brings for guests: B arrays of item codes, oldest first.

        The items are dated one millisecond apart, the newest a minute before `now` (int64 [B] or one moment), with
        the label 1 for binary history events and no other label.
        """
        length = np.array([len(codes) for codes in items], np.int64)
        end = np.cumsum(length)
        start = end - length
        moments = np.broadcast_to(np.asarray(now, np.int64), length.shape)
        row = np.repeat(np.arange(len(items)), length)
        position = np.arange(len(row)) - start[row]
        flat = np.concatenate([np.asarray(codes, np.int32) for codes in items]) if len(items) else np.zeros(0, np.int32)
        return Histories(
            items=flat,
            times=moments[row] - MINUTE - (length[row] - 1 - position),
            labels={name: np.full(len(flat), value, np.float32) for name, value in self._guest.items()},
            start=start,
            end=end,
            now=moments.copy(),
            user=np.full(len(items), -1, np.int32),
            user_categories=self._user_categories,
            user_numbers=self._user_numbers,
        )

    def had(self, user: Array, item: Array, now: Array) -> Array:
        """bool [T]: whether `user` had `item` strictly before `now`. O(log E) each."""
        keys, first = self._first_times
        if not len(keys):
            return np.zeros(len(user), bool)
        wanted = user.astype(np.int64) * self._n_items + item
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.asarray((keys[at] == wanted) & (first[at] < now) & (user >= 0))

    @cached_property
    def _first_times(self) -> tuple[Array, Array]:
        owner = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        keys, first = np.unique(owner * self._n_items + self.items, return_index=True)
        return keys, self.times[first]
