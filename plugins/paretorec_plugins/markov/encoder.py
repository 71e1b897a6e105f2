"""A mixture of transition counts over several lags."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec_plugins.markov.counts import newest, transitions


class MarkovConfig(ComponentConfig):
    """Chosen on the validation items of MovieLens-1M; figures hardly move within a factor of two of each."""

    lags: int = Field(default=10, ge=1, description="Events after an item that count as its followers.")
    lag_decay: float = Field(default=1.0, ge=0, description="A follower at distance r counts r^-lag_decay; 0: alike.")
    recent: int = Field(default=10, ge=1, description="Newest events of the history that predict.")
    recent_decay: float = Field(
        default=1.0, ge=0, description="The r-th newest event of the history weighs r^-recent_decay; 0: alike."
    )
    backward: float = Field(
        default=0.0, ge=0, le=1, description="What an item that came before counts, relative to one that came after."
    )
    shrinkage: float = Field(
        default=20.0,
        gt=0,
        description="Followers by overall popularity that are added to those of each item: damps what few users did.",
    )


class MarkovEncoder:
    """score(user, item j) = log sum over the newest events i, the r-th newest with weight r^-recent_decay (made to
    sum to 1), of p(j | i), where p(j | i) = (count(i, j) + shrinkage x popularity(j)) / (count(i, .) + shrinkage).

    count(i, j) sums r^-lag_decay over the places where j came r events after i in somebody's history, r <= lags, and
    `backward` times that over those where it came before: the mixture transition distribution of Raftery, *A model
    for high-order Markov chains*, JRSS B 1985, with one count for all lags and a Dirichlet prior. popularity(j) is j's
    share of all events (one event added to each item). An empty history scores log popularity. lags = recent = 1 is
    the first-order chain.

    Fitting takes O(lags x events); the counts take 8 bytes for each pair of items that followed each other, at most
    lags x events (twice that with `backward`).
    """

    def __init__(self, config: MarkovConfig) -> None:
        self.config = config
        self.follows: Any = None  # csr_array float32 [N, N]: row i holds count(i, j) / (count(i, .) + shrinkage)
        self.popularity: Array = np.zeros(0)  # float64 [N]

    def fit(self, data: FitData, run: RunContext) -> None:
        config, size = self.config, len(data.items)
        row, position = data.histories.flat()
        item = data.histories.items[position]
        with run.progress.bar("markov", config.lags) as bar:
            counts = transitions(row, item, size, weights(config.lags, config.lag_decay), config.backward, run, bar)
        total = np.repeat(np.asarray(counts.sum(axis=1)).ravel(), np.diff(counts.indptr))
        counts.data = (counts.data / (total + config.shrinkage)).astype(np.float32)
        self.follows = counts
        self.popularity = (np.bincount(item, minlength=size) + 1.0) / (len(item) + size)

    def score(self, histories: Histories, items: Array | None) -> Array:
        profile = newest(histories, len(self.popularity), weights(self.config.recent, self.config.recent_decay))
        followed = (profile @ self.follows).toarray()
        rest = 1.0 - profile @ np.asarray(self.follows.sum(axis=1, dtype=np.float64)).ravel()
        popularity = self.popularity[None]
        if items is not None:
            codes = np.maximum(items, 0).astype(np.int64)
            followed, popularity = np.take_along_axis(followed, codes, axis=1), self.popularity[codes]
        scores: Array = np.log(followed + rest[:, None] * popularity).astype(np.float32)
        return scores

    def state(self) -> State:
        matrix = self.follows
        return State(
            arrays={
                "data": matrix.data,
                "indices": matrix.indices,
                "indptr": matrix.indptr,
                "popularity": self.popularity,
            }
        )

    def restore(self, state: State, items: ItemTable) -> None:
        from scipy.sparse import csr_array

        size, known = len(items), state.arrays["popularity"]
        indptr = state.arrays["indptr"]
        rows = np.concatenate([indptr, np.full(size - len(known), indptr[-1], indptr.dtype)])
        self.follows = csr_array((state.arrays["data"], state.arrays["indices"], rows), shape=(size, size))
        # An item newer than the fit is as popular as one that nobody took.
        self.popularity = np.concatenate([known, np.full(size - len(known), known.min(initial=1.0))])


def weights(count: int, decay: float) -> Array:
    """float64 [count]: 1, 2^-decay, 3^-decay, ..."""
    return np.arange(1, count + 1, dtype=np.float64) ** -decay
