"""Item-based nearest neighbours over sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.profiles import decayed, user_item
from paretorec_plugins.nearest.similarity import Weighting, item_neighbours


class ItemKnnConfig(ComponentConfig):
    neighbours: int = Field(default=100, ge=1, description="Most similar items kept for each item.")
    weighting: Weighting = Field(default="cosine", description="What similar means; see the encoder.")
    shrinkage: float = Field(
        default=10.0,
        ge=0,
        description="Users added to the denominator: damps pairs that few users share. bm25 has no denominator.",
    )
    k1: float = Field(default=1.2, gt=0, description="bm25: how slowly a user's weight for an item saturates.")
    b: float = Field(default=0.75, ge=0, le=1, description="bm25: how much items that many users took are damped.")
    half_life_days: float = Field(
        default=120.0, gt=0, description="Days after which an event of the history counts half."
    )


class ItemKnnEncoder:
    """score(user, item) = sum over the user's events h of 2^(-age / half-life) x similarity(h, item).

    With U(i) the users of item i and |.| the number of members, similarity(i, j), the item itself left out, is

    * `cosine`: |U(i) and U(j)| / (sqrt(|U(i)| |U(j)|) + shrinkage) (Sarwar et al., *Item-based collaborative filtering
      recommendation algorithms*, WWW 2001). Without shrinkage: `CosineRecommender` of implicit, and the similarity of
      LensKit's `ItemKNNScorer` for implicit feedback.
    * `jaccard`: |U(i) and U(j)| / (|U(i) or U(j)| + shrinkage).
    * `tf-idf`: the cosine where each user weighs idf(u) = log(items) - log(1 + items of u), so that people who take
      everything count less; without shrinkage `TFIDFRecommender` of implicit.
    * `bm25`: the sum over common users of w(u, i) w(u, j), where w(u, i) = idf(u) (k1 + 1) / (k1 length(i) + 1) and
      length(i) = 1 - b + b |U(i)| / mean |U|; `BM25Recommender` of implicit.

    Both libraries are matched on binary data; implicit counts an item among its own neighbours. Fitting takes the
    time of a sparse product of all histories with themselves.
    """

    def __init__(self, config: ItemKnnConfig) -> None:
        self.config = config
        self.similarity: Any = None  # csr_array float32 [N, N]: row h holds the neighbours of item h

    def fit(self, data: FitData, run: RunContext) -> None:
        config = self.config
        taken = user_item(data.histories, len(data.items))
        with run.progress.bar("item-knn", len(data.items)) as bar:
            self.similarity = item_neighbours(
                taken, config.weighting, config.neighbours, config.shrinkage, (config.k1, config.b), run, bar
            )

    def score(self, histories: Histories, items: Array | None) -> Array:
        profile = decayed(histories, self.config.half_life_days, self.similarity.shape[0], histories.now)
        scores: Array = (profile @ self.similarity).toarray().astype(np.float32)
        if items is None:
            return scores
        return np.take_along_axis(scores, np.maximum(items, 0).astype(np.int64), axis=1)

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
