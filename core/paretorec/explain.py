"""Compare every policy's lists with the baseline's, at the end of a run, into a small document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array
from paretorec.data.hashing import hash_ids
from paretorec.judging import Judged
from paretorec.prepare import Prepared

SHOWN = 5
"""Example users."""
RECENT = 8
"""Items of an example user's history."""
MOVED = 8
"""Items that gain most, and as many that lose most."""
SMALLEST_GROUP = 20
"""Lists below which nothing is said about a kind of user."""
MOST_GROUPS = 8
"""Values of a user category, the largest ones."""
HISTORY = "events in the history"

_ROWS = 1 << 16


def explain_policies(
    judged: Judged, part: str, against: str, baseline: Array, policies: Mapping[str, Array], prepared: Prepared
) -> dict[str, Any]:
    """``explain.json``: policies id -> float64 [D] against `baseline` float64 [D], whose id is `against`.

    Lists are those of the requests of `judged`, the split's `part`. Items are named by external id and their titles
    stand once; users appear only as numbers of lists, and five of them, drawn by hash, with their lists. O(P R k^2)
    time, O(R k) memory.
    """
    items, requests = prepared.data.items, judged.requests
    before = listed(judged, baseline)
    chosen = example_rows(judged, prepared)
    histories = prepared.history.at(requests.user, requests.time)
    recent = histories.take(chosen).last(RECENT)[:, ::-1]
    groups = user_groups(judged, prepared, histories.length)
    usual = exposure(before, len(items))
    mentioned = [before[chosen].ravel(), recent.ravel()]
    points = {}
    for name, theta in policies.items():
        after = listed(judged, theta)
        entered, changed, reordered = differences(before, after)
        counts = exposure(after, len(items))
        gain, lose = most_moved(counts - usual, items)
        points[name] = {
            "changed": mean(changed),
            "reordered": mean(reordered),
            "entered": mean(entered),
            "gain": [[str(items.ids[i]), int(usual[i]), int(counts[i])] for i in gain],
            "lose": [[str(items.ids[i]), int(usual[i]), int(counts[i])] for i in lose],
            "groups": {
                by: [[value, int(rows.sum()), mean(changed[rows]), mean(entered[rows])] for value, rows in members]
                for by, members in groups.items()
            },
            "after": [named(items, row) for row in after[chosen]],
        }
        mentioned += [gain, lose, after[chosen].ravel()]
    codes = np.unique(np.concatenate(mentioned))
    codes = codes[codes >= 0]
    return {
        "against": against,
        "part": part,
        "lists": len(before),
        "length": int(before.shape[1]),
        "items": told_apart(named(items, codes), titles(items, codes)),
        "examples": [
            {"history": named(items, past), "before": named(items, row)}
            for past, row in zip(recent, before[chosen], strict=True)
        ],
        "points": points,
    }


def listed(judged: Judged, theta: Array) -> Array:
    """int32 [R, k] item codes of a policy's lists, -1 = none. theta: float64 [D]."""
    places = judged.judge.lists(theta[None])[0]
    row = np.arange(len(places))[:, None]
    return np.where(places >= 0, judged.batch.items[row, np.maximum(places, 0)], np.int32(-1))


def differences(before: Array, after: Array) -> tuple[Array, Array, Array]:
    """Of lists int32 [R, k]: (how many items of `after` are not in `before` int64 [R]; whether it holds other items
    bool [R]; whether it holds the same in another order bool [R])."""
    entered = np.zeros(len(before), np.int64)
    for start in range(0, len(before), _ROWS):
        rows = slice(start, start + _ROWS)
        known = (after[rows, :, None] == before[rows, None, :]).any(axis=2)
        entered[rows] = (~known & (after[rows] >= 0)).sum(axis=1)
    # A list may also lose items and get none in their place.
    changed = (entered > 0) | ((before >= 0).sum(axis=1) != (after >= 0).sum(axis=1))
    return entered, changed, ~changed & (before != after).any(axis=1)


def exposure(lists: Array, count: int) -> Array:
    """int64 [N]: how many of the lists each item is in."""
    return np.bincount(lists[lists >= 0], minlength=count)


def most_moved(moved: Array, items: ItemTable) -> tuple[Array, Array]:
    """Codes of the `MOVED` items that gain most and of those that lose most; equals in the order of their ids."""
    order = np.argsort(items.ids.astype(str), kind="stable")
    rising = order[np.argsort(-moved[order], kind="stable")][:MOVED]
    falling = order[np.argsort(moved[order], kind="stable")][:MOVED]
    return rising[moved[rising] > 0], falling[moved[falling] < 0]


def user_groups(judged: Judged, prepared: Prepared, length: Array) -> dict[str, list[tuple[str, Array]]]:
    """What users are told apart by -> (value, bool [R] its requests): quarters by length of history, and every user
    category of the data. Groups of fewer than `SMALLEST_GROUP` lists are left out."""
    edges = np.unique(np.quantile(length, [0.25, 0.5, 0.75], method="lower")) if len(length) else np.zeros(0)
    quarter = np.searchsorted(edges, length)
    out = {HISTORY: [(_range(length[quarter == q]), quarter == q) for q in np.unique(quarter)]}
    users = judged.requests.user
    for name, category in prepared.data.user_categories.items():
        codes = category.codes[users]
        sizes = np.bincount(codes, minlength=len(category.names))
        largest = np.argsort(-sizes, kind="stable")[:MOST_GROUPS]
        out[name] = [(category.names[code], codes == code) for code in largest]
    kept = {
        by: [(value, rows) for value, rows in members if rows.sum() >= SMALLEST_GROUP] for by, members in out.items()
    }
    return {by: members for by, members in kept.items() if members}


def _range(length: Array) -> str:
    low, high = int(length.min()), int(length.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def example_rows(judged: Judged, prepared: Prepared) -> Array:
    """Rows of `SHOWN` requests of different users, chosen by the hash of their ids."""
    users = judged.requests.user
    first = np.unique(users, return_index=True)[1]
    hashed = hash_ids(prepared.data.user_ids, 7)[users]
    return first[np.argsort(hashed[first], kind="stable")][:SHOWN]


def mean(values: Array) -> float:
    """0 for nothing; rounded, so that documents stay small."""
    return round(float(np.mean(values)), 6) if len(values) else 0.0


def named(items: ItemTable, codes: Array) -> list[str]:
    """External ids; -1 is left out."""
    return [str(items.ids[code]) for code in codes[codes >= 0]]


def told_apart(ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """id -> title, with the id beside it where several of these items share one."""
    often = Counter(names)
    return {item: name if often[name] == 1 else f"{name} ({item})" for item, name in zip(ids, names, strict=True)}


def titles(items: ItemTable, codes: Array) -> list[str]:
    """What people call the items: the first text column, or the id where there is none."""
    texts = next(iter(items.texts.values()), None)
    return [str(items.ids[code] if texts is None or not texts[code] else texts[code]) for code in codes]
