"""NDCG@10 over the whole catalogue: what decides when training ends and which weights are kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paretorec.contracts import Array, Event, Histories, Requests

K = 10
BLOCK = 256


def repeats(histories: Histories) -> float:
    """Share of events whose item stands in the same history before; 0 without events."""
    row, position = histories.flat()
    if not len(row):
        return 0.0
    pairs = row * (int(histories.items.max()) + 1) + histories.items[position]
    return 1 - len(np.unique(pairs)) / len(pairs)


def positive_targets(requests: Requests, events: tuple[Event, ...]) -> Array:
    """bool [T]: targets on which a history event happened."""
    out = np.zeros(len(requests.target_items), bool)
    for event in events:
        if event.history and event.name in requests.target_labels:
            out |= np.nan_to_num(requests.target_labels[event.name]) > 0
    return out


class Validation:
    """Requests with their histories and relevant items, looked at after every epoch."""

    def __init__(self, requests: Requests, histories: Histories, relevant: Array, exclude_seen: bool) -> None:
        """relevant: bool [T], which targets count. Requests without any are left out."""
        count = np.bincount(requests.target_rows[relevant], minlength=len(requests))
        kept = np.flatnonzero(count)
        self.histories = histories.take(kept)
        self._row = np.searchsorted(kept, requests.target_rows[relevant])
        self._item = requests.target_items[relevant]
        discount = np.concatenate([[0], np.cumsum(1 / np.log2(np.arange(K) + 2))])
        self._ideal = discount[np.minimum(count[kept], K)]
        self._exclude_seen = exclude_seen

    def __len__(self) -> int:
        return len(self.histories)

    def ndcg(self, encode: Callable[[Histories], Array], vectors: Array) -> float:
        """Mean NDCG@10 (Jarvelin and Kekalainen 2002), binary gains. vectors: float32 [N, d], all items."""
        items = len(vectors)
        wanted = np.sort(self._row * items + self._item)
        total = 0.0
        for start in range(0, len(self), BLOCK):
            rows = np.arange(start, min(start + BLOCK, len(self)))
            histories = self.histories.take(rows)
            scores = encode(histories) @ vectors.T
            if self._exclude_seen:
                row, position = histories.flat()
                scores[row, histories.items[position]] = -np.inf
            k = min(K, items)
            top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            top = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind="stable"), 1)
            key = rows[:, None] * items + top
            at = np.minimum(np.searchsorted(wanted, key), len(wanted) - 1)
            hit = (wanted[at] == key) & np.isfinite(np.take_along_axis(scores, top, 1))  # fewer than k left: no hit
            gain = hit / np.log2(np.arange(k) + 2)
            total += float((gain.sum(1) / self._ideal[rows]).sum())
        return total / len(self)
