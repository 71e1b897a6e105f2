"""Kinds that weigh the signals of some requests otherwise: the judge's fast loops give what a plain ranking gives."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_cases import make_batch, make_truth

from paretorec.contracts import SignalBatch
from paretorec.judge import Judge, rank_weighted

LOOPS = [
    "numpy",
    pytest.param(
        "numba", marks=pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
    ),
]


class BySide:
    """theta holds the weights of requests on the left, then those of requests on the right."""

    linear = False

    def prepare(self, values):
        return values

    def group_weights(self, theta, columns):
        left, right = np.split(theta.astype(np.float32), 2, axis=1)
        return np.stack([left, right]), (columns["side"] == "right").astype(np.int64)


def with_sides(rng, requests, signals):
    batch = make_batch(rng, requests, 40, signals, items=60)
    sides = rng.choice(np.array(["left", "right"], object), size=requests)
    return SignalBatch(batch.names, batch.values, batch.mask, batch.items, {"side": sides})


def expected(batch, theta, k):
    left, right = np.split(theta.astype(np.float32), 2, axis=1)
    on_the_left = rank_weighted(batch.values, batch.mask, left, k)
    on_the_right = rank_weighted(batch.values, batch.mask, right, k)
    return np.where((batch.columns["side"] == "left")[None, :, None], on_the_left, on_the_right)


@pytest.mark.parametrize("loops", LOOPS)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, 5), st.integers(1, 12))
def test_every_group_is_ranked_by_its_own_weights(loops, seed, requests, signals, k):
    rng = np.random.default_rng(seed)
    batch, truth = with_sides(rng, requests, signals), make_truth(rng, requests, 60)
    theta = rng.dirichlet(np.full(2 * signals, 0.5), 5)
    judge = Judge([batch], BySide(), {}, truth, k, loops=loops, threads=2)
    assert np.array_equal(judge.lists(theta), expected(batch, theta, k))


def test_columns_stay_with_their_requests():
    batch = with_sides(np.random.default_rng(0), 50, 2)
    rows = np.array([7, 3, 3, 49])
    taken = batch.take(rows)
    assert taken.columns["side"].tolist() == batch.columns["side"][rows].tolist()
    assert np.array_equal(taken.values, batch.values[rows])
    assert len(batch.take(slice(10, 20))) == 10
