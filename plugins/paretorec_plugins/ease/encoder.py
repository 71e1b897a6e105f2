"""EASE over recency-weighted histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.profiles import recent
from paretorec.errors import DataError
from paretorec_plugins.ease.solve import gram, item_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BYTES = 12
"""A pair of items takes while fitting: the float64 Gram matrix, which becomes its inverse, and the float32 weights."""


class EaseConfig(ComponentConfig):
    """Chosen on the validation items of MovieLens-1M."""

    l2: float = Field(default=100.0, gt=0, description="Ridge penalty, in users that have two items in common.")
    half_life: float = Field(
        default=15.0, gt=0, description="While learning: how many events before the newest one an event counts half."
    )
    recent_half_life: float = Field(
        default=3.0, gt=0, description="While scoring: how many events before the newest one an event counts half."
    )
    length: int = Field(default=100, ge=1, description="Newest events of a history that count at all.")
    max_items: int = Field(
        default=15_000,
        ge=1,
        description="Largest catalogue; fitting takes 12 bytes x items² (2.7 GB at 15,000), serving a third of it.",
    )


class EaseEncoder:
    """score(user) = x B, where B = argmin |X - X B|² + l2 |B|² with a zero diagonal: for P = (X'X + l2 I)^-1,
    B(i, j) = -P(i, j) / P(j, j) (Steck, *Embarrassingly shallow autoencoders for sparse data*, WWW 2019).

    A row of X holds 2^(-r / half_life) for the item r events before the user's newest one, counted once, at its
    newest event; x is made alike with `recent_half_life`. With both half-lives and `length` very large, X is binary and
    this is the paper's EASE. An empty history scores 0.

    Fitting takes O(N³) and 12 N² bytes; raises `DataError` above `max_items`.
    """

    def __init__(self, config: EaseConfig) -> None:
        self.config = config
        self.weights: Array = np.zeros((0, 0), np.float32)  # [N fitted, N fitted]
        self.item_count = 0

    def fit(self, data: FitData, run: RunContext) -> None:
        size = self.item_count = len(data.items)
        if size > self.config.max_items:
            raise DataError(
                f"ease: {size:,} items are more than params.max_items = {self.config.max_items:,}, and need "
                f"{BYTES * size**2 / 1e9:,.1f} GB; raise max_items if there is that much memory, raise [data] "
                f"min_item_users, or use item-knn or markov, which scale"
            )
        with run.progress.bar("ease", size) as bar:
            matrix = gram(self._profile(data.histories, self.config.half_life), run, bar)
        run.check_stop()
        self.weights = item_weights(matrix, self.config.l2)

    def score(self, histories: Histories, items: Array | None) -> Array:
        known = len(self.weights)
        scores = np.zeros((len(histories), self.item_count), np.float32)
        # float32 on both sides: of a mixed product scipy makes a float64 copy of all weights.
        profile = self._profile(histories, self.config.recent_half_life).astype(np.float32)
        scores[:, :known] = profile[:, :known] @ self.weights
        if items is None:
            return scores
        return np.take_along_axis(scores, np.maximum(items, 0).astype(np.int64), axis=1)

    def _profile(self, histories: Histories, half_life: float) -> csr_array:
        return recent(histories, half_life, self.item_count, self.config.length)

    def state(self) -> State:
        return State(arrays={"weights": self.weights})

    def restore(self, state: State, items: ItemTable) -> None:
        self.weights = np.ascontiguousarray(state.arrays["weights"], np.float32)
        self.item_count = len(items)  # items newer than the fit have no weights
