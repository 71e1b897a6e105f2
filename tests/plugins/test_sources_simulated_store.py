"""The simulated store: the log is drawn from exactly the behaviour that it states."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from paretorec.config import DataConfig
from paretorec.data.tables import build_dataset
from paretorec_plugins.simulated_store.config import StoreConfig
from paretorec_plugins.simulated_store.source import SimulatedStore, make_log
from paretorec_plugins.simulated_store.store import Store, plackett_luce, simulate


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(StoreConfig(items=60, weeks=8))


@pytest.fixture(scope="module")
def log(store: Store) -> pd.DataFrame:
    return make_log(store, store.draw_users(300), seed=1).interactions


def test_the_same_seed_gives_the_same_log_and_another_seed_another() -> None:
    config = StoreConfig(users=30, items=40, weeks=4)
    first, again = SimulatedStore(config).load(), SimulatedStore(config).load()
    pd.testing.assert_frame_equal(first.interactions, again.interactions)
    other = SimulatedStore(config.model_copy(update={"seed": 1})).load()
    assert not first.interactions["item_id"].equals(other.interactions["item_id"])


def test_it_runs_without_a_data_section() -> None:
    data = build_dataset(SimulatedStore(StoreConfig(users=50, items=40, weeks=4)).load(), DataConfig())
    assert data.event_names == ("click", "purchase", "sales", "dwell", "rating")
    assert set(data.columns) == {"request", "position", "propensity"}
    assert list(data.items.categories) == ["category", "brand"]
    assert (data.items.first_seen > data.time[0]).any(), "some items are launched later"
    assert not data.report["dropped"]


def test_nothing_is_shown_before_its_launch(store: Store, log: pd.DataFrame) -> None:
    launched = store.items.table(1_704_067_200_000).set_index("item_id")["launched"]
    assert (log["time"] >= log["item_id"].map(launched).to_numpy()).all()


def test_each_visit_shows_distinct_items_at_all_positions(store: Store, log: pd.DataFrame) -> None:
    visits = log.groupby("request")
    assert (visits.size() == store.config.shown).all()
    assert (visits["item_id"].nunique() == store.config.shown).all()
    assert (visits["position"].max() == store.config.shown).all()
    assert (visits["user_id"].nunique() == 1).all()


def test_labels_follow_the_funnel(log: pd.DataFrame) -> None:
    assert log["click"].mean() > 0.1
    assert not (log["purchase"] > log["click"]).any()
    assert ((log["sales"] > 0) == (log["purchase"] == 1)).all()
    assert not ((log["dwell"] > 0) & (log["click"] == 0)).any()
    assert set(log["rating"].dropna()) <= {1, 2, 3, 4, 5}
    assert log.loc[log["rating"].notna(), "purchase"].all()


def test_people_buy_the_same_again(log: pd.DataFrame) -> None:
    bought = log[log["purchase"] == 1].groupby(["user_id", "item_id"]).size()
    assert (bought > 1).mean() > 0.05


def test_clicks_purchases_dwell_and_sales_have_the_stated_expectations(store: Store) -> None:
    """First visits only, so that nobody has bought yet: frequencies against probabilities, within 4 standard errors."""
    users = store.draw_users(2000, seed=5)
    rng = np.random.default_rng(3)
    visits = simulate(store, users, rng)
    _, first = np.unique(visits.user, return_index=True)
    who, items = users.take(visits.user[first]), visits.items[first]
    looked = store.examination * store.true_click(who, items)
    click, purchase = visits.click[first], visits.purchase[first]
    assert_mean(click, looked)
    assert_mean(purchase, looked * store.true_purchase(who, items))
    assert_mean(visits.dwell[first], looked * store.true_dwell(who, items))
    at_list_price = visits.quantity[first] * store.items.price[items]
    assert_mean(at_list_price, store.examination * store.true_sales(who, items))
    clicked = click & (store.true_click(who, items) > 0.5)
    assert_mean(purchase[clicked], store.true_purchase(who, items)[clicked])


def test_state_moves_what_is_wanted(store: Store) -> None:
    users = store.draw_users(20, seed=2)
    items = np.tile(np.arange(store.config.items), (20, 1))
    used_up = np.isfinite(store.items.cycle)
    never, just, long_ago = (store.true_purchase(users, items, np.full(items.shape, d)) for d in (np.inf, 0.0, 365.0))
    assert (just < never).all()
    assert (long_ago > never)[:, used_up].all()
    assert (long_ago < never)[:, ~used_up].all()
    np.testing.assert_array_equal(never, store.true_purchase(users, items))


def test_the_goals_conflict(store: Store) -> None:
    users = store.draw_users(200, seed=2)
    items = np.tile(np.arange(store.config.items), (200, 1))
    click = store.true_click(users, items)
    best = {
        "click": click,
        "sales": store.true_sales(users, items),
        "dwell": click * store.true_dwell(users, items),
    }
    tops = {name: np.argsort(-values, axis=1)[:, :5] for name, values in best.items()}
    for goal, values in best.items():
        reached = {name: np.take_along_axis(values, top, axis=1).sum() for name, top in tops.items()}
        for other in set(tops) - {goal}:
            assert reached[other] < 0.95 * reached[goal], f"lists by {other} must cost {goal}"


def test_plackett_luce_draws_and_states_the_same_probabilities() -> None:
    weights = np.log(np.array([0.5, 0.3, 0.2]))
    draws = 20_000
    items, given_above = plackett_luce(np.tile(weights, (draws, 1)), 2, np.random.default_rng(0))
    mass = np.exp(weights)
    for first, second in permutations(range(3), 2):
        probability = mass[first] * mass[second] / (1 - mass[first])
        here = (items == [first, second]).all(axis=1)
        assert abs(here.mean() - probability) < 4 * np.sqrt(probability / draws)
        np.testing.assert_allclose(given_above[here].prod(axis=1), probability)


def test_fresh_people_come_from_the_same_population(store: Store) -> None:
    first, second = store.draw_users(4000, seed=1), store.draw_users(4000, seed=2, prefix="fresh")
    assert not set(first.ids) & set(second.ids)
    items = np.tile(np.arange(store.config.items), (4000, 1))
    left, right = (store.true_click(users, items).mean(axis=1) for users in (first, second))
    assert abs(left.mean() - right.mean()) < 4 * np.hypot(left.std(), right.std()) / np.sqrt(4000)
    assert not np.array_equal(first.taste, second.taste)


def assert_mean(drawn: np.ndarray, expected: np.ndarray) -> None:
    difference = (drawn - expected).ravel()
    error = difference.std() / np.sqrt(len(difference))
    assert abs(difference.mean()) < 4 * error, (drawn.mean(), expected.mean(), error)
