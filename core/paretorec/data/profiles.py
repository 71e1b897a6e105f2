"""Histories over the items, as sparse rows: held or not, or by how long ago in days or in events; rows of length 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts.encoder import FitData
from paretorec.contracts.histories import Histories
from paretorec.contracts.items import DAY
from paretorec.contracts.run import Array

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def training_items(data: FitData) -> Array:
    """bool [N]: items that somebody took in the fit part; all of them where nobody took any."""
    seen = np.zeros(len(data.items), bool)
    _, position = data.histories.flat()
    seen[data.histories.items[position]] = True
    return seen if seen.any() else ~seen


def user_item(histories: Histories, items: int) -> csr_array:
    """float32 [B, N]: 1 where the history holds the item."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    pairs = np.unique(row * items + histories.items[position])
    ones = np.ones(len(pairs), np.float32)
    return csr_array((ones, (pairs // items, pairs % items)), shape=(len(histories), items))


def decayed(histories: Histories, half_life_days: float, items: int, since: Array | None = None) -> csr_array:
    """float64 [B, N]: 2^(-age / half-life) of every event, its age counted back from `since` (int64 [B]), summed.

    since: None: each history's newest event, so that a row with events never underflows to zeros.
    """
    from scipy.sparse import csr_array

    row, position = histories.flat()
    end = _newest_time(histories) if since is None else since
    age = (end[row] - histories.times[position]) / DAY
    weight = np.exp2(-age / half_life_days)
    return csr_array((weight, (row, histories.items[position])), shape=(len(histories), items))


def recent(histories: Histories, half_life: float, items: int, length: float = np.inf) -> csr_array:
    """float64 [B, N], columns ascending: 2^(-events after the item's newest one / half-life), of the items among each
    history's newest `length` events; half_life inf: 1."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    after = histories.end[row] - 1 - position
    counted = after < length
    row, item, after = row[counted], histories.items[position[counted]], after[counted]
    order = np.argsort(after, kind="stable")
    pair, first = np.unique((row * items + item)[order], return_index=True)
    weight = np.exp2(-after[order][first] / half_life)
    return csr_array((weight, (pair // items, pair % items)), shape=(len(histories), items))


def unit(rows: csr_array) -> csr_array:
    """Every row divided by its length; rows of zeros stay as they are."""
    from scipy.sparse import csr_array

    length = np.sqrt(np.asarray((rows * rows).sum(axis=1)).ravel())
    filled = np.repeat(np.where(length > 0, length, 1.0), np.diff(rows.indptr))
    return csr_array((rows.data / filled, rows.indices, rows.indptr), shape=rows.shape)


def unit_rows(rows: Array) -> Array:
    """As `unit`, of a dense [B, d]: float64."""
    length = np.sqrt((rows.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    divided: Array = rows / np.where(length > 0, length, 1.0)
    return divided


def _newest_time(histories: Histories) -> Array:
    """int64 [B]: when the newest event of each history was; `now` of an empty one."""
    if not len(histories.times):
        return histories.now
    return np.where(histories.length > 0, histories.times[np.maximum(histories.end - 1, 0)], histories.now)
