"""`markov` and `ease` against plain Python, and what they say about too much or too little."""

import numpy as np
import pytest
from encoder_histories import fit_data, histories, table
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.plain_encoders import ease, markov, recency, ridge_without_self

from paretorec.contracts import ComponentRef, RunContext
from paretorec.errors import DataError
from paretorec.registry import Registry

ITEMS = 6
pasts = st.lists(st.lists(st.integers(0, ITEMS - 1), max_size=9), min_size=1, max_size=5)
NAMES = ("markov", "ease")


def dated(past):
    """A day apart; the encoders go by order alone."""
    return [[(item, len(one) - place) for place, item in enumerate(one)] for one in past]


def make(name, **params):
    return Registry().build("encoder", ComponentRef(use=name, params=params)).component


def fitted(name, past, items=ITEMS, **params):
    encoder = make(name, **params)
    encoder.fit(fit_data(dated(past), items), RunContext())
    return encoder


@settings(deadline=None, max_examples=50)
@given(pasts, pasts, st.integers(1, 4), st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0]), st.floats(0.1, 30))
def test_markov_is_the_log_of_the_mixture_of_shrunk_counts(past, asked, lags, recent, backward, shrinkage):
    params = {
        "lags": lags,
        "lag_decay": 0.7,
        "recent": recent,
        "recent_decay": 1.3,
        "backward": backward,
        "shrinkage": shrinkage,
    }
    scores = fitted("markov", past, **params).score(histories(dated(asked)), None)
    for row, history in enumerate(asked):
        np.testing.assert_allclose(scores[row], markov(past, ITEMS, history, **params), 1e-5)


@settings(deadline=None, max_examples=30)
@given(pasts, pasts)
def test_markov_gives_chances_that_sum_to_one(past, asked):
    scores = fitted("markov", past).score(histories(dated(asked)), None)
    np.testing.assert_allclose(np.exp(scores.astype(np.float64)).sum(axis=1), 1, 1e-5)


@settings(deadline=None, max_examples=50)
@given(pasts, pasts, st.floats(0.5, 30), st.integers(1, 5))
def test_ease_weighs_the_recent_history_by_the_inverse(past, asked, l2, length):
    encoder = fitted("ease", past, l2=l2, half_life=2, recent_half_life=1.5, length=length)
    weights = ease(np.array([recency(one, ITEMS, 2, length) for one in past]), l2)
    wanted = np.array([recency(one, ITEMS, 1.5, length) for one in asked]) @ weights
    np.testing.assert_allclose(encoder.score(histories(dated(asked)), None), wanted, 1e-4, 1e-6)


def test_ease_predicts_each_item_from_all_others_by_ridge_regression():
    rng = np.random.default_rng(0)
    items = 700  # more than a block
    past = [rng.choice(items, 8, replace=False).tolist() for _ in range(300)]
    encoder = fitted("ease", past, items, l2=3, half_life=1e9)
    taken = np.array([recency(one, items, 1e9, 100) for one in past])
    for item in (0, 511, 512, 699):
        np.testing.assert_allclose(encoder.weights[:, item], ridge_without_self(taken, 3, item), 1e-3, 1e-5)


def test_ease_refuses_a_catalogue_above_its_cap_and_says_how_much_memory_it_would_take():
    with pytest.raises(DataError, match=r"6 items are more than params.max_items = 5, and need 0.0 GB.*markov"):
        fitted("ease", [[0, 1]], max_items=5)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=30)
@given(past=pasts, seed=st.integers(0, 99))
def test_a_row_depends_on_its_own_history_alone_and_candidates_are_looked_up(name, past, seed):
    encoder, asked = fitted(name, past), histories(dated(past))
    whole = encoder.score(asked, None)
    for row in range(len(past)):
        assert np.array_equal(encoder.score(asked.take([row, 0]), None)[0], whole[row])
    candidates = np.random.default_rng(seed).integers(-1, ITEMS, (len(past), 4)).astype(np.int32)
    some, real = encoder.score(asked, candidates), candidates >= 0
    assert np.isfinite(some).all()
    np.testing.assert_array_equal(some[real], np.take_along_axis(whole, np.maximum(candidates, 0), 1)[real])


@pytest.mark.parametrize("name", NAMES)
def test_new_items_stand_at_the_floor_and_may_be_in_histories(name):
    past = [[0, 1, 2], [1, 2], [3]]
    encoder, again = fitted(name, past), make(name)
    again.restore(encoder.state(), table(ITEMS + 2))
    np.testing.assert_array_equal(
        again.score(histories(dated(past)), None)[:, :ITEMS], encoder.score(histories(dated(past)), None)
    )
    scores = again.score(histories(dated([[0, ITEMS + 1], []])), None)
    assert np.isfinite(scores).all()
    assert (scores[1, ITEMS:] == scores[1].min()).all()
