"""How many select requests a search looks at, and whose."""

from dataclasses import replace

import numpy as np
import pytest
from judge_cases import Weighted, make_batch, make_truth

from paretorec.contracts import Gain
from paretorec.judge import Judge
from paretorec.judging import Judged
from paretorec.sample import ALL, first, search_requests, users_in_turn, wanted_requests
from paretorec.search.wish import Wish


@pytest.fixture
def requests():
    return make_truth(np.random.default_rng(0), 600, items=20, users=150).requests


def ids(requests):
    return np.array([f"u{code}" for code in range(int(requests.user.max()) + 1)], object)


def wish(least=-0.02):
    return Wish(np.array([-1.0]), np.ones(1), np.ones(1), np.array([least]))


def test_a_sample_holds_whole_users_and_a_longer_one_the_shorter(requests):
    order = users_in_turn(requests, ids(requests), seed=3)
    short, long = first(requests, order, 100), first(requests, order, 300)
    assert 90 <= len(short) <= 100
    assert 290 <= len(long) <= 300
    assert set(short.user) < set(long.user)
    for part in (short, long):
        counts = np.bincount(part.user, minlength=150)
        assert set(counts[counts > 0] - np.bincount(requests.user, minlength=150)[counts > 0]) == {0}


def test_the_seed_decides_who_is_in_it_and_the_order_of_the_users_does_not(requests):
    order = users_in_turn(requests, ids(requests), seed=3)
    again = users_in_turn(requests, ids(requests), seed=3)
    assert np.array_equal(order, again)
    assert not np.array_equal(order, users_in_turn(requests, ids(requests), seed=4))


def test_one_user_with_more_requests_than_asked_for_is_taken_whole(requests):
    one = replace(requests, user=np.zeros_like(requests.user))
    assert len(first(one, users_in_turn(one, ids(one), 0), 5)) == len(one)


def test_the_size_is_what_a_known_error_needs():
    """Changes of +-1 with a standard deviation of 1 by user: SURE x 1 / sqrt(n) <= 2 %."""
    rng = np.random.default_rng(1)
    users = np.arange(2000)
    base = np.full(2000, 1.0)
    other = base + rng.normal(size=2000)
    parts = np.stack([base, other])[:, None]
    wanted = wanted_requests(parts, np.ones_like(parts), 0, users, wish())
    assert wanted == pytest.approx((2.7 / 0.02) ** 2, rel=0.1)
    assert wanted_requests(parts, np.ones_like(parts), 0, users, wish(-0.04)) == pytest.approx(wanted / 4, rel=0.01)


def test_requests_of_one_user_do_not_count_as_many():
    rng = np.random.default_rng(2)
    own = rng.normal(size=200)
    users = np.repeat(np.arange(200), 10)
    parts = np.stack([np.ones(2000), 1 + np.repeat(own, 10)])[:, None]
    alone = np.stack([np.ones(200), 1 + own])[:, None]
    together = wanted_requests(parts, np.ones_like(parts), 0, users, wish())
    assert together == pytest.approx(
        10 * wanted_requests(alone, np.ones_like(alone), 0, np.arange(200), wish()), rel=0.02
    )


def test_few_requests_are_all_looked_at(requests):
    found, told = search_requests(requests, None, ids(requests), 0, None, None, None)
    assert found is requests
    assert (told["requests"], told["of_requests"], told["why"]) == (600, 600, "all of them")


def test_as_many_as_asked_for_without_a_pilot(requests):
    found, told = search_requests(requests, 200, ids(requests), 0, None, None, None)
    assert 190 <= len(found) <= 200
    assert told["requests"] == len(found)
    assert told["users"] == len(set(found.user))


def test_of_many_requests_a_pilot_says_how_many():
    rng = np.random.default_rng(5)
    whole = make_truth(rng, ALL + 4000, items=40, users=ALL)
    asked = []

    def judged(requests):
        asked.append(len(requests))
        batch = make_batch(np.random.default_rng(6), len(requests), 12, 2, items=40)
        truth = replace(whole, requests=requests, known=np.zeros(len(requests.target_items), bool))
        metric = Gain(target=np.ones(len(requests.target_items)), item=np.ones(40))
        return Judged(Judge([batch], Weighted(), {"hits": metric}, truth, 3), batch, requests, {})

    def wished(pilot):
        values, errors = pilot.judge.evaluate(np.eye(2))
        return Wish.of(("hits",), -values[0], errors[0], keep={"hits": "-2%"}), 0

    policies = np.vstack([np.eye(2), [[0.5, 0.5]]])
    found, told = search_requests(whole.requests, None, ids(whole.requests), 0, judged, policies, wished)
    assert asked == [pytest.approx(4000, abs=5)]
    assert len(found) == told["requests"] < ALL
    assert "tell the smallest change" in told["why"]
