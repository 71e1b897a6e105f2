"""`als` and `bpr`: items as implicit fits them, users from their history, whoever they are."""

import numpy as np
import pytest
from encoder_histories import fit_data, histories, table
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.plain_encoders import folded_in, recency

from paretorec.contracts import ComponentRef, RunContext
from paretorec.registry import Registry

implicit = pytest.importorskip("implicit", reason="implicit is not installed: pip install 'paretorec[implicit]'")

ITEMS = 12
PARAMS = {"factors": 4, "iterations": 3}


def taste(users=40):
    """Half of the users take even items, half odd ones."""
    rng = np.random.default_rng(0)
    return [
        [(int(item) * 2 + user % 2, 9 - n) for n, item in enumerate(rng.permutation(6)[:4])] for user in range(users)
    ]


def make(name="als", **params):
    return Registry().build("encoder", ComponentRef(use=name, params=PARAMS | params)).component


def fitted(name, past, items=ITEMS, **params):
    encoder = make(name, **params)
    encoder.fit(fit_data(past, items), RunContext(seed=1))
    return encoder


@pytest.fixture(scope="module")
def encoder():
    return fitted("als", taste(), regularization=0.5, alpha=7)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, ITEMS - 1), max_size=9), min_size=1, max_size=4))
def test_a_request_is_folded_in_exactly(encoder, pasts):
    dated = [[(item, len(past) - place) for place, item in enumerate(past)] for past in pasts]
    users = encoder.encode_users(histories(dated, users=[-1] * len(pasts)))
    for row, past in enumerate(pasts):
        weights = recency(past, ITEMS, 3, 100)
        np.testing.assert_allclose(users[row], folded_in(encoder.factors, 7 * weights, 0.5), 1e-3, 1e-5)


def test_with_all_events_alike_it_is_what_implicit_recalculates():
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    past = taste()
    encoder = make(recent_half_life=1e9)
    encoder.fit(fit_data(past, ITEMS), RunContext(seed=2))
    taken = np.zeros((len(past), ITEMS), np.float32)
    for row, one in enumerate(past):
        taken[row, [item for item, _ in one]] = 1
    seed = int(RunContext(seed=2).rng("als").integers(2**31))
    model = AlternatingLeastSquares(
        factors=4, iterations=3, regularization=0.1, alpha=10.0, num_threads=1, random_state=seed
    )
    model.fit(csr_matrix(taken), show_progress=False)
    np.testing.assert_allclose(encoder.encode_items(table(ITEMS)), model.item_factors, 1e-6)
    wanted = model.recalculate_user(np.arange(len(past)), csr_matrix(taken))
    np.testing.assert_allclose(encoder.encode_users(histories(past)), wanted, 1e-3, 1e-4)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, ITEMS - 1), max_size=9), min_size=1, max_size=4))
def test_bpr_takes_the_recent_mean_of_the_items_and_adds_their_bias(pairwise, pasts):
    dated = [[(item, len(past) - place) for place, item in enumerate(past)] for past in pasts]
    vectors = pairwise.encode_items(table(ITEMS)).astype(np.float64)
    scores = pairwise.encode_users(histories(dated, users=[-1] * len(pasts))) @ vectors.T
    for row, past in enumerate(pasts):
        weights = recency(past, ITEMS, 3, 100)
        mean = weights @ vectors[:, :-1] / max(weights.sum(), 1e-12)
        np.testing.assert_allclose(scores[row], vectors[:, :-1] @ mean + vectors[:, -1], 1e-4, 1e-5)


@pytest.fixture(scope="module")
def pairwise():
    return fitted("bpr", taste(), iterations=60)


def test_bpr_factors_are_those_of_implicit(pairwise):
    from implicit.cpu.bpr import BayesianPersonalizedRanking
    from scipy.sparse import csr_matrix

    taken = np.zeros((len(taste()), ITEMS), np.float32)
    for row, one in enumerate(taste()):
        taken[row, [item for item, _ in one]] = 1
    seed = int(RunContext(seed=1).rng("bpr").integers(2**31))
    model = BayesianPersonalizedRanking(
        factors=4, learning_rate=0.05, regularization=0.01, iterations=60, num_threads=1, random_state=seed
    )
    model.fit(csr_matrix(taken), show_progress=False)
    np.testing.assert_array_equal(pairwise.encode_items(table(ITEMS)), model.item_factors)


@pytest.mark.parametrize("name", ["als", "bpr"])
def test_guests_get_items_of_their_taste(name):
    encoder = fitted(name, taste(), iterations=60)
    guest = histories([[(2, 2), (4, 1)], [(5, 2), (1, 1)]], users=[-1, -1])
    scores = encoder.encode_users(guest) @ encoder.encode_items(table(ITEMS)).T
    assert scores[0, 0::2].min() > scores[0, 1::2].max()
    assert scores[1, 1::2].min() > scores[1, 0::2].max()


@pytest.mark.parametrize("name", ["als", "bpr"])
def test_items_nobody_took_and_items_newer_than_the_fit_come_last_without_a_history(name):
    encoder, again = fitted(name, taste(), ITEMS + 1), make(name)
    again.restore(encoder.state(), table(ITEMS + 3))
    vectors = again.encode_items(table(ITEMS + 3))
    assert not vectors[ITEMS:, :4].any()
    np.testing.assert_array_equal(vectors[: ITEMS + 1], encoder.encode_items(table(ITEMS + 1)))
    empty = again.encode_users(histories([[]])) @ vectors.T
    assert (empty[0, ITEMS:] == empty.min()).all()
