"""The item table that a caller gives, as the catalogue that metrics see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from paretorec.contracts.items import MISSING, Category, ItemTable
from paretorec.contracts.run import Array
from paretorec.data.columns import TextCodes, encode_text, to_numbers
from paretorec.errors import DataError
from paretorec.evaluation.frames import ITEM, check_table, is_number, read_ids

TITLES_FROM = 50
"""A text column with more values than this, most of them different, names items and puts them in no category."""


@dataclass(frozen=True)
class Attributes:
    """An item table by columns; row i describes item ``ids[i]``."""

    ids: Array = field(default_factory=lambda: np.zeros(0, object))
    numbers: Mapping[str, Array] = field(default_factory=dict)
    """name -> float64, NaN = missing."""
    categories: Mapping[str, TextCodes] = field(default_factory=dict)

    def of(self, names: Array) -> ItemTable:
        """The catalogue `names` (object [N]); a number that is missing becomes the column's mean."""
        row = pd.Index(self.ids).get_indexer(pd.Index(names))
        return ItemTable(
            ids=names,
            first_seen=np.zeros(len(names), np.int64),
            categories={name: _category(np.append(c.codes, -1)[row], c) for name, c in self.categories.items()},
            numbers={name: _number(np.append(values, np.nan)[row]) for name, values in self.numbers.items()},
        )


def read_items(frame: pd.DataFrame) -> Attributes:
    """Raises `DataError`, also for an item that is listed twice."""
    check_table(frame, "items", (ITEM,))
    ids = read_ids(frame, ITEM, "items")
    if len(ids.names) < len(frame):
        row = int(np.flatnonzero(pd.Series(ids.codes).duplicated())[0])
        raise DataError(f"items: row {row + 1} describes an item for the second time; keep one row an item")
    numbers, categories = {}, {}
    for name in frame.columns.drop(ITEM):
        if is_number(frame[name]) and frame[name].dtype != bool:
            numbers[str(name)] = to_numbers(frame[name])[0]
            continue
        codes = encode_text(frame[name])
        if len(codes.names) <= max(TITLES_FROM, len(frame) // 2):
            categories[str(name)] = codes
    return Attributes(ids.names, numbers, categories)


def _category(codes: Array, values: TextCodes) -> Category:
    return Category((codes + 1).astype(np.int32), (MISSING, *values.names.tolist()))


def _number(values: Array) -> Array:
    known = values[~np.isnan(values)]
    return np.where(np.isnan(values), known.mean() if len(known) else 0.0, values).astype(np.float32)
