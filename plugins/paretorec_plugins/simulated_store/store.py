"""The true behaviour, and the log that it leaves: what a certificate can be checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from paretorec.contracts import DAY, Array
from paretorec_plugins.simulated_store.catalogue import Catalogue, make_catalogue
from paretorec_plugins.simulated_store.config import StoreConfig
from paretorec_plugins.simulated_store.shoppers import Shoppers, draw_shoppers

START: Final = 1_704_067_200_000
"""2024-01-01 in milliseconds: day 0 of every log."""


class Store:
    """A shop drawn from a seed. Every probability below is the one that its log is drawn from.

    A visit shows `shown` items. The customer looks at position j with probability `examination[j]`, clicks on what
    is looked at with `true_click`, buys what was clicked with `true_purchase`, and stays for `true_dwell` seconds on
    average. Items that were bought before are wanted again as their cycle ends, or never again.
    """

    def __init__(self, config: StoreConfig) -> None:
        self.config = config
        rng = np.random.default_rng([config.seed, 0])
        self.items: Catalogue = make_catalogue(config.items, config.categories, config.weeks * 7.0, rng)
        self.shelf: Array = 0.6 * self.items.appeal + 0.6 * rng.normal(size=config.items)
        """float64 [N]: how much the logging policy favours an item for everybody."""
        self.examination: Array = 1 / (1 + 0.12 * np.arange(config.shown))
        """float64 [shown]: probability that a position is looked at."""

    def draw_users(self, count: int, seed: int | None = None, prefix: str = "u") -> Shoppers:
        """`count` customers of the same population; another seed draws other people (give them another prefix)."""
        seed = self.config.seed if seed is None else seed
        return draw_shoppers(self.items, count, self.config.visits, seed, prefix)

    def true_click(self, users: Shoppers, items: Array, since: Array | None = None) -> Array:
        """float64 [B, C]: probability of a click by customer b on ``items[b]`` (int [B, C]), given a look.

        since: days since the customer bought the item, inf = never (the default).
        """
        fit, need = self._fit(users, items), self._need(items, since)
        return _logistic(-2.0 + 2.2 * fit + 0.8 * self.items.appeal[items] + 0.8 * need)

    def true_purchase(self, users: Shoppers, items: Array, since: Array | None = None) -> Array:
        """float64 [B, C]: probability of a purchase, given a click; arguments as in `true_click`."""
        fit, need = self._fit(users, items), self._need(items, since)
        hurt = users.thrift[:, None] * np.log(self.items.price[items] / 8) * 0.5
        return _logistic(-1.2 + 1.0 * fit + 0.8 * self.items.quality[items] - hurt + 1.2 * need)

    def true_quantity(self, items: Array) -> Array:
        """float64 [B, C]: expected pieces, given a purchase: one, and a Poisson number more of what is used up."""
        return np.asarray(np.where(np.isfinite(self.items.cycle[items]), 1.3, 1.0))

    def true_sales(self, users: Shoppers, items: Array, since: Array | None = None) -> Array:
        """float64 [B, C]: expected sales value, given a look, at list prices."""
        bought = self.true_click(users, items, since) * self.true_purchase(users, items, since)
        return np.asarray(bought * self.true_quantity(items) * self.items.price[items])

    def true_completion(self, users: Shoppers, items: Array) -> Array:
        """float64 [B, C]: expected share of the item's duration that is watched, given a click."""
        pleased = 0.9 * self.items.quality[items] + 1.2 * self._fit(users, items) - 0.5 * self.items.appeal[items]
        return _logistic(-0.6 + pleased + 0.5 * users.patience[:, None])

    def true_dwell(self, users: Shoppers, items: Array) -> Array:
        """float64 [B, C]: expected seconds, given a click."""
        return self.true_completion(users, items) * self.items.duration[items]

    def price_at(self, items: Array, day: Array) -> Array:
        """float64, shaped as `items`: list price, 20 % less in an item's promotion weeks (one in six)."""
        week = np.floor(day / 7).astype(np.int64)
        promotion = (week * 7 + items * 13 + self.config.seed) % 6 == 0
        return np.round(self.items.price[items] * np.where(promotion, 0.8, 1.0), 2)

    def house_scores(self, users: Shoppers) -> Array:
        """float64 [U, N]: log weights of the logging policy for customers who bought nothing yet."""
        return np.asarray((self.shelf + 1.5 * users.taste @ self.items.taste.T) / self.config.exploration)

    def _fit(self, users: Shoppers, items: Array) -> Array:
        """float64 [B, C]: cosine of taste."""
        return np.asarray(np.einsum("bd,bcd->bc", users.taste, self.items.taste[items]), np.float64)

    def _need(self, items: Array, since: Array | None) -> Array | float:
        """0 for what was never bought, -1 right after a purchase, up to 1.5 when it is used up."""
        if since is None:
            return 0.0
        cycle = self.items.cycle[items]
        bought = np.isfinite(since)
        used = 1 - np.exp(-np.where(bought, since, 0.0) / cycle)
        return np.where(bought, 2.5 * used - 1, 0.0)


@dataclass(frozen=True)
class Visits:
    """V visits and what happened in them; arrays [V, shown] unless said otherwise."""

    user: Array
    """int64 [V]."""
    time: Array
    """int64 [V] milliseconds."""
    items: Array
    propensity: Array
    """Probability that the logging policy puts the item there, given the items above it."""
    price: Array
    click: Array
    purchase: Array
    quantity: Array
    dwell: Array
    rating: Array
    """1 to 5; NaN where the customer gave none."""


def simulate(store: Store, users: Shoppers, rng: np.random.Generator) -> Visits:
    """All visits of `users`, in the order of each user's visits; state is what each user bought when.

    Vectorised over users; the only loop is over the number of a user's visit.
    """
    when = _visit_times(users, store.config.weeks * 7.0, rng)
    scores = store.house_scores(users)
    bought_at = np.full(scores.shape, -np.inf)
    steps = [_visit(store, users, number, when, scores, bought_at, rng) for number in range(when.shape[1])]
    joined = {name: np.concatenate([step[name] for step in steps]) for name in steps[0]}
    return Visits(**joined)


def _visit_times(users: Shoppers, days: float, rng: np.random.Generator) -> Array:
    """float64 [U, most visits]: days, ascending, NaN = no further visit; everybody comes once at least."""
    count = np.maximum(rng.poisson(users.activity * days / 7), 1)
    times = rng.uniform(0, days, size=(len(users), int(count.max())))
    times[np.arange(times.shape[1]) >= count[:, None]] = np.nan
    return np.sort(times, axis=1)


def _visit(
    store: Store, users: Shoppers, number: int, when: Array, scores: Array, bought_at: Array, rng: np.random.Generator
) -> dict[str, Array]:
    """Everybody's visit of this number; writes purchases into `bought_at` (float64 [U, N], days)."""
    who = np.flatnonzero(~np.isnan(when[:, number]))
    day, here = when[who, number], users.take(who)
    weights = scores[who] + np.where(np.isfinite(bought_at[who]), 1.0 / store.config.exploration, 0.0)
    weights = np.where(store.items.launch <= day[:, None], weights, -np.inf)
    items, propensity = plackett_luce(weights, store.config.shown, rng)
    since = day[:, None] - bought_at[who[:, None], items]
    draw = rng.random((4, *items.shape))
    click = (draw[0] < store.examination) & (draw[1] < store.true_click(here, items, since))
    purchase = click & (draw[2] < store.true_purchase(here, items, since))
    more = rng.poisson(store.true_quantity(items) - 1)
    share = store.true_completion(here, items)
    watched = rng.beta(6 * share, 6 * (1 - share))
    rates = purchase & (draw[3] < 0.4)
    opinion = 3 + 0.9 * store.items.quality[items] + rng.normal(scale=0.7, size=items.shape)
    at, column = np.nonzero(purchase)
    bought_at[who[at], items[at, column]] = day[at]
    return {
        "user": who,
        "time": START + (day * DAY).astype(np.int64),
        "items": items,
        "propensity": propensity,
        "price": store.price_at(items, day[:, None]),
        "click": click,
        "purchase": purchase,
        "quantity": np.where(purchase, 1 + more, 0),
        "dwell": np.where(click, np.round(watched * store.items.duration[items], 1), 0.0),
        "rating": np.where(rates, np.clip(np.rint(opinion), 1, 5), np.nan),
    }


def plackett_luce(weights: Array, depth: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """(items int64 [B, depth], probability float64 [B, depth] of each given those above) from log weights [B, N].

    Drawing without replacement in proportion to exp(weight) is the same as taking the largest of weight + Gumbel
    noise (Yellott 1977).
    """
    noisy = weights + rng.gumbel(size=weights.shape)
    top = np.argpartition(-noisy, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(noisy, top, axis=1), axis=1)
    items = np.take_along_axis(top, order, axis=1)
    mass = np.exp(weights - weights.max(axis=1, keepdims=True))
    chosen = np.take_along_axis(mass, items, axis=1)
    left = mass.sum(axis=1, keepdims=True) - (np.cumsum(chosen, axis=1) - chosen)
    return items, chosen / left


def _logistic(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)), np.float64)
