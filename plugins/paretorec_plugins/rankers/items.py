"""What depends on the item alone: how people take it (learned from training histories), and its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paretorec.contracts import Array, Event, Histories, ItemTable
from paretorec_plugins.rankers.features import signed_log
from paretorec_plugins.rankers.groups import Events


@dataclass(frozen=True)
class ItemStatistics:
    """How people take each item; smoothed towards the average item, so that a rare or new one is an average one."""

    names: tuple[str, ...]
    values: Array
    """float32 [N + 1, F]; the last row is an item without any event, and stands for items newer than these."""

    @classmethod
    def learn(cls, histories: Histories, items: int, labels: tuple[Event, ...]) -> ItemStatistics:
        """histories: one per user, of training users only. O(S log S)."""
        events = Events(histories)
        pair, group, count = np.unique(events.row * items + events.item, return_inverse=True, return_counts=True)
        item = pair % items
        oldest, newest = np.full(len(pair), -np.inf), np.full(len(pair), np.inf)
        np.maximum.at(oldest, group, events.age)
        np.minimum.at(newest, group, events.age)
        again = (count > 1).astype(np.float64)
        interval = (oldest - newest) / np.maximum(count - 1, 1)
        each = np.ones(len(pair))
        columns = {
            "item.users": np.log1p(np.bincount(item, minlength=items + 1)),
            "item.repeated": _smoothed_mean(item, again, each, items, 10),
            "item.times": np.log1p(_smoothed_mean(item, count, each, items, 10)),
            "item.interval": np.log1p(_smoothed_mean(item, interval, again, items, 5)),
        }
        for event in labels:
            if event.kind != "binary" and event.name in histories.labels:
                label = histories.labels[event.name][events.position].astype(np.float64)
                observed = (~np.isnan(label)).astype(np.float64)
                mean = _smoothed_mean(events.item, np.nan_to_num(label), observed, items, 5)
                columns[f"item.{event.name}"] = signed_log(mean)
        return cls(tuple(columns), np.stack(list(columns.values()), axis=1).astype(np.float32))


def _smoothed_mean(item: Array, values: Array, weights: Array, items: int, prior: float) -> Array:
    """float64 [N + 1]: weighted mean of `values` per item, as if `prior` more had the mean of all."""
    total = np.bincount(item, weights=values * weights, minlength=items + 1)
    weight = np.bincount(item, weights=weights, minlength=items + 1)
    mean = total.sum() / max(weight.sum(), 1)
    smoothed: Array = (total + prior * mean) / (weight + prior)
    return smoothed


def item_features(statistics: ItemStatistics, table: ItemTable, vectors: Mapping[str, Array], items: Array) -> Array:
    """float32 [..., F]: statistics, standardised numbers and encoders' vectors of `items` (codes of any shape)."""
    parts = [statistics.values[np.minimum(items, len(statistics.values) - 1)]]
    if table.features.size:
        parts.append(table.features[items])
    parts += [vectors[name][items] for name in sorted(vectors)]
    return np.concatenate(parts, axis=-1).astype(np.float32)


def category_codes(sizes: Mapping[str, int], table: ItemTable, items: Array) -> Array:
    """int64 [..., number of categories]: codes; a value newer than the fit gets the code after the last known."""
    codes = [np.minimum(table.categories[name].codes[items], size) for name, size in sizes.items()]
    return np.stack(codes, axis=-1).astype(np.int64) if codes else np.zeros((*items.shape, 0), np.int64)
