"""Which item comes after which: first-order Markov counts."""

from __future__ import annotations

import numpy as np
from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from pydantic import Field


class OneEncoderConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    last: int = Field(default=3, ge=1, le=50, description="Newest items of a history that vote; the k-th counts 1/k.")
    shrinkage: float = Field(default=5.0, ge=0, description="Added to an item's count, against chance with rare items.")


class OneEncoder:
    """Scores item j by the sum of P(j right after i) / age over the newest items i of a history."""

    def __init__(self, config: OneEncoderConfig) -> None:
        self.config = config

    def fit(self, data: FitData, run: RunContext) -> None:
        row, position = data.histories.flat()
        items = data.histories.items[position].astype(np.int64)
        follows = row[1:] == row[:-1]
        self._count = self._size = len(data.items)
        self._pairs, times = np.unique(items[:-1][follows] * self._count + items[1:][follows], return_counts=True)
        before = np.bincount(items[:-1][follows], minlength=self._count)
        self._share = (times / (before[self._pairs // self._count] + self.config.shrinkage)).astype(np.float32)

    def score(self, histories: Histories, items: Array | None) -> Array:
        """float32 [B, C], or [B, N] where no candidates are given; a row depends on no other row."""
        if items is None:
            items = np.broadcast_to(np.arange(self._size, dtype=np.int32), (len(histories), self._size))
        last = histories.last(self.config.last)  # [B, last], the newest at the right
        scores = np.zeros(items.shape, np.float32)
        for age in range(1, self.config.last + 1):
            scores += self._after(last[:, -age, None], items) / np.float32(age)
        return scores

    def _after(self, before: Array, items: Array) -> Array:
        """float32 [B, C]: 0 for pairs never seen, for padding (-1), and for items newer than the fit."""
        if not len(self._pairs):
            return np.zeros(items.shape, np.float32)
        known = (before >= 0) & (items >= 0) & (before < self._count) & (items < self._count)
        wanted = np.where(known, before.astype(np.int64) * self._count + items, -1)
        at = np.minimum(np.searchsorted(self._pairs, wanted), len(self._pairs) - 1)
        return np.where(self._pairs[at] == wanted, self._share[at], np.float32(0))

    def state(self) -> State:
        return State({"pairs": self._pairs, "share": self._share}, {"items": self._count})

    def restore(self, state: State, items: ItemTable) -> None:
        self._pairs, self._share = state.arrays["pairs"], state.arrays["share"]
        self._count, self._size = int(state.meta["items"]), len(items)
