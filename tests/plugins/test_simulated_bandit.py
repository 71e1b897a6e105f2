"""Logs with propensities: lists come as often as they say, and true values are what the lists earn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from paretorec_plugins.simulated_store.bandit import RandomPolicy, log_visits, possible_actions
from paretorec_plugins.simulated_store.config import StoreConfig
from paretorec_plugins.simulated_store.store import Store

DEPTH = 3


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(StoreConfig(items=20, shown=DEPTH))


@pytest.fixture(scope="module")
def policies(store: Store) -> tuple[RandomPolicy, RandomPolicy]:
    profiles = store.draw_users(10, seed=1, prefix="p")
    scores = store.house_scores(profiles)
    return RandomPolicy(profiles, 0.7 * scores, DEPTH), RandomPolicy(profiles, 0.3 * scores, DEPTH)


@pytest.fixture(scope="module")
def log(store: Store, policies: tuple[RandomPolicy, RandomPolicy]) -> pd.DataFrame:
    return log_visits(store, store.draw_users(4000, seed=2), *policies, seed=3)


def test_everybody_comes_and_every_visit_is_a_whole_list(log: pd.DataFrame) -> None:
    assert log["user_id"].nunique() == 4000
    assert (log.groupby("request")["item_id"].nunique() == DEPTH).all()
    assert (log.groupby("request")["user_id"].nunique() == 1).all()
    assert log["request"].nunique() > 6000


def test_items_come_as_often_as_their_propensities_say(
    store: Store, policies: tuple[RandomPolicy, RandomPolicy], log: pd.DataFrame
) -> None:
    users = store.draw_users(4000, seed=2)
    place = pd.Index(users.ids).get_indexer(pd.Index(log["user_id"]))
    profile = policies[0].rows(users)[place]
    item = log["item_id"].str[1:].astype(int).to_numpy()
    for position in range(DEPTH):
        here = (log["position"] == position + 1).to_numpy()
        expected = policies[0].probabilities[profile[here], position].sum(axis=0)
        seen = np.bincount(item[here], minlength=20)
        assert (np.abs(seen - expected) < 4.5 * np.sqrt(expected)).all()


def test_the_mean_of_the_log_is_the_true_value(
    store: Store, policies: tuple[RandomPolicy, RandomPolicy], log: pd.DataFrame
) -> None:
    users = store.draw_users(4000, seed=2)
    visits = log["user_id"].iloc[::DEPTH]
    who = users.take(pd.Index(users.ids).get_indexer(pd.Index(visits)))
    for event in ("click", "sales"):
        lists = log[event].to_numpy(float).reshape(-1, DEPTH).sum(axis=1)
        error = lists.std() / np.sqrt(len(lists))
        assert abs(lists.mean() - policies[0].true_value(store, who, event)) < 5 * error


def test_weights_have_mean_one_both_ways(log: pd.DataFrame) -> None:
    for name in ("", "_above"):
        weight = log[f"target{name}"] / log[f"propensity{name}"]
        assert abs(weight.mean() - 1) < 5 * weight.std() / np.sqrt(len(weight))


def test_a_policy_that_is_certain_always_shows_the_same(
    store: Store, policies: tuple[RandomPolicy, RandomPolicy]
) -> None:
    log = log_visits(store, store.draw_users(50, seed=2), *policies, seed=3, certain=True)
    lists = log.groupby("request")["item_id"].agg(tuple)
    assert len(set(lists)) <= 10
    assert (log["propensity"] < 1).all(), "what it says of itself is another matter"


def test_actions_are_all_that_may_be_shown(store: Store, policies: tuple[RandomPolicy, RandomPolicy]) -> None:
    users = store.draw_users(30, seed=2)
    log = log_visits(store, users, *policies, seed=3)
    actions = possible_actions(log, store, users, *policies)
    assert len(actions) == log["request"].nunique() * DEPTH * 20
    sums = actions.groupby(["request", "position"])[["propensity", "target"]].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-6)
    both = log.merge(actions, on=["request", "position", "item_id"], suffixes=("", "_there"))
    np.testing.assert_allclose(both["target"], both["target_there"])
    np.testing.assert_allclose(both["propensity"], both["propensity_there"])
    assert len(both) == len(log)
