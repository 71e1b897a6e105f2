"""Splitter ``leave-one-out``: the protocol of next-item papers, with users split where one part chooses."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Dataset, Split
from paretorec.data.hashing import hash_ids
from paretorec.data.rows import UserRows
from paretorec.data.times import as_text
from paretorec_plugins.splitters.parts import must_learn, no_requests, requests_at_rows


class LeaveOneOutConfig(ComponentConfig):
    """`[split.params]` of ``leave-one-out``."""

    rank_share: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="Share of the users, by hash, whose last item but one trains the ranker; the others' selects. "
        "0 where there is no ranker.",
    )


class LeaveOneOutSplitter:
    """Last row of a user: certify (all users). Last but one: validation (all), rank and select (disjoint users).

    Rows are those with a positive history event; a user needs three, others only teach. A request stands at its
    target's own time, its history is everything before, so that between users time is not respected: an encoder
    may learn from days after a request, as in the papers that use this protocol.
    """

    def __init__(self, config: LeaveOneOutConfig) -> None:
        self.config = config

    def split(self, data: Dataset, seed: int) -> Split:
        positive = np.flatnonzero(data.positive())
        index = UserRows(data.user[positive], data.time[positive], len(data.user_ids))
        enough = np.diff(index.offsets) >= 3
        end = index.offsets[1:][enough]
        last, before = positive[index.order[end - 1]], positive[index.order[end - 2]]
        fit = data.time < _first_held_out(data, before)[data.user]
        ranks = _in_share(data, self.config.rank_share, seed)[data.user[before]]
        fit_end = int(data.time[fit][-1]) + 1 if fit.any() else int(data.time[0])
        rank = requests_at_rows(data, before[ranks]) if ranks.any() else no_requests(data)
        select = requests_at_rows(data, before[~ranks])
        counts = {
            "fit_rows": int(fit.sum()),
            "fit_end": as_text(fit_end),
            "users_with_fewer_than_three": int((~enough).sum()),
            "validation": {"requests": len(before)},
            "rank": {"requests": len(rank)},
            "select": {"requests": len(select)},
            "certify": {"requests": len(last)},
        }
        return must_learn(
            Split(
                fit=fit,
                fit_end=fit_end,
                rank=rank,
                validation=requests_at_rows(data, before),
                select=select,
                certify=requests_at_rows(data, last),
                counts=counts,
            ),
            "leave-one-out needs users with three positive rows; see [data] history",
        )


def _first_held_out(data: Dataset, rows: Array) -> Array:
    """int64 [U]: the time from which on a user's rows are held out."""
    times = np.full(len(data.user_ids), np.iinfo(np.int64).max, np.int64)
    times[data.user[rows]] = data.time[rows]
    return times


def _in_share(data: Dataset, share: float, seed: int) -> Array:
    """bool [U]: about `share` of the users, by hashed id."""
    return np.asarray(hash_ids(data.user_ids, seed) < np.uint64(share * 2.0**64))
