"""What a policy chooses from: per request a list of items with a mask, and how much of the truth it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from paretorec.contracts.dataset import Requests
from paretorec.contracts.run import Array

NONE: Final = np.iinfo(np.int32).max
"""Sorts behind every item code."""


def best(score: Array, available: Array, size: int) -> Array:
    """int32 [B, size]: the items that a proposer scores highest, -1 padded.

    It proposes only what it scores above its lowest score of the row, since an encoder that knows nothing about an
    item gives it the floor. score: float32 [B, N]; available: bool [B, N]; size: at most N. O(B N).
    """
    line = np.arange(len(score))[:, None]
    known = np.where(available & (score > score.min(axis=1, keepdims=True)), score, -np.inf)
    items = np.argpartition(-known, size - 1, axis=1)[:, :size]
    items = items[line, np.argsort(-known[line, items], axis=1, kind="stable")]
    return np.where(np.isfinite(known[line, items]), items, -1).astype(np.int32)


def union(lists: Mapping[str, Array], rows: int, size: int, shares: Mapping[str, float]) -> Array:
    """int32 [rows, size]: filled up where that many are proposed, -1 padded, item codes ascending.

    An item's priority is its best rank among the proposers, each rank divided by the proposer's share; equal
    priorities go by item code. lists: proposer -> int32 [rows, L], the best first, -1 = none; shares: default 1, 0
    leaves a proposer out. O(T log T) a row that has T proposals.
    """
    items, priority = [np.full((rows, 1), -1, np.int32)], [np.full((rows, 1), np.inf)]
    for name, proposed in lists.items():
        share = shares.get(name, 1.0)
        if share > 0:
            items.append(proposed)
            priority.append(np.where(proposed >= 0, (np.arange(proposed.shape[1]) + 1) / share, np.inf))
    every, urgent = np.concatenate(items, axis=1), np.concatenate(priority, axis=1)
    order = np.lexsort((urgent, every), axis=1)
    every, urgent = np.take_along_axis(every, order, axis=1), np.take_along_axis(urgent, order, axis=1)
    urgent[:, 1:][every[:, 1:] == every[:, :-1]] = np.inf  # named by an earlier one already
    chosen = np.lexsort((every, urgent), axis=1)[:, :size]
    found = np.isfinite(np.take_along_axis(urgent, chosen, axis=1))
    out = np.full((rows, size), NONE, np.int32)
    out[:, : chosen.shape[1]] = np.where(found, np.take_along_axis(every, chosen, axis=1), NONE)
    out.sort(axis=1)
    return np.where(out < NONE, out, -1).astype(np.int32)


def locate(items: Array, rows: Array, wanted: Array) -> Array:
    """int64 [T]: the column of item ``wanted[t]`` in ``items[rows[t]]``, -1 where it is not there. O(T C)."""
    out = np.full(len(rows), -1, np.int64)
    step = max(1, 4_000_000 // max(items.shape[1], 1))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        same = items[rows[part]] == wanted[part, None]
        found = same.any(axis=1)
        out[part][found] = same.argmax(axis=1)[found]
    return out


def recall(items: Array, requests: Requests, amounts: Mapping[str, Array]) -> dict[str, float]:
    """The share of the targets that are among the candidates: by count, and by every amount event.

    items: int32 [R, C], row r for request r.
    """
    found = locate(items, requests.target_rows, requests.target_items) >= 0
    out = {"count": float(found.mean()) if len(found) else 0.0}
    for name, values in amounts.items():
        total = np.nansum(values)
        if total > 0:
            out[name] = float(np.nansum(values[found]) / total)
    return out
