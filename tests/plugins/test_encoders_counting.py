"""`popularity`, `repeat` and `item-knn` against plain Python."""

import math

import numpy as np
import pytest
from encoder_histories import fit_data, histories, table
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.contracts import ComponentRef, RunContext
from paretorec.registry import Registry

ITEMS = 6
ages = st.floats(0.01, 400)
pasts = st.lists(st.lists(st.tuples(st.integers(0, ITEMS - 1), ages), max_size=8), min_size=1, max_size=5).map(
    lambda users: [sorted(past, key=lambda event: -event[1]) for past in users]
)
NAMES = ("popularity", "repeat", "item-knn")


def make(name, **params):
    return Registry().build("encoder", ComponentRef(use=name, params=params)).component


def fitted(name, past, items=ITEMS, **params):
    encoder = make(name, **params)
    encoder.fit(fit_data(past, items), RunContext())
    return encoder


def plain_similarity(past, shrinkage):
    users = [{item for item, _ in one} for one in past]

    def similarity(a, b):
        both = sum(a in one and b in one for one in users)
        each = [sum(item in one for one in users) for item in (a, b)]
        return both / (math.sqrt(each[0] * each[1]) + shrinkage) if both and a != b else 0.0

    return np.array([[similarity(a, b) for b in range(ITEMS)] for a in range(ITEMS)])


def plain_decay(one, half_life):
    out = np.zeros(ITEMS)
    for item, age in one:
        out[item] += 0.5 ** (age / half_life)
    return out


@settings(deadline=None)
@given(pasts)
def test_repeat_is_the_users_own_decayed_frequency(past):
    wanted = [plain_decay(one, 30) for one in past]
    np.testing.assert_allclose(fitted("repeat", past, half_life_days=30).score(histories(past), None), wanted, 1e-5)


@settings(deadline=None)
@given(pasts)
def test_popularity_counts_each_user_once_by_the_newest_event(past):
    wanted = np.zeros(ITEMS)
    for one in past:
        for item in {item for item, _ in one}:
            wanted[item] += 0.5 ** (min(age for other, age in one if other == item) / 30)
    scores = fitted("popularity", past, half_life_days=30).score(histories([[], [(0, 1)]]), None)
    np.testing.assert_allclose(scores, [wanted, wanted], 1e-5)


@settings(deadline=None)
@given(pasts)
def test_item_knn_sums_shrunk_cosines_over_the_decayed_history(past):
    encoder = fitted("item-knn", past, neighbours=ITEMS, shrinkage=2, half_life_days=30)
    wanted = np.array([plain_decay(one, 30) for one in past]) @ plain_similarity(past, 2)
    np.testing.assert_allclose(encoder.score(histories(past), None), wanted, 1e-5, 1e-7)


@settings(deadline=None)
@given(pasts, st.integers(1, 3))
def test_item_knn_keeps_the_most_similar_and_of_equals_the_lower_code(past, keep):
    encoder = fitted("item-knn", past, neighbours=keep, shrinkage=2)
    full = plain_similarity(past, 2)
    for item in range(ITEMS):
        best = sorted(range(ITEMS), key=lambda other: (-np.float32(full[item, other]), other))[:keep]
        scores = encoder.score(histories([[(item, 0)]]), None)[0]
        assert set(np.flatnonzero(scores)) == {other for other in best if full[item, other] > 0}


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(past=pasts, seed=st.integers(0, 99))
def test_a_row_depends_on_its_own_history_alone_and_candidates_are_looked_up(name, past, seed):
    encoder = fitted(name, past)
    whole = encoder.score(histories(past), None)
    assert whole.dtype == np.float32
    assert whole.shape == (len(past), ITEMS)
    for row in range(len(past)):
        assert np.array_equal(encoder.score(histories(past).take([row, 0]), None)[0], whole[row])
    candidates = np.random.default_rng(seed).integers(-1, ITEMS, (len(past), 4)).astype(np.int32)
    some = encoder.score(histories(past), candidates)
    assert some.dtype == np.float32
    assert np.isfinite(some).all()
    real = candidates >= 0
    np.testing.assert_array_equal(some[real], np.take_along_axis(whole, np.maximum(candidates, 0), 1)[real])


@pytest.mark.parametrize("name", NAMES)
def test_a_restored_encoder_scores_the_same_and_new_items_at_the_floor(name):
    past = [[(0, 9), (1, 5), (2, 1)], [(1, 7), (2, 3)], []]
    encoder, again = fitted(name, past), make(name)
    again.restore(encoder.state(), table(ITEMS + 2))
    before, after = (one.score(histories(past), None) for one in (encoder, again))
    np.testing.assert_array_equal(after[:, :ITEMS], before)
    assert (after[:, ITEMS:] == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_nobody_and_nothing_are_fine(name):
    encoder = fitted(name, [[], []])
    assert not encoder.score(histories([[], []]), None).any()
    assert encoder.score(histories([]), None).shape == (0, ITEMS)
