"""An item table to which rows were added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.contracts import Category, ItemTable, Timeline


def grown(items: ItemTable, count: int) -> ItemTable:
    """The table with `count` new rows at its end: of known categories, with numbers, without counts or prices."""

    def longer(values: Any, fill: Any) -> Any:
        return np.concatenate([values, np.full((count, *values.shape[1:]), fill, values.dtype)])

    return replace(
        items,
        ids=np.concatenate([items.ids, np.array([f"new{n}" for n in range(count)], object)]),
        first_seen=longer(items.first_seen, items.first_seen.max()),
        categories={name: Category(longer(c.codes, 0), c.names) for name, c in items.categories.items()},
        numbers={name: longer(values, 0) for name, values in items.numbers.items()},
        texts={name: longer(values, "") for name, values in items.texts.items()},
        timelines={
            name: Timeline(longer(t.offsets, t.offsets[-1]), t.times, t.values) for name, t in items.timelines.items()
        },
        features=longer(items.features, 0),
        counts=longer(items.counts, 0),
    )
