"""Sparse rows: histories over the items, and rows of length 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import DAY, Histories

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def taken(histories: Histories, half_life_days: float, items: int) -> csr_array:
    """float64 [B, N]: 2^(-days before the newest event / half-life), summed per item: never all underflow to 0."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    age = (histories.times[histories.end[row] - 1] - histories.times[position]) / DAY
    weight = np.exp2(-age / half_life_days)
    return csr_array((weight, (row, histories.items[position])), shape=(len(histories), items))


def unit(rows: csr_array) -> csr_array:
    """Every row divided by its length; empty rows stay empty."""
    from scipy.sparse import csr_array

    length = np.sqrt(np.asarray((rows * rows).sum(axis=1)).ravel())
    filled = np.repeat(np.where(length > 0, length, 1.0), np.diff(rows.indptr))
    return csr_array((rows.data / filled, rows.indices, rows.indptr), shape=rows.shape)
