"""The policies `linear` and `product`: only proportions matter, corners are signals alone, order is kept."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretorec.contracts import ComponentRef, SignalBatch
from paretorec.errors import ConfigError
from paretorec.judge import ranked
from paretorec.registry import Registry

NAMES = ["linear", "product"]
SIGNALS = ("encoder.a", "ranker.buy", "objective.novelty")


def make(name, **params):
    return Registry().build("policy", ComponentRef(use=name, params=params), "policy").component


def batch_of(values):
    values = np.array([values], np.float32)
    count = values.shape[1]
    return SignalBatch(SIGNALS[: values.shape[2]], values, np.ones((1, count), bool), np.arange(count)[None])


@pytest.mark.parametrize("name", NAMES)
def test_the_space_has_a_weight_and_a_corner_for_every_signal(name):
    box = make(name).space(SIGNALS)
    assert box.names == SIGNALS
    assert box.lower.tolist() == [0, 0, 0]
    assert box.upper.tolist() == [1, 1, 1]
    assert box.corners.tolist() == np.eye(3).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_first_points_lie_on_the_simplex_and_come_again_with_the_seed(name):
    kind = make(name)
    box = kind.space(SIGNALS)
    draws = kind.sample(box, 500, seed=3)
    assert draws.shape == (500, 3)
    assert draws.sum(axis=1) == pytest.approx(1)
    assert ((draws >= box.lower) & (draws <= box.upper)).all()
    assert np.array_equal(draws, kind.sample(box, 500, seed=3))
    assert not np.array_equal(draws, kind.sample(box, 500, seed=4))
    # Dirichlet(0.5) of 3: mean 1/3, variance (1/3 x 2/3) / 2.5.
    assert draws.var(axis=0) == pytest.approx(0.0889, rel=0.25)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_proportions(name):
    kind = make(name)
    weights = kind.weights(np.array([[1.0, 0, 0], [0.2, 0.2, 0.4], [0, 0, 0]]))
    assert weights.dtype == np.float32
    assert weights == pytest.approx(np.array([[1, 0, 0], [0.25, 0.25, 0.5], [1 / 3] * 3]))


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 3), min_size=2, max_size=8))
def test_a_corner_orders_by_its_signal(name, rows):
    kind = make(name)
    batch = batch_of(rows)
    lists = kind.rank(batch, kind.space(SIGNALS).corners, len(rows))
    for signal, places in enumerate(lists[:, 0]):
        ordered = kind.prepare(batch.values)[0, places, signal]
        assert (np.diff(ordered) <= 0).all()
        assert sorted(places) == list(range(len(rows)))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_better_in_everything_never_comes_later(name):
    kind = make(name)
    grid = sorted(itertools.product([0, 0.3, 1], repeat=3), key=sum, reverse=True)
    for places in kind.rank(batch_of(grid), kind.sample(kind.space(SIGNALS), 30, seed=0), len(grid))[:, 0]:
        position = np.argsort(places)
        for i, j in itertools.permutations(range(len(grid)), 2):
            if all(a > b for a, b in zip(grid[i], grid[j], strict=True)):
                assert position[i] < position[j]


@pytest.mark.parametrize("name", NAMES)
def test_a_kinds_own_rank_is_what_is_served(name):
    kind = make(name)
    batch = batch_of(np.random.default_rng(0).random((20, 3)).tolist())
    theta = kind.sample(kind.space(SIGNALS), 10, seed=1)
    assert np.array_equal(kind.rank(batch, theta, 7), ranked(batch, kind, theta, 7))


def test_product_orders_by_the_weighted_product():
    rows = np.random.default_rng(1).random((30, 3)).tolist()
    theta = np.array([[0.5, 0.3, 0.2]])
    places = make("product", epsilon=0.05).rank(batch_of(rows), theta, 30)[0, 0]
    score = [math.prod((0.05 + value) ** weight for value, weight in zip(row, theta[0], strict=True)) for row in rows]
    assert places.tolist() == sorted(range(30), key=lambda row: -score[row])


def test_product_lets_no_signal_make_up_for_a_missing_one():
    rows, even = [[1, 0], [0.5, 0.5]], np.array([[0.5, 0.4]])
    assert make("linear").rank(batch_of(rows), even, 1).item() == 0
    assert make("product").rank(batch_of(rows), even, 1).item() == 1


def test_product_takes_what_is_below_0_as_0():
    terms = make("product").prepare(np.array([[[-3.0, 0.0]]], np.float32))
    assert terms[0, 0, 0] == terms[0, 0, 1]


def test_an_epsilon_of_0_is_refused():
    with pytest.raises(ConfigError, match=r"policy.params.epsilon"):
        make("product", epsilon=0)
