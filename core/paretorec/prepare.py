"""From tables to a coded dataset that is cut into parts, with histories at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.contracts.dataset import Dataset, Requests, Split, Tables
from paretorec.contracts.encoder import FitData
from paretorec.contracts.run import Array
from paretorec.data.catalogue import item_users, restrict_items
from paretorec.data.features import with_features
from paretorec.data.hashing import hash_ids
from paretorec.data.histories import HistoryIndex
from paretorec.data.tables import build_dataset
from paretorec.errors import DataError


@dataclass(frozen=True)
class Prepared:
    """A dataset, its split, and point-in-time histories of everything."""

    data: Dataset
    split: Split
    history: HistoryIndex

    def fit_data(self) -> FitData:
        """What encoders may see."""
        past = HistoryIndex(self.data, self.split.fit)
        users = np.flatnonzero(np.diff(past.offsets)).astype(np.int32)
        validation = self.split.validation
        return FitData(
            histories=past.at(users, np.full(len(users), self.split.fit_end, np.int64)),
            items=self.data.items,
            events=self.data.events,
            validation=validation,
            validation_histories=self.history.at(validation.user, validation.time, validation.context),
            user_ids=self.data.user_ids,
        )

    def held_out(self, seed: int) -> Array:
        """bool [rank requests]: a tenth of the users, by hash, for early stopping and calibration."""
        hashed = hash_ids(self.data.user_ids, seed + 1)
        return np.asarray(hashed[self.split.rank.user] % np.uint64(10) == 0)


def prepare(tables: Tables, config: RunConfig, components: Components) -> Prepared:
    """Clean, code, cut; leave rare items out of the catalogue; cut again. Raises `DataError` or `ConfigError`."""
    data = build_dataset(tables, config.data)
    if len(data.user_ids) < 2:
        raise DataError(
            f"{tables.origin} has one user only, and policies are judged on users that the search never saw; give "
            f"the log of several, or name their column in [data] user (now {config.data.user!r})"
        )
    if not data.positive().any():
        events = ", ".join(event.name for event in data.events if event.history)
        raise DataError(
            f"{tables.origin}: no row enters a history, since none has a value above 0 of {events}; correct "
            "[data] history or [data.events]"
        )
    components.check_data(data, config)
    splitter = components.splitter.component
    split = splitter.split(data, config.seed)
    keep = item_users(data, split.fit) >= config.data.min_item_users
    if not keep.all():
        if not keep.any():
            raise DataError(
                f"no item has {config.data.min_item_users} users in the fit part; lower data.min_item_users"
            )
        data = restrict_items(data, keep)
        split = splitter.split(data, config.seed)
    components.check_data(data, config)
    seen = np.zeros(len(data.items), bool)
    seen[data.item[split.fit]] = True
    learned = split.fit & data.positive()
    counts = np.bincount(data.item[learned], minlength=len(data.items)).astype(np.float64)
    data = replace(data, items=replace(with_features(data.items, seen), counts=counts))
    return Prepared(data, split, HistoryIndex(data))


def hash_requests(requests: Requests, data: Dataset) -> str:
    """Fingerprint of requests and targets in external ids: equal for equal truth, whatever the coding."""
    parts: list[Any] = [requests.time, requests.offsets]
    parts += [values for _, values in sorted(requests.target_labels.items())]
    return hash_arrays(
        [hash_ids(data.user_ids, 0)[requests.user], hash_ids(data.items.ids, 0)[requests.target_items], *parts]
    )


def hash_dataset(data: Dataset) -> str:
    """Fingerprint of all interactions and item columns."""
    items = data.items
    parts: list[Array] = [hash_ids(data.user_ids, 0), hash_ids(items.ids, 0), data.user, data.item, data.time]
    parts += [values for _, values in sorted(data.labels.items())]
    parts += [values for _, values in sorted(items.numbers.items())]
    parts += [category.codes for _, category in sorted(items.categories.items())]
    return hash_arrays(parts)


def hash_arrays(arrays: list[Array] | Mapping[str, Array]) -> str:
    """16 hexadecimal digits of SHA-256 over dtypes, shapes and bytes."""
    named = arrays.items() if isinstance(arrays, Mapping) else enumerate(arrays)
    out = hashlib.sha256()
    for name, array in named:
        out.update(f"{name}{array.dtype}{array.shape}".encode())
        out.update(np.ascontiguousarray(array).tobytes())
    return out.hexdigest()[:16]
