"""Splitter ``temporal``: everything is judged on days after those it was learned from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field, model_validator

from paretorec.contracts import DAY, Array, ComponentConfig, Dataset, Requests, Split
from paretorec.data.requests import requests_at
from paretorec.data.rows import UserRows
from paretorec.data.times import as_text
from paretorec.errors import DataError
from paretorec_plugins.splitters.durations import Duration, duration_text, milliseconds
from paretorec_plugins.splitters.parts import in_first_half, logged_requests, must_learn, shown

HORIZONS: Final = ("7d", "1d", "6h", "1h", "10min", "1min", "1s")
"""Default horizons: the first of which the select and certify windows hold two."""


class TemporalConfig(ComponentConfig):
    """Four windows: fit until T0, rank until T1, select until T2, certify until T3."""

    train_end: datetime | None = Field(default=None, description="T0, the end of the fit part (UTC); default: shares.")
    rank_end: datetime | None = Field(default=None, description="T1, the end of the rank part.")
    select_end: datetime | None = Field(default=None, description="T2, the end of the select part.")
    end: datetime | None = Field(default=None, description="T3, the end of the certify part; default: the last row.")
    shares: tuple[float, float, float] = Field(
        default=(0.6, 0.1, 0.15),
        description="Shares of the rows before T0, in the rank and in the select part, where no dates are given; "
        "the rest certifies.",
    )
    horizon: Duration = Field(
        default="",
        description="How long after a request its targets count, such as 7d; default: 7d, less for short logs.",
    )
    period: Duration = Field(
        default="", description="One request per user and period, at its start; default: the horizon."
    )
    requests: Literal["auto", "periods", "logged"] = Field(
        default="auto", description="Requests of periods, or those of the log's request column; auto: the log's if any."
    )
    min_shown: int = Field(
        default=1,
        ge=1,
        description="Where the log says what was shown: select and certify requests that showed fewer items are left "
        "out, since no policy can reorder them much.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> TemporalConfig:
        dates = [self.train_end, self.rank_end, self.select_end]
        if any(dates) and not all(dates):
            raise ValueError("give train_end, rank_end and select_end together, or none of them")
        if self.end and not all(dates):
            raise ValueError("end needs train_end, rank_end and select_end")
        moments = [_ms(date) for date in (*dates, self.end) if date]
        if moments != sorted(set(moments)):
            raise ValueError("train_end < rank_end < select_end < end must hold")
        if min(self.shares) <= 0 or sum(self.shares) >= 1:
            raise ValueError("shares must be above 0 and sum to less than 1")
        return self


class TemporalSplitter:
    """Learn from t < T0 less the last horizon, which is the validation part; select and certify on two halves of users.

    A request enters a part only if its horizon ends within the part's window, and only with a target. Users
    without any history are kept: they are the new users of that week.
    """

    def __init__(self, config: TemporalConfig) -> None:
        self.config = config

    def split(self, data: Dataset, seed: int) -> Split:
        cuts = self._cuts(data)
        horizon = self._horizon(cuts)
        period = milliseconds(self.config.period) if self.config.period else horizon
        fit_end = cuts[0] - horizon
        windows = {
            "validation": (fit_end, cuts[0]),
            "rank": (cuts[0], cuts[1]),
            "select": (cuts[1], cuts[2]),
            "certify": (cuts[2], cuts[3]),
        }
        first = in_first_half(data, seed)
        everybody = np.ones(len(first), bool)
        users = {"validation": everybody, "rank": everybody, "select": first, "certify": ~first}
        logged = self._logged(data)
        parts: dict[str, Requests] = {}
        counts: dict[str, Any] = {
            "fit_rows": int(np.searchsorted(data.time, fit_end)),
            "fit_end": as_text(fit_end),
            "horizon": duration_text(horizon),
            "period": "logged requests" if logged else duration_text(period),
        }
        index = UserRows(data.user, data.time, len(data.user_ids))
        for name, window in windows.items():
            if logged:
                parts[name], left_out = _from_log(data, window, users[name])
            else:
                parts[name], left_out = _by_period(data, index, window, period, horizon, users[name])
            if name in ("select", "certify"):
                parts[name], left_out["shown_too_little"] = self._choosable(parts[name])
            counts[name] = {
                "from": as_text(window[0]),
                "until": as_text(window[1]),
                "requests": len(parts[name]),
                "users": len(np.unique(parts[name].user)),
                **left_out,
            }
        return must_learn(
            Split(
                fit=data.time < fit_end,
                fit_end=fit_end,
                horizon=horizon,
                counts=counts,
                rank=parts["rank"],
                validation=parts["validation"],
                select=parts["select"],
                certify=parts["certify"],
            ),
            "the windows must lie within the data and hold a horizon; set split.params.train_end, rank_end, select_end "
            f"and horizon (now {duration_text(horizon)}; the data runs from {as_text(data.time[0])} to "
            f"{as_text(data.time[-1])})",
        )

    def _choosable(self, requests: Requests) -> tuple[Requests, int]:
        """(requests that showed enough to choose from, how many did not)."""
        if requests.logged is None:
            return requests, 0
        enough = (requests.logged >= 0).sum(axis=1) >= self.config.min_shown
        return requests.take(np.flatnonzero(enough)), int((~enough).sum())

    def _logged(self, data: Dataset) -> bool:
        if self.config.requests == "logged" and "request" not in data.columns:
            raise DataError('split.params.requests = "logged" needs [data] request: the column with request ids')
        return self.config.requests != "periods" and "request" in data.columns

    def _cuts(self, data: Dataset) -> tuple[int, int, int, int]:
        config = self.config
        after = int(data.time[-1]) + 1
        if config.train_end and config.rank_end and config.select_end:
            end = _ms(config.end) if config.end else after
            cuts = (_ms(config.train_end), _ms(config.rank_end), _ms(config.select_end), end)
        else:
            rows = np.floor(np.cumsum(config.shares) * len(data)).astype(np.int64)
            moments = [int(t) for t in data.time[rows]]
            if (moments[2] - moments[0]) > 8 * DAY:
                moments = [t // DAY * DAY for t in moments]
            cuts = (moments[0], moments[1], moments[2], after)
        if not data.time[0] < cuts[0] < cuts[1] < cuts[2] < cuts[3]:
            raise DataError(
                f"split: {', '.join(map(as_text, cuts))} do not cut the data, which runs from {as_text(data.time[0])} "
                f"to {as_text(data.time[-1])}; set split.params.train_end, rank_end and select_end"
            )
        return cuts

    def _horizon(self, cuts: tuple[int, int, int, int]) -> int:
        if self.config.horizon:
            return milliseconds(self.config.horizon)
        room = min(cuts[2] - cuts[1], cuts[3] - cuts[2])
        fitting = [milliseconds(text) for text in HORIZONS if 2 * milliseconds(text) <= room]
        return fitting[0] if fitting else max(room // 2, 1)


def _by_period(
    data: Dataset, index: UserRows, window: tuple[int, int], period: int, horizon: int, users: Array
) -> tuple[Requests, dict[str, int]]:
    """One request per user and period with a row within the horizon; (requests, what was left out)."""
    begin, end = window
    starts = np.arange(begin, end, period, dtype=np.int64)
    whole = starts[starts + horizon <= end]
    who = np.flatnonzero(users).astype(np.int32)
    user = np.tile(who, len(whole))
    time = np.repeat(whole, len(who))
    known = index.before(user, time) > index.start(user)
    active = index.before(user, time + horizon) > index.before(user, time)
    left_out = {
        "without_targets": int((known & ~active).sum()),
        "periods_cut_by_the_window": len(starts) - len(whole),
        "of_new_users": int((active & ~known).sum()),
    }
    requests = requests_at(data, user[active], time[active], horizon, index)
    if not data.positive().all():
        # The log has exposures that nobody took up: a period's rows are what was shown in it.
        requests = replace(requests, logged=shown(requests.target_rows, requests.target_items, len(requests)))
    return requests, left_out


def _from_log(data: Dataset, window: tuple[int, int], users: Array) -> tuple[Requests, dict[str, int]]:
    """The log's own requests that begin and end within the window; (requests, what was left out)."""
    low, high = np.searchsorted(data.time, window)
    rows = np.arange(low, high)
    rows = rows[users[data.user[rows]]]
    request = data.columns["request"]
    key = request.astype(np.int64) * len(data.user_ids) + data.user
    outside = np.concatenate([key[:low], key[high:]])
    named = request[rows] >= 0
    whole = ~np.isin(key[rows], outside)
    left_out = {
        "rows_without_request": int((~named).sum()),
        "cut_by_the_window": len(np.unique(key[rows][named & ~whole])),
    }
    return logged_requests(data, rows[named & whole]), left_out


def _ms(moment: datetime) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
