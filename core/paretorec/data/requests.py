"""Requests with their targets, and the truth that evaluators see."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.dataset import Dataset, Requests
from paretorec.contracts.evaluator import Truth
from paretorec.contracts.run import Array
from paretorec.data.histories import HistoryIndex
from paretorec.data.labels import merge_labels
from paretorec.data.rows import UserRows, spans


def requests_at(data: Dataset, user: Array, time: Array, horizon: int, index: UserRows | None = None) -> Requests:
    """R requests at given moments; targets are the user's rows with request time <= t < time + horizon.

    Parameters
    ----------
    user, time
        int32 [R], int64 [R] milliseconds. Requests may overlap and may have no target.
    horizon
        Milliseconds.
    index
        ``UserRows(data.user, data.time, len(data.user_ids))``, for callers that ask often.
    """
    index = index or UserRows(data.user, data.time, len(data.user_ids))
    request, position = spans(index.before(user, time), index.before(user, time + horizon))
    return requests_of_rows(data, user, time, request, index.order[position])


def requests_of_rows(data: Dataset, user: Array, time: Array, request: Array, rows: Array) -> Requests:
    """R requests whose targets are given rows of the log: row ``rows[s]`` belongs to request ``request[s]``.

    request, rows: int64 [S]. Rows of one request with the same item are merged: amounts add up, binary labels take
    the largest, ordinal ones the last observed. Targets are in the order of item codes.
    """
    by_item = np.lexsort((rows, data.item[rows], request))
    request, rows = request[by_item], rows[by_item]
    item = data.item[rows]
    new = np.ones(len(rows), bool)
    new[1:] = (request[1:] != request[:-1]) | (item[1:] != item[:-1])
    starts = np.flatnonzero(new)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(request[starts], minlength=len(user)))]).astype(np.int64)
    return Requests(
        user=np.asarray(user, np.int32),
        time=np.asarray(time, np.int64),
        offsets=offsets,
        target_items=item[starts].astype(np.int32),
        target_labels={
            event.name: merge_labels(data.labels[event.name][rows], event.kind, starts) for event in data.events
        },
    )


def make_truth(data: Dataset, requests: Requests, fit: Array, history: HistoryIndex) -> Truth:
    """What evaluators see of `requests`.

    fit: bool [n], rows of the fit part, from which popularity is counted; history: over all rows, so that an item
    that the user had before the request is known as such.
    """
    rows = fit & data.positive()
    request = requests.target_rows
    return Truth(
        requests=requests,
        items=data.items,
        events=data.events,
        item_counts=np.bincount(data.item[rows], minlength=len(data.items)).astype(np.float64),
        user_count=len(np.unique(data.user[rows])),
        known=history.had(requests.user[request], requests.target_items, requests.time[request]),
    )
