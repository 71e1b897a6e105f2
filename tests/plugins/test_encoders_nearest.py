"""`item-knn` by every weighting and `user-knn` against plain Python."""

import numpy as np
import pytest
from encoder_histories import fit_data, histories, table
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.plain_encoders import similarity, user_knn

from paretorec.contracts import ComponentRef, RunContext
from paretorec.registry import Registry

ITEMS = 6
WEIGHTINGS = ("cosine", "jaccard", "tf-idf", "bm25")
pasts = st.lists(
    st.lists(st.tuples(st.integers(0, ITEMS - 1), st.integers(1, 300)), max_size=8), min_size=1, max_size=6
).map(lambda users: [sorted(past, key=lambda event: -event[1]) for past in users])


def make(name, **params):
    return Registry().build("encoder", ComponentRef(use=name, params=params)).component


def fitted(name, past, **params):
    encoder = make(name, **params)
    encoder.fit(fit_data(past, ITEMS), RunContext())
    return encoder


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@settings(deadline=None, max_examples=40)
@given(past=pasts, shrinkage=st.sampled_from([0.0, 3.0]))
def test_item_knn_weighs_by_the_published_formula(weighting, past, shrinkage):
    encoder = fitted("item-knn", past, weighting=weighting, shrinkage=shrinkage, k1=1.5, b=0.6, neighbours=ITEMS)
    wanted = similarity([{item for item, _ in one} for one in past], ITEMS, weighting, shrinkage, 1.5, 0.6)
    np.testing.assert_allclose(encoder.similarity.toarray(), wanted, 1e-5, 1e-9)


@settings(deadline=None, max_examples=60)
@given(pasts, pasts, st.floats(10, 500))
def test_user_knn_asks_everybody_by_similarity(past, asked, half_life):
    encoder = fitted("user-knn", past, half_life_days=half_life)
    scores = encoder.score(histories(asked, users=[-1] * len(asked)), None)
    wanted = [user_knn(past, ITEMS, one, len(past), half_life) for one in asked]
    np.testing.assert_allclose(scores, wanted, 1e-5, 1e-9)


@pytest.mark.parametrize("neighbours", [1, 2, 3])
def test_user_knn_asks_the_nearest_alone_and_of_equals_the_first(neighbours):
    past = [[(5, 2), (1, 1)], [(0, 3), (1, 2), (2, 1)], [(1, 2), (4, 1)], [(0, 2), (1, 1)]]
    asked = [(0, 3), (1, 2)]
    encoder = fitted("user-knn", past, neighbours=neighbours, half_life_days=1e9)
    scores = encoder.score(histories([asked], users=[-1]), None)[0]
    np.testing.assert_allclose(scores, user_knn(past, ITEMS, asked, neighbours, 1e9), 1e-6)


def test_user_knn_never_asks_the_user_about_themselves_and_guests_are_nobody():
    past = [[(0, 2), (1, 1)], [(0, 2), (2, 1)], [(3, 1)]]
    encoder = fitted("user-knn", past, half_life_days=1e9)
    known = encoder.score(histories(past), None)
    np.testing.assert_allclose(known[0], user_knn(past, ITEMS, past[0], 3, 1e9, itself=0), 1e-6)
    assert known[0, 1] == 0
    guest = encoder.score(histories(past[:1], users=[-1]), None)[0]
    np.testing.assert_allclose(guest, [1.5, 1, 0.5, 0, 0, 0], 1e-6)


def test_user_knn_is_restored_with_its_users_and_knows_new_items():
    past = [[(0, 2), (1, 1)], [(0, 2), (2, 1)]]
    encoder, again = fitted("user-knn", past), make("user-knn")
    again.restore(encoder.state(), table(ITEMS + 2))
    np.testing.assert_array_equal(again.score(histories(past), None)[:, :ITEMS], encoder.score(histories(past), None))
    assert not again.score(histories([[(ITEMS + 1, 1)], []]), None).any()
