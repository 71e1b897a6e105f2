"""Fit on the first part of the time; cut what is left into three windows of equal length."""

from __future__ import annotations

import numpy as np
from paretorec.contracts import Array, ComponentConfig, Dataset, Requests, Split
from paretorec.data.hashing import hash_ids
from paretorec.data.requests import requests_at
from paretorec.errors import DataError
from pydantic import Field


class OneSplitterConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    fit: float = Field(default=0.7, gt=0, lt=1, description="Share of the rows, the oldest ones, to learn from.")


class OneSplitter:
    """Rank, select and certify follow one another; select and certify have different users, by hashed id.

    One request a user and window, at its beginning; users without a row in a window have none there.
    """

    def __init__(self, config: OneSplitterConfig) -> None:
        self.config = config

    def split(self, data: Dataset, seed: int) -> Split:
        fit_end = int(data.time[min(int(self.config.fit * len(data)), len(data) - 1)])
        horizon = max((int(data.time[-1]) + 1 - fit_end) // 3, 1)
        first: Array = hash_ids(data.user_ids, seed) % np.uint64(2) == 0
        every = np.ones(len(first), bool)
        parts = {
            "rank": _window(data, every, fit_end, horizon),
            "select": _window(data, first, fit_end + horizon, horizon),
            "certify": _window(data, ~first, fit_end + 2 * horizon, horizon),
        }
        fit = data.time < fit_end
        for name, size in {"fit": int(fit.sum())}.items() | {name: len(part) for name, part in parts.items()}.items():
            if not size:
                raise DataError(f"the {name} part would be empty; give more data, or change split.params.fit")
        return Split(
            fit=fit,
            fit_end=fit_end,
            rank=parts["rank"],
            validation=parts["rank"].take(slice(0, 0)),
            select=parts["select"],
            certify=parts["certify"],
            horizon=horizon,
            counts={name: {"requests": len(part)} for name, part in parts.items()},
        )


def _window(data: Dataset, among: Array, start: int, horizon: int) -> Requests:
    users = np.flatnonzero(among).astype(np.int32)
    requests = requests_at(data, users, np.full(len(users), start, np.int64), horizon)
    some: Array = np.diff(requests.offsets) > 0
    return requests.take(some)
