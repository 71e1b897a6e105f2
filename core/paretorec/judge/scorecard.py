"""Metrics made ready for look-up: what each listed item is worth in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paretorec.contracts import Array, Exposure, Gain, Metric, Ratio, Truth, Vector
from paretorec.errors import ConfigError
from paretorec.judge.packed import slots_of


class Scorecard:
    """M' additive metrics (every one but exposure metrics) of the lists of R requests.

    Gain columns X are what lists are looked up in: one for a `Gain`, two for a `Ratio`; V sets of item vectors follow.
    """

    def __init__(self, metrics: Mapping[str, Metric], truth: Truth, k: int) -> None:
        self.names = tuple(name for name, metric in metrics.items() if not isinstance(metric, Exposure))
        self._columns: list[Gain] = []
        vectors: list[Array] = []
        above: list[int] = []
        below: list[int] = []
        for name in self.names:
            metric = metrics[name]
            if isinstance(metric, Gain):
                above.append(self._column(metric))
                below.append(-1)
            elif isinstance(metric, Ratio):
                above.append(self._column(metric.numerator))
                below.append(self._column(metric.denominator))
            elif isinstance(metric, Vector):
                vectors.append(metric.vectors)
                above.append(-len(vectors))
                below.append(-1)
            else:
                raise ConfigError(f"metric {name!r} is a {type(metric).__name__}; a judge knows {Metric}")
        columns = len(self._columns)
        self._above = np.array([x if x >= 0 else columns - 1 - x for x in above], np.int64)
        self._below = np.array(below, np.int64)
        self._requests = truth.requests
        self._items = len(truth.items)
        self._target_gains = np.zeros((len(truth.requests.target_items) + 1, columns))
        self._dense = np.array([column.item is not None for column in self._columns], bool)
        self._item_gains = np.zeros((self._items if self._dense.any() else 0, columns))
        self._discounts = np.ones((columns, k))
        self._z = np.ones((len(truth.requests), columns))
        for place, column in enumerate(self._columns):
            if column.target is not None:
                self._target_gains[1:, place] = column.target
            if column.item is not None:
                self._item_gains[:, place] = column.item
            if column.discount is not None:
                self._discounts[place] = column.discount
            if column.z is not None and column.reduce is None:
                self._z[:, place] = column.z
        self._vectors = sparse_rows(vectors, self._items)

    def _column(self, gain: Gain) -> int:
        self._columns.append(gain)
        return len(self._columns) - 1

    @property
    def ratios(self) -> bool:
        """Some denominators are not 1."""
        return bool((self._below >= 0).any())

    def hits(self, rows: Array, start: Array, items: Array) -> Array:
        """int32 [S]: 1 + the target that the item of each slot is, 0 where it is none.

        rows: int64 [B] the requests; start: int64 [B + 1] their first slots; items: int32 [S].
        """
        out = np.zeros(len(items), np.int32)
        target = np.zeros(self._items, np.int32)
        offsets, wanted = self._requests.offsets, self._requests.target_items
        for row, first, last in zip(rows.tolist(), start[:-1].tolist(), start[1:].tolist(), strict=True):
            begin, end = int(offsets[row]), int(offsets[row + 1])
            target[wanted[begin:end]] = np.arange(begin + 1, end + 1)
            out[first:last] = target[items[first:last]]
            target[wanted[begin:end]] = 0
        return out

    def appraise(
        self,
        loops: Any,
        rows: Array,
        lists: Array,
        parent: Array,
        slots: tuple[Array, Array, Array],
        group: Array,
        counts: Array,
    ) -> Array:
        """float64 [B, P, X + V]: what every list is worth.

        rows: int64 [B]; lists: int32 [B, P, k] of slots; slots: their (start, hit, items); the rest as in
        `paretorec.judge.kernel.appraise`.
        """
        start, hit, items = slots
        gains = (self._target_gains, self._item_gains, self._dense, self._discounts, self._z[rows])
        worth: Array = loops.appraise(lists, parent, start, hit, items, *gains, self._vectors, group, counts)
        for place, column in enumerate(self._columns):
            if column.reduce is not None:
                worth[..., place] = self._reduced(place, rows, lists, slots)
        return worth

    def _reduced(self, place: int, rows: Array, lists: Array, slots: tuple[Array, Array, Array]) -> Array:
        """float64 [B, P]: a metric that brings its own `reduce`; lists without any gain are reduced once a request."""
        start, hit, items = slots
        column = self._columns[place]
        assert column.reduce is not None
        slot = slots_of(start, lists)
        gains = np.zeros(lists.shape) if not len(hit) else self._target_gains[hit[slot], place]
        if column.item is not None and len(items):
            gains = gains + column.item[items[slot]]
        gains = np.where(lists >= 0, gains, 0.0)
        z = np.ones(len(rows)) if column.z is None else column.z[rows]
        request, policy = np.nonzero(gains.any(axis=2))
        every = np.concatenate([gains[request, policy], np.zeros((len(rows), lists.shape[2]))])
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.asarray(column.reduce(every, np.concatenate([z[request], z])), np.float64)
        out = np.repeat(values[len(request) :, None], lists.shape[1], axis=1)
        out[request, policy] = values[: len(request)]
        return np.where(z[:, None] != 0, out, 0.0)

    def parts(self, worth: Array) -> tuple[Array, Array | None]:
        """(numerators, denominators) [..., M'] of worth [..., X + V]; no denominators where all are 1."""
        numerator = worth[..., self._above]
        if not self.ratios:
            return numerator, None
        return numerator, np.where(self._below >= 0, worth[..., np.maximum(self._below, 0)], 1.0)

    def moments(self, loops: Any, sums: Array, requests: Array) -> tuple[Array, Array]:
        """(values [P, M'], sums [5, P, M']), see `paretorec.judge.reference.moments`, of U users.

        sums: float64 [U, P, X + V], worth added up by user; requests: float64 [U], how many each has.
        """
        ones = requests[:, None, None]
        if not self.ratios:
            value, moments = loops.moments(sums, ones)
            return value[:, self._above], moments[..., self._above]
        below = np.where(self._below >= 0, sums[..., np.maximum(self._below, 0)], ones)
        found: tuple[Array, Array] = loops.moments(sums[..., self._above], below)
        return found


def sparse_rows(sets: list[Array], items: int) -> tuple[Array, Array, Array, int]:
    """V sets of item vectors, [N, d] each, by their entries that are not 0.

    (starts int64 [V, N + 1], places int64 [E], values float64 [E], the largest d): item i of set v has
    ``values[starts[v, i]:starts[v, i + 1]]`` at `places`.
    """
    starts, places, values, width, total = [], [np.zeros(0, np.int64)], [np.zeros(0)], 1, 0
    for dense in sets:
        row, place = np.nonzero(dense)
        starts.append(total + np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(dense)))]))
        places.append(place)
        values.append(dense[row, place].astype(np.float64))
        width, total = max(width, dense.shape[1]), total + len(row)
    edges: Array = np.array(starts, np.int64).reshape(len(sets), items + 1)
    return edges, np.concatenate(places), np.concatenate(values), width
