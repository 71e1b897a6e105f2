"""Lists drawn at random for the store's customers, with propensities: logs on which off-policy estimates can be
checked, and the true value of policies that were not running."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from paretorec.contracts import Array
from paretorec.offpolicy import given_above, position_probabilities
from paretorec_plugins.simulated_store.catalogue import item_ids
from paretorec_plugins.simulated_store.shoppers import Shoppers
from paretorec_plugins.simulated_store.store import Store, plackett_luce


@dataclass(frozen=True)
class RandomPolicy:
    """A Plackett-Luce policy that treats customers of like taste alike."""

    profiles: Shoppers
    """G customers; everybody is shown what the one nearest in taste would be."""
    scores: Array
    """float64 [G, N]: log weights, -inf = never shown."""
    depth: int
    """Length of a list."""

    def rows(self, users: Shoppers) -> Array:
        """int64 [U]: everybody's profile."""
        return np.asarray((users.taste @ self.profiles.taste.T).argmax(axis=1))

    def draw(self, users: Shoppers, rng: np.random.Generator) -> Array:
        """int64 [U, depth]: a list for each."""
        return plackett_luce(self.scores[self.rows(users)], self.depth, rng)[0]

    def first(self, users: Shoppers) -> Array:
        """int64 [U, depth]: the likeliest items, always the same."""
        return np.asarray(np.argsort(-self.scores, axis=1, kind="stable")[self.rows(users), : self.depth])

    def at_position(self, users: Shoppers, items: Array) -> Array:
        """float64 [U, depth]: probability of each listed item at its position."""
        return np.asarray(self.probabilities[self.rows(users)[:, None], np.arange(self.depth), items])

    def above(self, users: Shoppers, items: Array) -> Array:
        """float64 [U, depth]: probability of each listed item, given those above it."""
        return given_above(self.scores[self.rows(users)], items)

    @cached_property
    def probabilities(self) -> Array:
        """float64 [G, depth, N]: of every item at every position."""
        return position_probabilities(self.scores, self.depth)

    def true_value(self, store: Store, users: Shoppers, event: str = "click", seed: int = 0) -> float:
        """Expected clicks, or sales at list prices, of a list, over `users`; each is drawn one list."""
        items = self.draw(users, np.random.default_rng([seed, 6]))
        worth = store.true_click(users, items) if event == "click" else store.true_sales(users, items)
        return float((store.examination[: self.depth] * worth).sum(axis=1).mean())


def log_visits(
    store: Store, users: Shoppers, logging: RandomPolicy, target: RandomPolicy, seed: int, *, certain: bool = False
) -> pd.DataFrame:
    """One row per item shown; everybody comes once at least, and buys as if it were the first time.

    Columns: ``user_id``, ``request``, ``segment``, ``position`` (from 1), ``item_id``, ``propensity`` and ``target``
    (of the item at its position), ``propensity_above`` and ``target_above`` (given the items above it), ``click``,
    ``sales``. A click depends on the item and its position alone. certain: the logging policy shows its likeliest
    items, whatever its propensities say.
    """
    rng = np.random.default_rng([seed, 5])
    visits = np.repeat(np.arange(len(users)), 1 + rng.poisson(users.activity))
    who = users.take(visits)
    items = logging.first(who) if certain else logging.draw(who, rng)
    depth = logging.depth
    click = rng.random(items.shape) < store.examination[:depth] * store.true_click(who, items)
    purchase = click & (rng.random(items.shape) < store.true_purchase(who, items))
    pieces = 1 + rng.poisson(store.true_quantity(items) - 1)
    return pd.DataFrame(
        {
            "user_id": np.repeat(who.ids, depth),
            "request": np.repeat(np.arange(len(who)), depth),
            "segment": np.repeat(who.table()["segment"].to_numpy(), depth),
            "position": np.tile(np.arange(1, depth + 1), len(who)),
            "item_id": np.array(item_ids(store.config.items), dtype=object)[items].ravel(),
            "propensity": logging.at_position(who, items).ravel(),
            "target": target.at_position(who, items).ravel(),
            "propensity_above": logging.above(who, items).ravel(),
            "target_above": target.above(who, items).ravel(),
            "click": click.ravel().astype(np.int8),
            "sales": (purchase * pieces * store.items.price[items]).ravel(),
        }
    )


def possible_actions(
    log: pd.DataFrame, store: Store, users: Shoppers, logging: RandomPolicy, target: RandomPolicy
) -> pd.DataFrame:
    """Everything that may be shown in a log of `users`: ``request``, ``position``, ``item_id``, ``propensity``,
    ``target``; requests x depth x items rows."""
    requests = log.drop_duplicates("request")
    place = pd.Index(users.ids).get_indexer(pd.Index(requests["user_id"]))
    before, chosen = (policy.probabilities[policy.rows(users)[place]] for policy in (logging, target))
    count, depth, items = chosen.shape
    return pd.DataFrame(
        {
            "request": np.repeat(requests["request"].to_numpy(), depth * items),
            "position": np.tile(np.repeat(np.arange(1, depth + 1), items), count),
            "item_id": np.tile(np.array(item_ids(store.config.items), dtype=object), count * depth),
            "propensity": before.ravel(),
            "target": chosen.ravel(),
        }
    )
