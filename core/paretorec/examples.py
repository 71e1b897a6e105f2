"""What a pick changes for a few users, in product names; the users themselves stay anonymous."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts.items import ItemTable
from paretorec.contracts.run import Array
from paretorec.data.hashing import hash_ids
from paretorec.judging import Judged
from paretorec.prepare import Prepared

SHOWN = 5
RECENT = 8
"""Items of the user's history that are shown."""


def example_users(judged: Judged, before: Array, after: Array, prepared: Prepared) -> list[dict[str, Any]]:
    """Lists of `SHOWN` certify requests of different users, chosen by hash, under two policies (float64 [D] each)."""
    requests = judged.requests
    lists = judged.judge.lists(np.vstack([before, after]))
    hashed = hash_ids(prepared.data.user_ids, 7)[requests.user]
    first = np.unique(requests.user, return_index=True)[1]
    chosen = first[np.argsort(hashed[first], kind="stable")][:SHOWN]
    items = prepared.data.items
    histories = prepared.history.at(requests.user[chosen], requests.time[chosen])
    recent = histories.last(RECENT)
    out = []
    for number, row in enumerate(chosen):
        shown = [judged.batch.items[row, places[places >= 0]] for places in (lists[0, row], lists[1, row])]
        out.append(
            {
                "user": f"Example user {number + 1}",
                "history": titles(items, recent[number][recent[number] >= 0][::-1]),
                "before": [{"item": title} for title in titles(items, shown[0])],
                "after": [{"item": title} for title in titles(items, shown[1])],
            }
        )
    return out


def titles(items: ItemTable, codes: Array) -> list[str]:
    """What people call the items: the first text column, or the id where there is none."""
    texts = next(iter(items.texts.values()), None)
    return [str(items.ids[code] if texts is None or not texts[code] else texts[code]) for code in codes]
