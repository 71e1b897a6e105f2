"""Lists: the same to the bit from compiled loops, plain numpy and plain Python, whatever ties, masks and pruning do."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_cases import ByFirstSignal, Weighted, make_batch, make_table, make_truth

from paretorec.contracts import Category, SignalBatch
from paretorec.errors import ConfigError, PluginError
from paretorec.judge import Judge, rank_weighted, ranked

_SPEC = importlib.util.spec_from_file_location("plain_lists", Path(__file__).parents[1] / "oracles" / "plain_lists.py")
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

LOOPS = [
    "numpy",
    pytest.param(
        "numba", marks=pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
    ),
]


class CapByCategory:
    """At most two of a category."""

    depth = 3

    def shape(self, items, table):
        codes = np.where(items >= 0, table.categories["brand"].codes[items], -1)
        same = (codes[:, :, None] == codes[:, None, :]) & (codes >= 0)[:, :, None]
        earlier = np.tril(np.ones(codes.shape[1:] * 2, bool), -1)
        return (same & earlier).sum(axis=2) < 2


@st.composite
def worlds(draw):
    """(batch, weights, k) of every shape there is: one signal or nine, k beyond the candidates, no candidate left."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    requests, candidates, signals = draw(st.integers(1, 5)), draw(st.integers(1, 90)), draw(st.integers(1, 9))
    batch = make_batch(rng, requests, candidates, signals, items=90, levels=draw(st.sampled_from([2, 4, 1000])))
    weights = rng.dirichlet(np.full(signals, 0.5), draw(st.integers(1, 9)))
    weights[rng.random(weights.shape) < 0.2] = 0
    weights[-1] = weights[0]
    return batch, weights, draw(st.one_of(st.integers(1, 12), st.integers(1, 50)))


def expected(batch, weights, k):
    out = np.full((len(weights), len(batch), k), -1)
    for policy, weight in enumerate(weights.astype(np.float32)):
        for row in range(len(batch)):
            best = plain.ranked(batch.values[row], batch.mask[row], weight, k)
            out[policy, row, : len(best)] = best
    return out


def judge(batches, truth, k, loops="auto", kind=None, **more):
    return Judge(batches, kind or Weighted(), {}, truth, k, loops=loops, **more)


@pytest.mark.parametrize("loops", LOOPS)
@given(world=worlds())
@settings(max_examples=60, deadline=None)
def test_lists_equal_those_of_plain_python(loops, world):
    batch, weights, k = world
    truth = make_truth(np.random.default_rng(0), len(batch), 90)
    assert np.array_equal(judge([batch], truth, k, loops).lists(weights), expected(batch, weights, k))


@given(world=worlds())
@settings(max_examples=40, deadline=None)
def test_what_is_served_is_what_was_judged(world):
    batch, weights, k = world
    truth = make_truth(np.random.default_rng(0), len(batch), 90)
    judged = judge([batch], truth, k).lists(weights)
    assert np.array_equal(ranked(batch, Weighted(), weights, k), judged)
    for row in range(len(batch)):
        alone = SignalBatch(batch.names, *(x[row : row + 1] for x in (batch.values, batch.mask, batch.items)))
        assert np.array_equal(ranked(alone, Weighted(), weights, k)[:, 0], judged[:, row])


@pytest.mark.parametrize("loops", LOOPS)
def test_negative_terms_and_rounding_are_ranked_alike(loops):
    rng = np.random.default_rng(3)
    batch = make_batch(rng, 40, 50, 7, items=60, levels=1000)
    batch = SignalBatch(batch.names, np.log(np.float32(1e-3) + batch.values), batch.mask, batch.items)
    weights = rng.dirichlet(np.ones(7), 20)
    truth = make_truth(rng, 40, 60)
    assert np.array_equal(judge([batch], truth, 10, loops).lists(weights), expected(batch, weights, 10))


@pytest.mark.parametrize("loops", LOOPS)
def test_a_shape_rule_cuts_deeper_lists(loops):
    rng = np.random.default_rng(4)
    batch, truth = make_batch(rng, 30, 25, 3, items=40), make_truth(rng, 30, 40)
    brand = rng.integers(0, 4, 40).astype(np.int32)
    table = make_table(40, categories={"brand": Category(brand, ("a", "b", "c", "d"))})
    weights = rng.dirichlet(np.ones(3), 8)
    found = judge([batch], truth, 4, loops, shape=([CapByCategory()], table)).lists(weights)
    assert np.array_equal(found, ranked(batch, Weighted(), weights, 4, ([CapByCategory()], table)))
    for policy, weight in enumerate(weights.astype(np.float32)):
        for row in range(len(batch)):
            deep = plain.ranked(batch.values[row], batch.mask[row], weight, 12)
            best = plain.capped(deep, brand[batch.items[row]].tolist(), 2, 4)
            assert found[policy, row].tolist() == best + [-1] * (4 - len(best))


def test_left_out_is_what_enough_earlier_candidates_are_as_good_as():
    kernel = pytest.importorskip("paretorec.judge.kernel", exc_type=ImportError)
    rng = np.random.default_rng(9)
    terms = rng.integers(0, 4, size=(20, 3, 40)).astype(np.float32)
    keep = kernel.skyband(np.moveaxis(terms, 1, 2), np.ones((20, 40), bool), 3)
    for row, kept in zip(terms, keep, strict=True):
        better = [sum(bool((row[:, i] >= row[:, j]).all()) for i in range(j)) for j in range(40)]
        assert kept.tolist() == [number < 3 for number in better]
    assert not keep.all()


def test_two_shape_rules_both_hold():
    class OnlyEven:
        depth = 2

        def shape(self, items, table):
            return items % 2 == 0

    rng = np.random.default_rng(5)
    batch = make_batch(rng, 30, 25, 3, items=40)
    table = make_table(40, categories={"brand": Category(rng.integers(0, 4, 40).astype(np.int32), tuple("abcd"))})
    places = ranked(batch, Weighted(), np.ones((1, 3)), 4, ([OnlyEven(), CapByCategory()], table))[0]
    for row, listed in enumerate(places):
        items = batch.items[row, listed[listed >= 0]]
        assert (items % 2 == 0).all()
        assert np.bincount(table.categories["brand"].codes[items], minlength=1).max(initial=0) <= 2


def test_a_kind_that_is_not_linear_ranks_for_itself():
    rng = np.random.default_rng(6)
    batch, truth = make_batch(rng, 300, 20, 2, items=40), make_truth(rng, 300, 40)
    theta = np.array([[0.5], [2.0]])
    found = judge([batch], truth, 5, kind=ByFirstSignal()).lists(theta)
    assert np.array_equal(found, ByFirstSignal().rank(batch, theta, 5))


@pytest.mark.parametrize("loops", LOOPS)
@pytest.mark.parametrize(
    ("candidates", "k", "levels"), [(1500, 10, 1000), (1500, 16, 3), (900, 70, 1000), (200, 100, 2)]
)
def test_many_candidates_and_long_lists(loops, candidates, k, levels):
    """Beyond what is screened in one go, what is sorted by counting, and what one vector bounds."""
    rng = np.random.default_rng(21)
    batch, truth = make_batch(rng, 3, candidates, 4, 2000, levels), make_truth(rng, 3, 2000)
    ends = rng.dirichlet(np.full(4, 0.3), 2)
    near = ends[0] + np.linspace(0, 1, 6)[:, None] * (ends[1] - ends[0])
    weights = np.vstack([np.eye(4), near, near[::2]])
    assert np.array_equal(judge([batch], truth, k, loops).lists(weights), expected(batch, weights, k))


@pytest.mark.parametrize("loops", LOOPS)
@pytest.mark.parametrize("signals", [1, 12, 13, 32])
@pytest.mark.parametrize(("candidates", "k"), [(30, 10), (30, 16), (30, 17), (400, 10), (400, 16), (400, 17)])
def test_few_and_many_signals_beside_requests_without_candidates(loops, signals, candidates, k):
    """With and without code of its own for the number of signals, all blocks looked at and only some."""
    rng = np.random.default_rng(24)
    batch, truth = make_batch(rng, 5, candidates, signals, 500, levels=50), make_truth(rng, 5, 500)
    mask = batch.mask.copy()
    mask[[1, 4]] = False
    mask[2, 3:] = False
    batch = replace(batch, mask=mask)
    weights = rng.dirichlet(np.full(signals, 0.5), 6)
    found = judge([batch], truth, k, loops).lists(weights)
    assert np.array_equal(found, expected(batch, weights, k))
    assert (found[:, [1, 4]] == -1).all()


@pytest.mark.parametrize("loops", LOOPS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_terms_that_are_not_finite_have_a_place_too(loops, seed):
    """What a kind computes may be anything: NaN is as bad as can be, infinite is as good."""
    rng = np.random.default_rng(seed)
    batch, truth = make_batch(rng, 4, 40, 3, items=60), make_truth(rng, 4, 60)
    values = batch.values.copy()
    for bad in (np.nan, np.inf, -np.inf):
        values[rng.random(values.shape) < 0.1] = bad
    weights = rng.dirichlet(np.ones(3), 5)
    weights[rng.random(weights.shape) < 0.2] = 0
    broken = replace(batch, values=values)
    plain_values = np.clip(np.nan_to_num(values, nan=-1e30, posinf=1e30, neginf=-1e30), -1e30, 1e30)
    wanted = expected(replace(batch, values=plain_values.astype(np.float32)), weights, 8)
    assert np.array_equal(judge([broken], truth, 8, loops).lists(weights), wanted)
    assert np.array_equal(rank_weighted(values, batch.mask, weights.astype(np.float32), 8), wanted)


@pytest.mark.parametrize("loops", LOOPS)
def test_candidates_that_are_all_alike_are_listed_in_their_order(loops):
    rng = np.random.default_rng(22)
    batch, truth = make_batch(rng, 5, 120, 3, 200), make_truth(rng, 5, 200)
    alike = replace(batch, values=np.full_like(batch.values, 0.25))
    weights = rng.dirichlet(np.ones(3), 4)
    assert np.array_equal(judge([alike], truth, 9, loops).lists(weights), expected(alike, weights, 9))


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf, 1e7])
def test_weights_that_break_their_kinds_promise_are_an_error(bad):
    class Broken(Weighted):
        def weights(self, theta):
            return np.full(theta.shape, bad, np.float32)

    rng = np.random.default_rng(23)
    with pytest.raises(PluginError, match=r"policy kind .*Broken gave weights below 0 or not finite"):
        judge([make_batch(rng, 3, 5, 2, 10)], make_truth(rng, 3, 10), 2, kind=Broken()).lists(np.ones((1, 2)))


def test_machines_without_wide_vectors_list_the_same():
    pytest.importorskip("numba")
    code = (
        "import numpy as np\n"
        "from paretorec.judge import kernel, reference\n"
        "rng = np.random.default_rng(0)\n"
        "terms = rng.integers(0, 9, (6, 200, 3)).astype(np.float32)\n"
        "mask = np.arange(200) < rng.integers(0, 201, (6, 1))\n"
        "weights = rng.dirichlet(np.ones(3), 5).astype(np.float32)[None]\n"
        "more = (weights, np.zeros(6, int), np.array([0, 0, 1, 2, 3]), 7)\n"
        "ours, plain = (loops.pack(terms, mask, 7) for loops in (kernel, reference))\n"
        "print(np.array_equal(ours.places(kernel.rank(ours, *more)), plain.places(reference.rank(plain, *more))))"
    )
    plain = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr


def test_neither_threads_nor_batches_nor_company_change_a_list():
    rng = np.random.default_rng(7)
    batch, truth = make_batch(rng, 500, 30, 5, items=60), make_truth(rng, 500, 60)
    weights = rng.dirichlet(np.ones(5), 12)
    whole = judge([batch], truth, 6, threads=1).lists(weights)
    cut = [
        SignalBatch(batch.names, *(x[start : start + 32] for x in (batch.values, batch.mask, batch.items)))
        for start in range(0, 500, 32)
    ]
    assert np.array_equal(judge(cut, truth, 6, threads=4).lists(weights), whole)
    assert np.array_equal(judge([batch], truth, 6).lists(weights[7:8])[0], whole[7])


def test_as_many_requests_as_the_truth_has():
    rng = np.random.default_rng(8)
    with pytest.raises(ConfigError, match="signals of 3 requests and the truth of 4"):
        judge([make_batch(rng, 3, 5, 2, items=10)], make_truth(rng, 4, 10), 2)


def test_weights_are_used_as_float32():
    terms = np.array([[[0.1, 0.2], [0.2, 0.1]]], np.float32)
    mask = np.ones((1, 2), bool)
    # As float64 the second weight is larger; as float32 both are equal, and ties go to the earlier.
    assert rank_weighted(terms, mask, np.array([[0.5 + 1e-12, 0.5]]).astype(np.float32), 2).tolist() == [[[0, 1]]]
