"""After the pick: learn from everything. What was certified was another bundle, and the front then says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.contracts.dataset import Dataset, Requests, Split
from paretorec.contracts.run import Array
from paretorec.data.histories import HistoryIndex
from paretorec.data.requests import requests_at
from paretorec.data.rows import UserRows
from paretorec.front import Front, Point
from paretorec.prepare import Prepared


def everything(data: Dataset, rank_span: int, horizon: int) -> Prepared:
    """The dataset cut for learning alone: no select and no certify part.

    A ranker must not see scores from encoders that memorised its labels, so the last `rank_span` milliseconds are
    its part, in steps of `horizon`, and encoders learn from what came before (0 and 0: from all but each user's last
    row, which is the ranker's). Histories go on to the end. The horizon before the ranker's part is for validation.
    """
    index = UserRows(data.user, data.time, len(data.user_ids))
    users = np.unique(data.user).astype(np.int32)
    if not horizon:
        latest = np.zeros(len(data.user_ids), np.int64)
        np.maximum.at(latest, data.user, data.time)
        last = latest[users]
        rank = requests_at(data, users, last, 1, index)
        fit_end = int(data.time.max())
        fit = data.time < latest[data.user] if rank_span else np.ones(len(data), bool)
        validation = rank.take(slice(0, 0))
    else:
        start = int(data.time.max()) + 1 - rank_span
        times = np.arange(start, start + rank_span - horizon + 1, horizon, dtype=np.int64)
        rank = with_targets(requests_at(data, np.repeat(users, len(times)), np.tile(times, len(users)), horizon, index))
        fit_end = start - horizon
        validation = with_targets(requests_at(data, users, np.full(len(users), fit_end, np.int64), horizon, index))
        fit = data.time < fit_end
    nobody = rank.take(slice(0, 0))
    return Prepared(data, Split(fit, fit_end, rank, validation, nobody, nobody, horizon), HistoryIndex(data))


def with_targets(requests: Requests) -> Requests:
    """The requests after which something happened."""
    some: Array = np.diff(requests.offsets) > 0
    return requests.take(some)


AFTER_REFIT = (
    "the bundle was refitted on all data after certification, so no untouched days are left; "
    "the certificate of the run before the refit describes how the policies were chosen"
)


def carried_pick(pick: Mapping[str, Any], bundle: str) -> dict[str, Any]:
    """The standing wish's pick over another bundle: still the policy that was chosen, no longer a promise."""
    if pick["policy"] is None:
        return dict(pick)
    policy = {**pick["policy"], "bundle": bundle}
    return {**pick, "policy": policy, "certified": False, "certify": {}, "why": f"{pick['why']} ({AFTER_REFIT})"}


def carried_over(front: Front, bundle: str) -> Front:
    """The same policies over another bundle: the certificate does not carry over."""

    def moved(point: Point) -> Point:
        policy: dict[str, Any] = {**point.policy, "bundle": bundle}
        return replace(point, policy=policy, certify={})

    return replace(
        front,
        points=tuple(map(moved, front.points)),
        baselines=tuple(map(moved, front.baselines)),
        max_t={},
        uncertified=AFTER_REFIT,
    )
