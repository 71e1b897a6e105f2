"""Item columns and ids as rules look them up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from paretorec.contracts import Array, Category, ItemTable
from paretorec.errors import ConfigError


class PerTable:
    """Keeps what was worked out for the item table asked last: rules are asked block by block about one table."""

    def __init__(self, work: Callable[[ItemTable], Array]) -> None:
        self._work = work
        self._last: tuple[ItemTable, Array] | None = None

    def __call__(self, table: ItemTable) -> Array:
        # One tuple, read and replaced whole: threads that serve at once never see half of it.
        last = self._last
        if last is None or last[0] is not table:
            last = self._last = (table, self._work(table))
        return last[1]


def category(table: ItemTable, column: str, rule: str) -> Category:
    """A categorical item column. Raises `ConfigError` naming those there are."""
    if column not in table.categories:
        raise ConfigError(
            f"rule {rule!r}: {column!r} is no categorical item column; "
            f"[data] categories has {', '.join(table.categories) or 'none'}"
        )
    return table.categories[column]


def with_values(table: ItemTable, column: str, values: Iterable[str], rule: str) -> Array:
    """bool [N]: items whose category is one of `values`. Raises `ConfigError` for a value that no item has."""
    found = category(table, column, rule)
    places = {name: code for code, name in enumerate(found.names)}
    for value in values:
        if value not in places:
            raise ConfigError(f"rule {rule!r}: no item has {value!r} in column {column!r}; check the spelling")
    return np.isin(found.codes, [places[value] for value in values])


def with_ids(table: ItemTable, ids: Iterable[str]) -> Array:
    """bool [N]: items with one of these external ids; ids that the catalogue lacks match nothing."""
    wanted = frozenset(ids)
    return np.fromiter((name in wanted for name in table.ids), bool, len(table))


def of_items(flags: Array, items: Array) -> Array:
    """bool [B, C]: the flags [N] of items int32 [B, C]; False for -1."""
    return np.asarray((items >= 0) & flags[np.maximum(items, 0)])
