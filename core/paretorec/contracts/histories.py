"""What a user did before a moment: the input of every user representation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from paretorec.contracts.items import DAY, MISSING, Category
from paretorec.contracts.run import Array
from paretorec.errors import ConfigError


@dataclass(frozen=True)
class OwnHistory:
    """A user's own past with each candidate; all float32 [B, C]."""

    count: Array
    """How often; 0: never."""
    days_since: Array
    """Days since the last time; inf: never."""
    interval: Array
    """Mean days between two times; inf: fewer than two."""


@dataclass(frozen=True)
class Histories:
    """B histories as windows into shared arrays: building one costs nothing.

    Row b is ``items[start[b]:end[b]]``, oldest first, all strictly before ``now[b]``.
    """

    items: Array
    """int32 [E] item codes."""
    times: Array
    """int64 [E] milliseconds."""
    labels: Mapping[str, Array]
    """event -> float32 [E], NaN = not observed."""
    start: Array
    """int64 [B]."""
    end: Array
    """int64 [B]."""
    now: Array
    """int64 [B] the moment of the request."""
    user: Array
    """int32 [B] user code, -1 for a user never seen."""
    context: Mapping[str, Array] = field(default_factory=dict)
    """request column -> [B]: float32, NaN = unknown, or object of str, None or ``""`` = unknown."""
    user_categories: Mapping[str, Category] = field(default_factory=dict)
    """User attributes: name -> codes int32 [U], by user code."""
    user_numbers: Mapping[str, Array] = field(default_factory=dict)
    """User attributes: name -> float32 [U]."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def length(self) -> Array:
        """int64 [B]: number of rows of each history."""
        return self.end - self.start

    def take(self, rows: Array | slice) -> Histories:
        """The histories at `rows` (integers, mask or slice)."""
        return replace(
            self,
            start=self.start[rows],
            end=self.end[rows],
            now=self.now[rows],
            user=self.user[rows],
            context={name: values[rows] for name, values in self.context.items()},
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """What `column` knows."""
        user = tuple(f"user.{name}" for name in (*self.user_categories, *self.user_numbers))
        return (*user, *(f"context.{name}" for name in self.context), "history.length", "time.hour", "time.weekday")

    def column(self, name: str) -> Array:
        """What is known about each request: object [B] of str, `MISSING` = unknown, or float64 [B], NaN = unknown.

        ``user.NAME`` and ``context.NAME`` as the data has them (of a user never seen nothing is known);
        ``history.length``, events before the request; ``time.hour``, 0 to 24, and ``time.weekday``, 0 = Monday, in the
        data's time zone. Raises `ConfigError` for a column that is not there.
        """
        if name not in self.columns:
            raise ConfigError(f"requests have no column {name!r}; there are {', '.join(self.columns)}")
        kind, _, rest = name.partition(".")
        if kind == "user":
            return self._user_column(rest)
        if kind == "context":
            values = self.context[rest]
            return np.array([value or MISSING for value in values], object) if values.dtype == object else _wide(values)
        if name == "history.length":
            return _wide(self.length)
        if name == "time.hour":
            return _wide(self.now % DAY) / (DAY / 24)
        return _wide((self.now // DAY + 3) % 7)  # 1970 began on a Thursday

    def _user_column(self, name: str) -> Array:
        stranger, user = self.user < 0, np.maximum(self.user, 0)
        if name in self.user_numbers:
            return np.where(stranger, np.nan, _wide(self.user_numbers[name])[user])
        category = self.user_categories[name]
        text = np.array([*category.names, MISSING], object)
        return np.asarray(text[np.where(stranger, len(category.names), category.codes[user])])

    def flat(self) -> tuple[Array, Array]:
        """(row int64 [S], position int64 [S]): every event of the B histories, S = sum of lengths.

        ``items[position]`` belongs to history ``row``; rows ascend, and within a row time ascends.
        """
        length = self.length
        row = np.repeat(np.arange(len(self)), length)
        first = np.concatenate([[0], np.cumsum(length)[:-1]]) if len(self) else np.zeros(0, np.int64)
        position = np.arange(len(row)) - first[row] + self.start[row]
        return row, position

    def last(self, count: int) -> Array:
        """int32 [B, count]: the newest `count` items, right-aligned, -1 where there is none."""
        position = self.end[:, None] - count + np.arange(count)
        real = position >= self.start[:, None]
        if not len(self.items):
            return np.full(position.shape, -1, np.int32)
        return np.where(real, self.items[np.maximum(position, 0)], -1).astype(np.int32)

    def own(self, candidates: Array) -> OwnHistory:
        """How often and when each user had each candidate. candidates: int32 [B, C]. O(S log S)."""
        row, position = self.flat()
        width = int(max(candidates.max(initial=0), self.items.max(initial=0) if len(self.items) else 0)) + 1
        key = row * width + self.items[position]
        order = np.argsort(key, kind="stable")
        key, when = key[order], self.times[position][order]
        pairs, first, count = np.unique(key, return_index=True, return_counts=True)
        wanted = np.arange(len(self))[:, None] * width + candidates
        at = np.searchsorted(pairs, wanted)
        at = np.minimum(at, max(len(pairs) - 1, 0))
        shape = candidates.shape
        if not len(pairs):
            never = np.full(shape, np.inf, np.float32)
            return OwnHistory(np.zeros(shape, np.float32), never, never.copy())
        found = (pairs[at] == wanted) & (candidates >= 0)
        oldest, newest = when[first], when[first + count - 1]
        span = (newest - oldest) / DAY / np.maximum(count - 1, 1)
        since = (self.now[:, None] - newest[at]) / DAY
        return OwnHistory(
            count=np.where(found, count[at], 0).astype(np.float32),
            days_since=np.where(found, since, np.inf).astype(np.float32),
            interval=np.where(found & (count[at] > 1), span[at], np.inf).astype(np.float32),
        )


def _wide(values: Array) -> Array:
    return np.asarray(values, np.float64)
