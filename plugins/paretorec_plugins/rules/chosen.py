"""`block` and `allow`: items by id, or by the value of a categorical column."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from paretorec.contracts import Array, CandidateView, ComponentConfig, ItemTable
from paretorec_plugins.rules.columns import PerTable, of_items, with_ids, with_values


class ChosenConfig(ComponentConfig):
    """`block`, `allow`: which items are meant; by id, by category, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"column": "category", "values": ["tea"]}]})

    items: tuple[str, ...] = Field(default=(), description="External item ids; unknown ones match nothing.")
    column: str = Field(default="", description="Categorical item column.")
    values: tuple[str, ...] = Field(default=(), description="Values of `column`.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if bool(self.column) != bool(self.values):
            raise ValueError("column and values go together")
        if not self.items and not self.column:
            raise ValueError("give items, or column and values")
        return self

    def matches(self, table: ItemTable, rule: str) -> Array:
        """bool [N]."""
        found = with_ids(table, self.items)
        return found | with_values(table, self.column, self.values, rule) if self.column else found


class Block:
    """Never shows the items named."""

    def __init__(self, config: ChosenConfig) -> None:
        self.config = config
        self._matches = PerTable(lambda table: config.matches(table, "block"))

    def mask(self, view: CandidateView) -> Array:
        return view.mask & ~of_items(self._matches(view.table), view.items)


class Allow:
    """Shows only the items named."""

    def __init__(self, config: ChosenConfig) -> None:
        self.config = config
        self._matches = PerTable(lambda table: config.matches(table, "allow"))

    def mask(self, view: CandidateView) -> Array:
        return view.mask & of_items(self._matches(view.table), view.items)
