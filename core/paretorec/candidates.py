"""What a policy chooses from: per request a list of items with a mask, and how much of the truth it holds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paretorec.contracts.dataset import Requests
from paretorec.contracts.run import Array


def propose(scores: Mapping[str, Array], available: Array, size: int, shares: Mapping[str, float]) -> Array:
    """The union of every proposer's best items, filled up to exactly `size` where there are as many.

    An item's priority is its best rank among the proposers, each rank divided by the proposer's share; equal
    priorities go by item code. A proposer proposes only what it scores above its lowest score of the row, since an
    encoder that knows nothing about an item gives it the floor.

    scores: proposer -> float32 [B, N]; available: bool [B, N]. Returns int32 [B, min(size, N)], -1 padded, item
    codes ascending. O(B N) a proposer.
    """
    rows, count = available.shape
    size = min(size, count)
    priority = np.full(available.shape, np.inf)
    line = np.arange(rows)[:, None]
    for name, score in scores.items():
        share = shares.get(name, 1.0)
        if share <= 0:
            continue
        floor = score.min(axis=1, keepdims=True)
        known = np.where(available & (score > floor), score, -np.inf)
        best = np.argpartition(-known, size - 1, axis=1)[:, :size]
        order = np.argsort(-known[line, best], axis=1, kind="stable")
        best = best[line, order]
        rank = np.where(np.isfinite(known[line, best]), (np.arange(size) + 1) / share, np.inf)
        priority[line, best] = np.minimum(priority[line, best], rank)
    chosen = np.argsort(priority, axis=1, kind="stable")[:, :size]
    chosen = np.where(np.isfinite(priority[line, chosen]), chosen, count)
    chosen.sort(axis=1)
    return np.where(chosen < count, chosen, -1).astype(np.int32)


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
