"""What splitters share: halves of the users, requests that the log names, requests at single rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paretorec.contracts import Array, Dataset, Requests, Split
from paretorec.data.hashing import hash_ids
from paretorec.data.requests import requests_of_rows
from paretorec.errors import DataError


def in_first_half(data: Dataset, seed: int) -> Array:
    """bool [U]: half of the users, by hashed id; a user stays in its half whatever else the data holds."""
    return np.asarray(hash_ids(data.user_ids, seed) % np.uint64(2) == 0)


def no_requests(data: Dataset) -> Requests:
    """A part without requests."""
    nothing = np.zeros(0, np.int64)
    return requests_of_rows(data, nothing, nothing, nothing, nothing)


def requests_at_rows(data: Dataset, rows: Array) -> Requests:
    """One request per row, at the row's time, with the row as its only target. rows: int64 [R]."""
    requests = requests_of_rows(data, data.user[rows], data.time[rows], np.arange(len(rows)), rows)
    return replace(requests, context=_context(data, rows))


def logged_requests(data: Dataset, rows: Array) -> Requests:
    """One request per user and request id among `rows` (int64, ascending), at the time of its first row.

    Its targets are its own rows, those with zero labels too; `logged` is what was shown, by position.
    """
    log = data.columns["request"][rows]
    rows, log = rows[log >= 0], log[log >= 0]
    key = log.astype(np.int64) * len(data.user_ids) + data.user[rows]
    _, first, request = np.unique(key, return_index=True, return_inverse=True)
    by_time = np.argsort(first, kind="stable")
    rank = np.empty_like(by_time)
    rank[by_time] = np.arange(len(by_time))
    request, first = rank[request], rows[first[by_time]]
    requests = requests_of_rows(data, data.user[first], data.time[first], request, rows)
    logged = _by_position(data, request, rows, len(first))
    return replace(requests, context=_context(data, first), logged=logged)


def must_learn(split: Split, fix: str) -> Split:
    """The split, unless nothing could be learned from it or selected on it: then `DataError` with the fix."""
    if not split.fit.any():
        raise DataError(f"no row is left in the fit part: {fix}")
    if not len(split.select):
        raise DataError(f"no request is left in the select part: {fix}")
    return split


def _context(data: Dataset, rows: Array) -> dict[str, Array]:
    log = ("request", "position", "propensity", "policy", "split")
    return {name: values[rows] for name, values in data.columns.items() if name not in log}


def _by_position(data: Dataset, request: Array, rows: Array, count: int) -> Array:
    """int32 [R, L]: the items of each request by position, else in the order of rows; -1 padded."""
    position = data.columns.get("position", np.zeros(len(data)))[rows]
    order = np.lexsort((rows, position, request))
    return shown(request[order], data.item[rows[order]], count)


def shown(request: Array, items: Array, count: int) -> Array:
    """int32 [R, L], -1 padded: the lists of `count` requests. request: int64 [S], ascending; items: int32 [S]."""
    length = np.bincount(request, minlength=count)
    column = np.arange(len(request)) - np.repeat(np.cumsum(length) - length, length)
    out = np.full((count, int(length.max(initial=0))), -1, np.int32)
    out[request, column] = items
    return out
