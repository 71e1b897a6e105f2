"""Lists drawn at random: the probability that is said is the probability that it happens with."""

import importlib.util
import itertools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_cases import ByFirstSignal, Weighted, make_batch, make_table

from paretorec.config import Exploration
from paretorec.contracts import Category
from paretorec.explore import explored
from paretorec.judge import ranked

_SPEC = importlib.util.spec_from_file_location(
    "plain_exploration", Path(__file__).parents[1] / "oracles" / "plain_exploration.py"
)
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

WAYS = [Exploration(temperature=0.3), Exploration(epsilon=0.4)]
ways = pytest.mark.parametrize("how", WAYS, ids=["temperature", "epsilon"])
WEIGHTS = np.array([0.5, 0.3, 0.2])


class AtMostTwo:
    """Of one brand."""

    depth = 3

    def shape(self, items, table):
        codes = np.where(items >= 0, table.categories["brand"].codes[items], -1)
        same = (codes[:, :, None] == codes[:, None, :]) & (codes >= 0)[:, :, None]
        return (same & np.tril(np.ones(codes.shape[1:] * 2, bool), -1)).sum(axis=2) < 2


class NotFirst:
    """Item 0 may not lead a list."""

    depth = 2

    def shape(self, items, table):
        return (items != 0) | (np.arange(items.shape[1]) > 0)


def small(requests, candidates=4, seed=0):
    """The same request many times, all candidates allowed."""
    batch = make_batch(np.random.default_rng(seed), 1, candidates, 3, items=candidates, levels=7)
    return replace(batch, mask=np.ones_like(batch.mask)).take(np.zeros(requests, int))


def keys(count, seed=0):
    return [(seed, number) for number in range(count)]


def probabilities(batch, how, places, kind=None, allowed=lambda listed, item: True):
    """By the oracle, of the first request's candidates."""
    if how.epsilon:
        order = ranked(batch.take(slice(0, 1)), kind or Weighted(), WEIGHTS[None], batch.items.shape[1])[0, 0]
        return plain.epsilon_greedy(order[order >= 0].tolist(), how.epsilon, places, allowed)
    scores = batch.values[0].astype(float) @ WEIGHTS / how.temperature
    return plain.plackett_luce(np.where(batch.mask[0], scores, -np.inf).tolist(), places, allowed)


@ways
def test_every_list_is_as_frequent_as_its_probability(how):
    batch = small(20_000)
    places, propensity = explored(batch, Weighted(), WEIGHTS, 3, how, keys(20_000))
    seen = Counter(map(tuple, places.tolist()))
    total = 0.0
    for listed in itertools.permutations(range(4), 3):
        expected = math.prod(probabilities(batch, how, listed))
        total += expected
        # Five standard errors of a share, for 24 lists.
        assert seen[listed] / 20_000 == pytest.approx(expected, abs=5 * math.sqrt(expected / 20_000))
    assert total == pytest.approx(1)
    for row in range(0, 20_000, 500):
        assert propensity[row] == pytest.approx(probabilities(batch, how, places[row].tolist()), rel=1e-5)


@ways
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.floats(0.01, 1))
def test_propensities_are_the_oracles(how, seed, k, amount):
    how = Exploration(temperature=amount) if how.temperature else Exploration(epsilon=amount)
    batch = make_batch(np.random.default_rng(seed), 6, 8, 3, items=30)
    places, propensity = explored(batch, Weighted(), WEIGHTS, k, how, keys(6, seed))
    for row in range(6):
        one, real = batch.take(slice(row, row + 1)), places[row] >= 0
        assert real.sum() == min(k, batch.mask[row].sum())
        assert propensity[row, real] == pytest.approx(probabilities(one, how, places[row, real].tolist()), rel=1e-4)
        assert (propensity[row, ~real] == 0).all()
        assert batch.mask[row, places[row, real]].all()


@ways
def test_shape_rules_say_what_may_come_next(how):
    batch = small(4000, candidates=6)
    brand = np.array([0, 0, 0, 0, 1, 1], np.int32)
    table = make_table(6, categories={"brand": Category(brand, ("a", "b"))})
    items = batch.items[0]

    def allowed(listed, item):
        same = sum(brand[items[other]] == brand[items[item]] for other in listed)
        return same < 2 and (bool(listed) or items[item] != 0)

    rules = ([AtMostTwo(), NotFirst()], table)
    places, propensity = explored(batch, Weighted(), WEIGHTS, 5, how, keys(4000), rules)
    assert (places[:, 4] == -1).all()
    assert (propensity[:, 4] == 0).all()
    assert (propensity[:, :4] > 0).all()
    seen = Counter(map(tuple, places[:, :2].tolist()))
    for listed in itertools.permutations(range(6), 2):
        expected = math.prod(probabilities(batch, how, listed, allowed=allowed))
        assert seen[listed] / 4000 == pytest.approx(expected, abs=5 * math.sqrt(expected / 4000))
    for row in range(0, 4000, 200):
        listed = places[row, :4].tolist()
        assert propensity[row, :4] == pytest.approx(probabilities(batch, how, listed, allowed=allowed), rel=1e-4)


@ways
def test_neither_company_nor_padding_nor_length_changes_a_draw(how):
    batch = make_batch(np.random.default_rng(1), 40, 20, 3, items=30)
    names = keys(40)
    places, propensity = explored(batch, Weighted(), WEIGHTS, 8, how, names)
    rows = np.random.default_rng(2).permutation(40)[:7]
    some = explored(batch.take(rows), Weighted(), WEIGHTS, 8, how, [names[row] for row in rows])
    assert np.array_equal(some[0], places[rows])
    assert some[1].tobytes() == propensity[rows].tobytes()
    shorter = explored(batch, Weighted(), WEIGHTS, 3, how, names)
    assert np.array_equal(shorter[0], places[:, :3])
    assert shorter[1].tobytes() == propensity[:, :3].tobytes()
    padded = replace(
        batch,
        values=np.pad(batch.values, ((0, 0), (0, 5), (0, 0))),
        mask=np.pad(batch.mask, ((0, 0), (0, 5))),
        items=np.pad(batch.items, ((0, 0), (0, 5)), constant_values=-1),
    )
    wider = explored(padded, Weighted(), WEIGHTS, 8, how, names)
    assert np.array_equal(wider[0], places)
    assert wider[1].tobytes() == propensity.tobytes()
    assert not np.array_equal(explored(batch, Weighted(), WEIGHTS, 8, how, keys(40, seed=1))[0], places)


@pytest.mark.parametrize("how", [Exploration(temperature=1e-6), Exploration(epsilon=1e-12)])
def test_little_exploration_is_none(how):
    batch = make_batch(np.random.default_rng(3), 50, 15, 3, items=30, levels=1000)
    places, propensity = explored(batch, Weighted(), WEIGHTS, 6, how, keys(50))
    assert np.array_equal(places, ranked(batch, Weighted(), WEIGHTS[None], 6)[0])
    assert propensity[places >= 0] == pytest.approx(1)


def test_kinds_that_only_rank_are_explored_by_rank():
    batch = replace(small(3000), values=np.linspace(1, 0.1, 4, dtype=np.float32)[None, :, None].repeat(3000, axis=0))
    places, propensity = explored(batch, ByFirstSignal(), np.ones(1), 2, Exploration(temperature=0.5), keys(3000))
    odds = np.array([1, 1 / 4, 1 / 9, 1 / 16])  # rank ** -2
    assert propensity[:, 0] == pytest.approx((odds / odds.sum())[places[:, 0]])
    left = odds.sum() - odds[places[:, 0]]
    assert propensity[:, 1] == pytest.approx(odds[places[:, 1]] / left)
    assert (places[:, 0] == 0).mean() == pytest.approx(odds[0] / odds.sum(), abs=0.04)


def test_no_request_no_list():
    batch = small(1).take(slice(0, 0))
    for how in WAYS:
        places, propensity = explored(batch, Weighted(), WEIGHTS, 3, how, [])
        assert places.shape == propensity.shape == (0, 3)


@pytest.mark.parametrize("values", [{}, {"temperature": 1, "epsilon": 0.1}, {"temperature": 0}, {"epsilon": 1.5}])
def test_exploration_is_one_of_two(values):
    with pytest.raises(ValueError, match=r"temperature|epsilon"):
        Exploration(**values)
