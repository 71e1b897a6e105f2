"""The shop's log as tables."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from paretorec.contracts import Tables
from paretorec_plugins.simulated_store.catalogue import item_ids
from paretorec_plugins.simulated_store.config import StoreConfig
from paretorec_plugins.simulated_store.shoppers import Shoppers
from paretorec_plugins.simulated_store.store import START, Store, simulate

BLOCK: Final = 1000
"""Customers simulated at a time: bounds memory to BLOCK x items, and a customer's log depends on its block alone."""

MAPPING: Final[dict[str, Any]] = {
    "events": {
        "click": {"column": "click", "kind": "binary"},
        "purchase": {"column": "purchase", "kind": "binary"},
        "sales": {"column": "sales", "kind": "amount"},
        "dwell": {"column": "dwell", "kind": "amount"},
        "rating": {"column": "rating", "kind": "ordinal"},
    },
    "history": ("click",),
    "categories": ("category", "brand"),
    "numbers": ("list_price", "duration"),
    "texts": ("title",),
    "user_categories": ("segment",),
    "timelines": ("price",),
    "request": "request",
    "position": "position",
    "propensity": "propensity",
    "first_seen": "launched",
}
"""The `[data]` section that fits; a run's own keys win."""


class SimulatedStore:
    """Loads the log of `users` customers over `weeks` weeks; a thousand customers take about a second."""

    def __init__(self, config: StoreConfig) -> None:
        self.config = config
        self.store = Store(config)

    def load(self) -> Tables:
        return make_log(self.store, self.store.draw_users(self.config.users), self.config.seed)


def make_log(store: Store, users: Shoppers, seed: int) -> Tables:
    """What `users` leave behind: one row per item shown. The same seed gives the same log."""
    blocks = []
    for number, begin in enumerate(range(0, len(users), BLOCK)):
        visits = simulate(store, users.take(slice(begin, begin + BLOCK)), np.random.default_rng([seed, 2, number]))
        count, shown = visits.items.shape
        blocks.append(
            pd.DataFrame(
                {
                    "user": np.repeat(visits.user + begin, shown),
                    "item": visits.items.ravel(),
                    "time": np.repeat(visits.time, shown),
                    "position": np.tile(np.arange(1, shown + 1), count),
                    "propensity": visits.propensity.ravel(),
                    "price": visits.price.ravel(),
                    "click": visits.click.ravel().astype(np.int8),
                    "purchase": visits.purchase.ravel().astype(np.int8),
                    "sales": (visits.price * visits.quantity).ravel(),
                    "dwell": visits.dwell.ravel(),
                    "rating": visits.rating.ravel(),
                }
            )
        )
    log = pd.concat(blocks, ignore_index=True).sort_values(["time", "user", "position"], ignore_index=True)
    visit = log["position"].to_numpy() == 1
    log = log.assign(
        user_id=users.ids[log["user"].to_numpy()],
        item_id=np.array(item_ids(store.config.items), dtype=object)[log["item"].to_numpy()],
        time=pd.to_datetime(log["time"], unit="ms"),
        request=np.cumsum(visit),
    ).drop(columns=["user", "item"])
    return Tables(
        interactions=log,
        items=store.items.table(START),
        users=users.table(),
        origin=f"the simulated store's log (seed {seed})",
        data=MAPPING,
    )
