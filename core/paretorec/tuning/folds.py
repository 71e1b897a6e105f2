"""What models are judged on while they are chosen: parts of the select requests, or of the days before them.

Nothing of the certify window gets this far: its rows are taken out of the dataset before anything is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from paretorec.contracts.dataset import Dataset, Requests, Split
from paretorec.contracts.run import Array
from paretorec.data.hashing import hash_ids
from paretorec.data.histories import HistoryIndex
from paretorec.data.times import as_text
from paretorec.errors import DataError
from paretorec.prepare import Prepared


@dataclass(frozen=True)
class Fold:
    """One way to cut the data before the certify window."""

    name: str
    models: str
    """Folds with the same name here learn from the same data: what one has fitted, the other may use."""
    prepared: Prepared
    """Its `split.select` requests are those that the search over policies sees, ``requests.take(~out)``."""
    requests: Requests
    """All requests of the fold."""
    out: Array
    """bool [R]: those that only the frozen front is judged on."""

    @classmethod
    def of(cls, name: str, models: str, prepared: Prepared, split: Split, requests: Requests, out: Array) -> Fold:
        """`split` with the requests that are not held out for the search."""
        cut = replace(split, select=requests.take(~out))
        return cls(name, models, replace(prepared, split=cut), requests, out)

    @property
    def held_out(self) -> Requests:
        """Those that only the frozen front is judged on."""
        return self.requests.take(self.out)

    def to_json(self) -> dict[str, Any]:
        search, held_out = self.prepared.split.select, self.held_out
        return {
            "name": self.name,
            "fit_rows": int(self.prepared.split.fit.sum()),
            "search": {"requests": len(search), "users": len(np.unique(search.user))},
            "held_out": {"requests": len(held_out), "users": len(np.unique(held_out.user))},
        }


def make_folds(prepared: Prepared, count: int, by: Literal["users", "time"], seed: int) -> tuple[Fold, ...]:
    """Cut `prepared`, of which only what lies before the certify window is looked at. Raises `DataError`."""
    known = before_certify(prepared)
    return folds_by_users(known, count, seed) if by == "users" else folds_by_time(known, count)


def before_certify(prepared: Prepared) -> Prepared:
    """The dataset without the rows that certify requests stand for, and the split without these requests.

    With a horizon, every row from the first certify request on goes, whoever's it is. Without one (leave-one-out and
    the like) those of a user go from the user's own first certify request on, except rows of the fit part.
    """
    data, split = prepared.data, prepared.split
    ends = np.full(len(data.user_ids), np.iinfo(np.int64).max)
    if len(split.certify):
        if split.horizon:
            ends[:] = split.certify.time.min()
        else:
            np.minimum.at(ends, split.certify.user, split.certify.time)
    keep = split.fit | (data.time < ends[data.user])
    cut = replace(split, fit=split.fit[keep], certify=split.certify.take(slice(0, 0)), counts={})
    known = take_rows(data, keep)
    return Prepared(known, cut, HistoryIndex(known))


def take_rows(data: Dataset, rows: Array) -> Dataset:
    """The dataset with the rows in `rows` (bool [n]) only; users and items stay what they are."""
    return replace(
        data,
        user=data.user[rows],
        item=data.item[rows],
        time=data.time[rows],
        labels={name: values[rows] for name, values in data.labels.items()},
        columns={name: values[rows] for name, values in data.columns.items()},
    )


def folds_by_users(prepared: Prepared, count: int, seed: int) -> tuple[Fold, ...]:
    """The select requests in `count` parts by hashed user id, each held out in turn. All learn from the same data."""
    select = prepared.split.select
    part = hash_ids(prepared.data.user_ids, seed + 2)[select.user] % np.uint64(count)
    folds = []
    for number in range(count):
        out = part == number
        if not out.any() or out.all():
            raise DataError(
                f"fold {number + 1} of {count} holds {int(out.sum())} of {len(select)} select requests; lower "
                "tune.folds, or widen the split's select part"
            )
        folds.append(Fold.of(f"users {number + 1}", "all", prepared, prepared.split, select, out))
    return tuple(folds)


def folds_by_time(prepared: Prepared, count: int) -> tuple[Fold, ...]:
    """Windows of the split moved on, step by step, until the last one ends where the certify window begins.

    The select window is cut into count + 1 steps that begin with a request. Fold i searches on step i and holds step
    i + 1 out; what models learn from ends with step i - 1 (rolling origin: Tashman, 2000). A request belongs to a step
    that its horizon ends in. Only requests that the splitter made are used; those that were for ranking or validation
    may become what is learned from.
    """
    split, horizon = prepared.split, prepared.split.horizon
    if not horizon:
        raise DataError('folds by time need a split by dates, such as temporal; set tune.by = "users"')
    pool = joined([split.validation, split.rank, split.select])
    moments = np.unique(split.select.time)
    begin, end = int(moments[0]), int(moments[-1]) + horizon
    wanted = begin + np.arange(1, count + 1) * (end - begin) // (count + 1)
    places = np.searchsorted(moments, wanted)
    steps = np.array([begin, *moments[np.minimum(places, len(moments) - 1)], end])
    if (np.diff(steps) < horizon).any():
        raise DataError(
            f"the select window holds {(end - begin) / horizon:.3g} horizons, and {count} folds by time cut it into "
            f'{count + 1} steps; lower tune.folds, widen the select part of the split, or set tune.by = "users"'
        )
    first_ranked = int(split.rank.time.min()) if len(split.rank) else begin

    def window(start: int, stop: int) -> Requests:
        return pool.take((pool.time >= start) & (pool.time + horizon <= stop))

    folds = []
    for number in range(count):
        start, middle, stop = map(int, steps[number : number + 3])
        moved = start - begin
        # Back to the last request from which validation, a horizon long, can begin.
        fit_end = int(pool.time[pool.time <= split.fit_end + moved].max(initial=split.fit_end))
        cut = replace(
            split,
            fit=prepared.data.time < fit_end,
            fit_end=fit_end,
            rank=window(first_ranked + moved, start),
            validation=window(fit_end, split.fit_end + moved + horizon),
        )
        requests = joined([window(start, middle), window(middle, stop)])
        name = f"{as_text(middle)} to {as_text(stop)}"
        folds.append(Fold.of(name, f"time {number + 1}", prepared, cut, requests, requests.time >= middle))
    return tuple(folds)


def joined(parts: list[Requests]) -> Requests:
    """All requests, by time, each as it was; columns that not all parts have are left out."""
    parts = [part for part in parts if len(part)]
    first = parts[0]

    def columns(name: str) -> Mapping[str, Array]:
        maps = [getattr(part, name) for part in parts]
        shared = [key for key in maps[0] if all(key in found for found in maps)]
        return {key: np.concatenate([found[key] for found in maps]) for key in shared}

    logged = None
    if all(part.logged is not None for part in parts):
        width = max(part.logged.shape[1] for part in parts if part.logged is not None)
        padded = [
            np.pad(part.logged, ((0, 0), (0, width - part.logged.shape[1])), constant_values=-1)
            for part in parts
            if part.logged is not None
        ]
        logged = np.concatenate(padded)
    starts = np.cumsum([0, *(part.offsets[-1] for part in parts)])
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=False)]
    together = replace(
        first,
        user=np.concatenate([part.user for part in parts]),
        time=np.concatenate([part.time for part in parts]),
        offsets=np.concatenate([[0], *offsets]).astype(np.int64),
        target_items=np.concatenate([part.target_items for part in parts]),
        target_labels=columns("target_labels"),
        context=columns("context"),
        logged=logged,
    )
    return together.take(np.argsort(together.time, kind="stable"))
