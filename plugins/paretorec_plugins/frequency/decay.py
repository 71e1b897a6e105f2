"""Recency weights of the events in histories, and their sums per (history, item)."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import DAY, Array, Histories


def event_weights(histories: Histories, half_life_days: float) -> tuple[Array, Array, Array]:
    """(row int64 [S], item int32 [S], weight float64 [S]) of every event: 1 at the request, 1/2 a half-life before."""
    row, position = histories.flat()
    age = (histories.now[row] - histories.times[position]) / DAY
    return row, histories.items[position], np.exp2(-age / half_life_days)


def sums_of_all(histories: Histories, half_life_days: float, items: int) -> Array:
    """float64 [B, N]: summed weights of each of the N items in each history. O(S + B N)."""
    row, item, weight = event_weights(histories, half_life_days)
    sums = np.bincount(row * items + item, weights=weight, minlength=len(histories) * items)
    return sums.reshape(len(histories), items)


def sums_of(histories: Histories, half_life_days: float, candidates: Array) -> Array:
    """float64 [B, C]: as `sums_of_all`, for candidates int32 [B, C] (-1: 0). O((S + B C) log S), no [B, N] array."""
    row, item, weight = event_weights(histories, half_life_days)
    width = int(max(candidates.max(initial=0), item.max(initial=0))) + 1
    pairs, pair = np.unique(row * width + item, return_inverse=True)
    if not len(pairs):
        return np.zeros(candidates.shape)
    sums = np.bincount(pair, weights=weight)
    wanted = np.arange(len(histories))[:, None] * width + candidates
    at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
    return np.where((pairs[at] == wanted) & (candidates >= 0), sums[at], 0.0)
