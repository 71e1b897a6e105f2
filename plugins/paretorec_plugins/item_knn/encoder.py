"""Item-based nearest neighbours over sparse matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from paretorec.contracts import DAY, Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec_plugins.item_knn.neighbours import cosine_neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class ItemKnnConfig(ComponentConfig):
    neighbours: int = Field(default=100, ge=1, description="Most similar items kept for each item.")
    shrinkage: float = Field(
        default=10.0, ge=0, description="Users added to the cosine's denominator: damps pairs that few users share."
    )
    half_life_days: float = Field(
        default=120.0, gt=0, description="Days after which an event of the history counts half."
    )


class ItemKnnEncoder:
    """score(user, item) = sum over the user's events h of 2^(-age / half-life) x similarity(h, item).

    similarity(i, j) = |users of both| / (sqrt(|users of i| x |users of j|) + shrinkage), the item itself left out
    (Sarwar et al., *Item-based collaborative filtering recommendation algorithms*, WWW 2001).
    """

    def __init__(self, config: ItemKnnConfig) -> None:
        self.config = config
        self.similarity: Any = None  # csr_array float32 [N, N]: row h holds the neighbours of item h

    def fit(self, data: FitData, run: RunContext) -> None:
        with run.progress.bar("item-knn", len(data.items)) as bar:
            self.similarity = cosine_neighbours(
                user_item(data.histories, len(data.items)), self.config.neighbours, self.config.shrinkage, run, bar
            )

    def score(self, histories: Histories, items: Array | None) -> Array:
        scores: Array = (self._profile(histories) @ self.similarity).toarray().astype(np.float32)
        if items is None:
            return scores
        return np.take_along_axis(scores, np.maximum(items, 0).astype(np.int64), axis=1)

    def _profile(self, histories: Histories) -> csr_array:
        """[B, N]: the recency weights of each history, summed per item."""
        from scipy.sparse import csr_array

        row, position = histories.flat()
        age = (histories.now[row] - histories.times[position]) / DAY
        weight = np.exp2(-age / self.config.half_life_days)
        shape = (len(histories), self.similarity.shape[0])
        return csr_array((weight, (row, histories.items[position])), shape=shape)

    def state(self) -> State:
        matrix = self.similarity
        return State(arrays={"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr})

    def restore(self, state: State, items: ItemTable) -> None:
        from scipy.sparse import csr_array

        indptr = state.arrays["indptr"]
        grown = np.full(len(items) + 1 - len(indptr), indptr[-1], indptr.dtype)  # newer items have no neighbours
        self.similarity = csr_array(
            (state.arrays["data"], state.arrays["indices"], np.concatenate([indptr, grown])),
            shape=(len(items), len(items)),
        )


def user_item(histories: Histories, items: int) -> csr_array:
    """float32 [B, N]: 1 where the history holds the item."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    pairs = np.unique(row * items + histories.items[position])
    ones = np.ones(len(pairs), np.float32)
    return csr_array((ones, (pairs // items, pairs % items)), shape=(len(histories), items))
