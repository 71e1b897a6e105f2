"""`attributes`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from paretorec.contracts import Array, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.columns import item_columns
from paretorec.data.profiles import decayed, training_items, unit_rows
from paretorec_plugins.content.config import AttributesConfig
from paretorec_plugins.content.measures import CategoryMeasure, NumberMeasure, measure_category, measure_number


class AttributesEncoder:
    """Item vector: a block for each category column and a dimension for each number, in all of length 1; user vector:
    the sum over their events of 2^(-age / half-life) x the item's vector, made to length 1. So scores are cosines.

    A category column is one-hot over the names among the items of the fit part (multi-hot of length 1 where a value
    has several parts), or hashed with signs (Weinberger et al., *Feature hashing for large scale multitask learning*,
    ICML 2009) where there are more than `max_names`. A number is the difference from the mean in standard deviations
    of those same items, cut at 3, over 3. What is missing, or a name not known, is 0 in all of its dimensions and so
    says nothing; numbers that the data filled with their median count as that.
    """

    def __init__(self, config: AttributesConfig) -> None:
        self.config = config
        self.categories: tuple[CategoryMeasure, ...] = ()
        self.numbers: tuple[NumberMeasure, ...] = ()
        self.vectors: Array = np.zeros((0, 0), np.float32)  # [N, d]

    def fit(self, data: FitData, run: RunContext) -> None:
        config, items = self.config, data.items
        columns = item_columns(
            "attributes",
            config.columns,
            (*items.categories, *items.numbers),
            "category or number",
            "[data] categories or numbers",
        )
        seen = training_items(data)
        self.categories = tuple(
            measure_category(column, items.categories[column], seen, config.separator, config.max_names)
            for column in columns
            if column in items.categories
        )
        self.numbers = tuple(
            measure_number(column, items.numbers[column][seen]) for column in columns if column in items.numbers
        )
        self.vectors = self.encode_items(items)

    def encode_items(self, items: ItemTable) -> Array:
        config = self.config
        blocks = [
            measure.apply(items.categories[measure.column], config.separator, config.buckets)
            for measure in self.categories
        ]
        blocks += [measure.apply(items.numbers[measure.column])[:, None] for measure in self.numbers]
        return unit_rows(np.concatenate(blocks, axis=1)).astype(np.float32)

    def encode_users(self, histories: Histories) -> Array:
        weights = decayed(histories, self.config.half_life_days, len(self.vectors))
        return unit_rows(weights @ self.vectors).astype(np.float32)

    def state(self) -> State:
        meta: dict[str, Any] = {
            "categories": [asdict(measure) for measure in self.categories],
            "numbers": [asdict(measure) for measure in self.numbers],
        }
        return State(meta=meta)

    def restore(self, state: State, items: ItemTable) -> None:
        self.categories = tuple(
            CategoryMeasure(one["column"], tuple(one["names"]), one["hashed"]) for one in state.meta["categories"]
        )
        self.numbers = tuple(NumberMeasure(**one) for one in state.meta["numbers"])
        self.vectors = self.encode_items(items)
