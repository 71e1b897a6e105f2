"""Histories as sparse rows over the items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import DAY, Array, Histories

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def user_item(histories: Histories, items: int) -> csr_array:
    """float32 [B, N]: 1 where the history holds the item."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    pairs = np.unique(row * items + histories.items[position])
    ones = np.ones(len(pairs), np.float32)
    return csr_array((ones, (pairs // items, pairs % items)), shape=(len(histories), items))


def decayed(histories: Histories, since: Array, half_life_days: float, items: int) -> csr_array:
    """float64 [B, N]: 2^(-age / half-life) of every event, its age counted back from `since` (int64 [B]), summed."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    age = (since[row] - histories.times[position]) / DAY
    weight = np.exp2(-age / half_life_days)
    return csr_array((weight, (row, histories.items[position])), shape=(len(histories), items))


def newest_time(histories: Histories) -> Array:
    """int64 [B]: when the newest event of each history was; `now` of an empty one."""
    if not len(histories.times):
        return histories.now
    return np.where(histories.length > 0, histories.times[np.maximum(histories.end - 1, 0)], histories.now)
