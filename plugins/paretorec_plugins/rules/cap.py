"""`cap`: not too much of the same."""

from __future__ import annotations

import numpy as np
from pydantic import ConfigDict, Field

from paretorec.contracts import Array, ComponentConfig, ItemTable
from paretorec_plugins.rules.columns import category

MISSING = "(missing)"


class CapConfig(ComponentConfig):
    """`cap`: of what, and how many."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"column": "category", "most": 2}]})

    column: str = Field(description="Categorical item column.")
    most: int = Field(ge=1, description="Items of one category in a list at most.")
    depth: int = Field(
        default=5, ge=1, le=50, description="Ranks this many times k items to fill a list; costs time in proportion."
    )


class Cap:
    """At most `most` items of one category in a list: the best of each stay. Items without a category are not capped.

    A list is shorter than k where `depth` times k candidates do not hold enough categories.
    """

    def __init__(self, config: CapConfig) -> None:
        self.config = config
        self.depth = config.depth

    def shape(self, items: Array, table: ItemTable) -> Array:
        """bool [L, depth]. O(L depth log depth)."""
        column = category(table, self.config.column, "cap")
        codes = np.where(items >= 0, column.codes[np.maximum(items, 0)], -1)
        order = np.argsort(codes, axis=1, kind="stable")
        ordered = np.take_along_axis(codes, order, axis=1)
        place = np.arange(codes.shape[1])
        fresh = np.ones(codes.shape, bool)
        fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        earlier = place - np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
        keep = np.empty(codes.shape, bool)
        np.put_along_axis(keep, order, earlier < self.config.most, axis=1)
        uncapped = column.names.index(MISSING) if MISSING in column.names else -1
        return np.asarray((items >= 0) & (keep | (codes == uncapped)))
