"""`available`: what is in stock."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from paretorec.contracts import Array, CandidateView, ComponentConfig, ItemTable
from paretorec.errors import ConfigError
from paretorec_plugins.rules.columns import PerTable, of_items, with_ids, with_values


class AvailableConfig(ComponentConfig):
    """`available`: how to tell what is in stock. (That an item is shown only once it exists is not a rule's job.)"""

    model_config = ConfigDict(json_schema_extra={"examples": [{"column": "price"}]})

    column: str = Field(
        default="",
        description="Item column: a number or a timeline above 0 is available, a category that is one of `values`.",
    )
    values: tuple[str, ...] = Field(default=("1", "true", "True", "yes"), description="Categories that mean yes.")
    items: tuple[str, ...] = Field(default=(), description="External ids of the items that are available.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.column) == bool(self.items):
            raise ValueError("give either column or items")
        return self


class Available:
    """Shows only what is available; a timeline, such as the stock, is read as of the request."""

    def __init__(self, config: AvailableConfig) -> None:
        self.config = config
        self._flags = PerTable(self._of_table)

    def mask(self, view: CandidateView) -> Array:
        timeline = view.table.timelines.get(self.config.column)
        if timeline is not None:
            return view.mask & (np.nan_to_num(timeline.as_of(view.items, view.histories.now)) > 0)
        return view.mask & of_items(self._flags(view.table), view.items)

    def _of_table(self, table: ItemTable) -> Array:
        column = self.config.column
        if not column:
            return with_ids(table, self.config.items)
        if column in table.numbers:
            return np.asarray(table.numbers[column] > 0)
        if column in table.categories:
            known = [value for value in self.config.values if value in table.categories[column].names]
            return with_values(table, column, known, "available")
        there = (*table.numbers, *table.categories, *table.timelines)
        raise ConfigError(f"rule 'available': {column!r} is no item column; there are {', '.join(there) or 'none'}")
