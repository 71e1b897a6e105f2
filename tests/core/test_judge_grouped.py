"""Kinds that weigh the signals of some requests otherwise: the judge's fast loops give what a plain ranking gives."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_cases import make_batch, make_truth

from paretorec.contracts import Histories
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

    def group_weights(self, theta, requests):
        left, right = np.split(theta.astype(np.float32), 2, axis=1)
        return np.stack([left, right]), (requests.column("context.side") == "right").astype(np.int64)


def with_sides(rng, requests, signals):
    sides = rng.choice(np.array(["left", "right"], object), size=requests)
    none = np.zeros(requests, np.int64)
    asked = Histories(none[:0], none[:0], {}, none, none, none, none - 1, {"side": sides})
    return replace(make_batch(rng, requests, 40, signals, items=60), histories=asked)


def expected(batch, theta, k):
    left, right = np.split(theta.astype(np.float32), 2, axis=1)
    on_the_left = rank_weighted(batch.values, batch.mask, left, k)
    on_the_right = rank_weighted(batch.values, batch.mask, right, k)
    return np.where((batch.histories.context["side"] == "left")[None, :, None], on_the_left, on_the_right)


@pytest.mark.parametrize("loops", LOOPS)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, 5), st.integers(1, 12))
def test_every_group_is_ranked_by_its_own_weights(loops, seed, requests, signals, k):
    rng = np.random.default_rng(seed)
    batch, truth = with_sides(rng, requests, signals), make_truth(rng, requests, 60)
    theta = rng.dirichlet(np.full(2 * signals, 0.5), 5)
    judge = Judge([batch], BySide(), {}, truth, k, loops=loops, threads=2)
    assert np.array_equal(judge.lists(theta), expected(batch, theta, k))


def test_requests_stay_with_their_signals():
    batch = with_sides(np.random.default_rng(0), 50, 2)
    rows = np.array([7, 3, 3, 49])
    taken = batch.take(rows)
    assert taken.histories.context["side"].tolist() == batch.histories.context["side"][rows].tolist()
    assert np.array_equal(taken.values, batch.values[rows])
    assert len(batch.take(slice(10, 20))) == 10
