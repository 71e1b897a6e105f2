"""`popularity`: recency-weighted number of users per item, the same for everybody."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec_plugins.frequency.decay import event_weights


class PopularityConfig(ComponentConfig):
    half_life_days: float = Field(
        default=60.0, gt=0, description="Days after which a user's last event with the item counts half; small: trends."
    )


class PopularityEncoder:
    """score(item) = sum over users of 2^(-age of the user's last event with the item / half-life).

    Users, not events, are counted: one heavy user must not decide what everybody is shown. The share of users that
    took the item more than once is not part of it.
    """

    def __init__(self, config: PopularityConfig) -> None:
        self.config = config
        self.counts: Array = np.zeros(0, np.float32)

    def fit(self, data: FitData, run: RunContext) -> None:
        row, item, weight = event_weights(data.histories, self.config.half_life_days)
        pair, inverse = np.unique(row * len(data.items) + item, return_inverse=True)
        newest = np.zeros(len(pair))
        np.maximum.at(newest, inverse, weight)
        counts = np.bincount(pair % len(data.items), weights=newest, minlength=len(data.items))
        self.counts = counts.astype(np.float32)

    def score(self, histories: Histories, items: Array | None) -> Array:
        if items is None:
            return np.repeat(self.counts[None], len(histories), axis=0)
        return self.counts[np.maximum(items, 0)]

    def state(self) -> State:
        return State(arrays={"counts": self.counts})

    def restore(self, state: State, items: ItemTable) -> None:
        self.counts = np.zeros(len(items), np.float32)  # items newer than the fit have no count
        self.counts[: len(state.arrays["counts"])] = state.arrays["counts"]
