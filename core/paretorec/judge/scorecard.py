"""Metrics made ready for look-up: what each candidate of each request is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paretorec.contracts import Array, Exposure, Gain, Metric, Ratio, Truth, Vector
from paretorec.errors import ConfigError


@dataclass(frozen=True)
class SparseRows:
    """Item vectors by their entries that are not 0: row i is ``starts[i]:starts[i + 1]``."""

    starts: Array
    places: Array
    values: Array
    width: int

    @classmethod
    def of(cls, dense: Array) -> SparseRows:
        """From [N, d]."""
        row, place = np.nonzero(dense)
        starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(dense)))])
        return cls(starts, place, dense[row, place].astype(np.float64), dense.shape[1])


class Scorecard:
    """M' additive metrics (every one but exposure metrics) of the lists of some requests.

    Gain columns are what lists are looked up in: one for a `Gain`, two for a `Ratio`.
    """

    def __init__(self, metrics: Mapping[str, Metric], truth: Truth, k: int) -> None:
        self.columns: list[Gain] = []
        self._recipes: list[tuple[int, int] | SparseRows] = []
        self.names = tuple(name for name, metric in metrics.items() if not isinstance(metric, Exposure))
        for name in self.names:
            metric = metrics[name]
            if isinstance(metric, Gain):
                self._recipes.append((self._column(metric), -1))
            elif isinstance(metric, Ratio):
                self._recipes.append((self._column(metric.numerator), self._column(metric.denominator)))
            elif isinstance(metric, Vector):
                self._recipes.append(SparseRows.of(metric.vectors))
            else:
                raise ConfigError(f"metric {name!r} is a {type(metric).__name__}; a judge knows {Metric}")
        self._k = k
        self._items = len(truth.items)
        keys = truth.requests.target_rows * self._items + truth.requests.target_items
        self._target = np.argsort(keys, kind="stable")
        self._keys = keys[self._target]

    def _column(self, gain: Gain) -> int:
        self.columns.append(gain)
        return len(self.columns) - 1

    def gains(self, first: int, items: Array) -> Array:
        """float64 [B, C, columns]: what each candidate is worth. items: int32 [B, C] of the requests from `first`."""
        wanted = (first + np.arange(len(items)))[:, None] * self._items + items
        at = np.minimum(np.searchsorted(self._keys, wanted), max(len(self._keys) - 1, 0))
        found = (self._keys[at] == wanted) & (items >= 0) if len(self._keys) else np.zeros(items.shape, bool)
        out = np.zeros((*items.shape, len(self.columns)))
        for place, column in enumerate(self.columns):
            if column.target is not None and len(self._keys):
                out[..., place] += np.where(found, column.target[self._target[at]], 0.0)
            if column.item is not None:
                out[..., place] += np.where(items >= 0, column.item[np.maximum(items, 0)], 0.0)
        return out

    @property
    def ratios(self) -> bool:
        """Some denominators are not 1."""
        return any(isinstance(recipe, tuple) and recipe[1] >= 0 for recipe in self._recipes)

    def parts(self, loops: Any, first: int, lists: Array, items: Array, gains: Array) -> tuple[Array, Array | None]:
        """(numerators, denominators), float64 [P, M', B], of lists int32 [B, P, k] of positions in `items`.

        No denominators where all are 1.
        """
        worth = self._worth(loops, first, lists, gains)
        numerator = np.empty((lists.shape[1], len(self._recipes), lists.shape[0]))
        denominator = np.ones_like(numerator) if self.ratios else None
        for place, recipe in enumerate(self._recipes):
            if isinstance(recipe, SparseRows):
                rows = (recipe.starts, recipe.places, recipe.values, recipe.width)
                numerator[:, place] = loops.diversity(lists, items, *rows)
            else:
                numerator[:, place] = worth[recipe[0]]
                if denominator is not None and recipe[1] >= 0:
                    denominator[:, place] = worth[recipe[1]]
        return numerator, denominator

    def _worth(self, loops: Any, first: int, lists: Array, gains: Array) -> Array:
        """float64 [columns, P, B]: each gain's value of each list."""
        discounts = np.ones((len(self.columns), self._k))
        for place, column in enumerate(self.columns):
            if column.discount is not None:
                discounts[place] = column.discount
        sums: Array = loops.gain_sums(lists, gains, discounts)
        for place, column in enumerate(self.columns):
            z = np.ones(len(lists)) if column.z is None else column.z[first : first + len(lists)]
            if column.reduce is None:
                sums[place] = np.divide(sums[place], z, out=np.zeros_like(sums[place]), where=z != 0)
            else:
                sums[place] = _reduced(column, lists, gains[..., place], z)
        return sums


def _reduced(column: Gain, lists: Array, gains: Array, z: Array) -> Array:
    """float64 [P, B]: a metric that brings its own `reduce`."""
    assert column.reduce is not None
    requests, policies, k = lists.shape
    found = gains[np.arange(requests)[:, None, None], np.maximum(lists, 0)]
    found = np.where(lists >= 0, found, 0.0).transpose(1, 0, 2).reshape(-1, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(column.reduce(found, np.tile(z, policies))).reshape(policies, requests)
    return np.where(z != 0, values, 0.0)
