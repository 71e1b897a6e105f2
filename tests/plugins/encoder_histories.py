"""Histories and fit data out of plain lists."""

import numpy as np

from paretorec.contracts import DAY, Event, FitData, Histories, ItemTable, Requests

EVENTS = (Event("bought"), Event("paid", "amount"))


def histories(pasts, now=100 * DAY, users=None, labels=None):
    """`pasts`: per user a list of (item, age in days), oldest first."""
    length = np.array([len(past) for past in pasts], np.int64)
    end = np.cumsum(length)
    flat = [event for past in pasts for event in past]
    return Histories(
        items=np.array([item for item, _ in flat], np.int32),
        times=np.array([now - round(age * DAY) for _, age in flat], np.int64),
        labels=labels or {"bought": np.ones(len(flat), np.float32)},
        start=end - length,
        end=end,
        now=np.full(len(pasts), now, np.int64),
        user=np.arange(len(pasts), dtype=np.int32) if users is None else np.asarray(users, np.int32),
    )


def table(count, **columns):
    return ItemTable(np.array([f"i{n}" for n in range(count)], object), np.zeros(count, np.int64), **columns)


def fit_data(pasts, items, users=None):
    past = histories(pasts, users=users)
    none = np.zeros(0, np.int64)
    empty = Requests(none.astype(np.int32), none, np.zeros(1, np.int64), none.astype(np.int32), {})
    return FitData(
        histories=past,
        items=table(items),
        events=EVENTS,
        validation=empty,
        validation_histories=past.take(slice(0, 0)),
        user_ids=np.array([f"u{n}" for n in range(len(pasts))], object),
    )
