"""Item features for models: numbers on one scale, with the statistics of training items only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array


def with_features(items: ItemTable, seen: Array) -> ItemTable:
    """The table with `features` float32 [N, F]: each number minus the mean, over the deviation, of the `seen` items.

    seen: bool [N], items of the fit part (if none is seen: all). A number that never varies becomes 0. Columns are
    in the order of `items.numbers`.
    """
    if not items.numbers:
        return replace(items, features=np.zeros((len(items), 0), np.float32))
    rows = seen if seen.any() else np.ones(len(items), bool)
    columns = np.stack([np.asarray(values, np.float64) for values in items.numbers.values()], axis=1)
    deviation = columns[rows].std(axis=0)
    scaled = (columns - columns[rows].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return replace(items, features=np.where(deviation > 0, scaled, 0.0).astype(np.float32))
