"""`repeat`: a user's own recency-weighted frequency of each item."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec_plugins.frequency.decay import sums_of, sums_of_all


class RepeatConfig(ComponentConfig):
    half_life_days: float = Field(default=120.0, gt=0, description="Days after which an event counts half.")


class RepeatEncoder:
    """score(user, item) = sum over the user's events with the item of 2^(-age / half-life); nothing is learned.

    The strongest simple baseline wherever people take the same things again (groceries, music): "personal
    frequency" in Hu et al., *Modeling Personalized Item Frequency Information for Next-basket Recommendation*,
    SIGIR 2020. The empty history scores 0 everywhere.
    """

    def __init__(self, config: RepeatConfig) -> None:
        self.config = config
        self.item_count = 0

    def fit(self, data: FitData, run: RunContext) -> None:
        self.item_count = len(data.items)

    def score(self, histories: Histories, items: Array | None) -> Array:
        if items is None:
            return sums_of_all(histories, self.config.half_life_days, self.item_count).astype(np.float32)
        return sums_of(histories, self.config.half_life_days, items).astype(np.float32)

    def state(self) -> State:
        return State()

    def restore(self, state: State, items: ItemTable) -> None:
        self.item_count = len(items)
