"""Values and their errors: every family of metrics against plain Python, from compiled loops and from numpy."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from judge_cases import ByFirstSignal, Weighted, make_batch, make_truth

from paretorec.contracts import Exposure, Gain, Ratio, SignalBatch, Vector
from paretorec.judge import Judge

_SPEC = importlib.util.spec_from_file_location("plain_lists", Path(__file__).parents[1] / "oracles" / "plain_lists.py")
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

LOOPS = [
    "numpy",
    pytest.param(
        "numba", marks=pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
    ),
]
R, C, K, N, LENGTH, DIMS, FEW = 150, 20, 3, 50, 5, 7, 9


def first_hit(gains, z):
    """Reciprocal rank."""
    hit = gains > 0
    return np.where(hit.any(axis=1), 1 / (1 + hit.argmax(axis=1)), 0.0) / z


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(11)
    batch, truth = make_batch(rng, R, C, K, items=N), make_truth(rng, R, N, users=30)
    total = len(truth.requests.target_items)
    vectors = rng.normal(size=(N, DIMS)).astype(np.float32)
    vectors[rng.random(vectors.shape) < 0.4] = 0
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    z = rng.uniform(0.5, 2, R) * (rng.random(R) > 0.2)
    metrics = {
        "ndcg": Gain(rng.uniform(size=total), None, z, 1 / np.log2(np.arange(LENGTH) + 2)),
        "sales": Gain(rng.uniform(size=total), rng.uniform(size=N)),
        "exposure": Exposure(lambda counts: float(counts[:FEW].sum() / counts.sum())),
        "conversion": Ratio(Gain(rng.uniform(size=total)), Gain(np.ones(total), np.full(N, 0.25))),
        "diversity": Vector(vectors),
        "mrr": Gain(np.ones(total), None, z, reduce=first_hit),
    }
    return batch, truth, metrics, rng.dirichlet(np.ones(K), 9)


def plain_parts(batch, truth, metrics, weights):
    """name -> (numerators, denominators) [P][R]."""
    requests = truth.requests
    out = {name: ([], []) for name in metrics if name != "exposure"}
    for weight in weights.astype(np.float32):
        rows = {name: ([], []) for name in out}
        for r in range(R):
            places = plain.ranked(batch.values[r], batch.mask[r], weight, LENGTH)
            items = batch.items[r, places].tolist()
            span = slice(requests.offsets[r], requests.offsets[r + 1])

            def value(gain, items=items, span=span, r=r):
                found = requests.target_items[span].tolist()
                targets = {} if gain.target is None else dict(zip(found, gain.target[span], strict=True))
                worth = {} if gain.item is None else dict(enumerate(gain.item))
                z = 1.0 if gain.z is None else gain.z[r]
                if gain.reduce is not None:
                    gains = [targets.get(item, 0.0) for item in items]
                    hits = [place for place, g in enumerate(gains) if g > 0]
                    return 1 / (1 + hits[0]) / z if hits and z else 0.0
                discounts = [1.0] * LENGTH if gain.discount is None else gain.discount
                return plain.discounted(items, targets, worth, discounts, z)

            for name, metric in metrics.items():
                if isinstance(metric, Gain):
                    pair = value(metric), 1.0
                elif isinstance(metric, Ratio):
                    pair = value(metric.numerator), value(metric.denominator)
                elif isinstance(metric, Vector):
                    pair = plain.diversity(metric.vectors[items].astype(float).tolist()), 1.0
                else:
                    continue
                for side, number in zip(rows[name], pair, strict=True):
                    side.append(number)
        for name, sides in rows.items():
            for whole, side in zip(out[name], sides, strict=True):
                whole.append(side)
    return out


@pytest.mark.parametrize("loops", LOOPS)
def test_parts_values_and_errors_equal_plain_python(world, loops):
    batch, truth, metrics, weights = world
    judge = Judge([batch], Weighted(), metrics, truth, LENGTH, loops=loops)
    assert judge.additive == ("ndcg", "sales", "conversion", "diversity", "mrr")
    wanted = plain_parts(batch, truth, metrics, weights)
    numerator, denominator = judge.parts(weights)
    values, errors = judge.evaluate(weights)
    for at, name in enumerate(judge.additive):
        np.testing.assert_allclose(numerator[:, at], wanted[name][0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(denominator[:, at], wanted[name][1], rtol=0, atol=1e-12)
        for policy in range(len(weights)):
            value, error = plain.clustered(*(side[policy] for side in wanted[name]), truth.requests.user.tolist())
            column = list(metrics).index(name)
            assert values[policy, column] == pytest.approx(value, abs=1e-12)
            assert errors[policy, column] == pytest.approx(error, rel=1e-9)


def test_compiled_loops_give_numpys_gains_to_the_bit(world):
    pytest.importorskip("numba")
    batch, truth, metrics, weights = world
    one, other = (Judge([batch], Weighted(), metrics, truth, LENGTH, loops=loops) for loops in ("numba", "numpy"))
    gains = [at for at, name in enumerate(one.additive) if name != "diversity"]
    for a, b in zip(one.parts(weights), other.parts(weights), strict=True):
        assert np.array_equal(a[:, gains], b[:, gains])


@pytest.mark.parametrize("loops", LOOPS)
def test_exposure_is_of_all_lists_together(world, loops):
    batch, truth, metrics, weights = world
    judge = Judge([batch], Weighted(), metrics, truth, LENGTH, loops=loops)
    lists = judge.lists(weights)
    shares = []
    for policy, values in enumerate(judge.evaluate(weights)[0]):
        shown = [int(batch.items[r, place]) for r in range(R) for place in lists[policy, r] if place >= 0]
        shares.append(sum(item < FEW for item in shown) / len(shown))
        assert values[list(metrics).index("exposure")] == pytest.approx(shares[-1])
    assert len(set(shares)) > 1


def test_half_sampling_knows_how_sure_an_exposure_is():
    """A share of exposures is a mean over users: its known standard error is what half-sampling must give."""
    rng = np.random.default_rng(12)
    users, errors, known = 400, [], []
    for _ in range(12):
        batch, truth = make_batch(rng, users, 6, 1, items=10), make_truth(rng, users, 10, users=users)
        truth.requests.user[:] = np.arange(users)
        batch.mask[:] = True
        share = Exposure(lambda counts: float(counts[:5].sum() / counts.sum()))
        judge = Judge([batch], Weighted(), {"share": share}, truth, 1)
        values, error = judge.evaluate(np.ones((1, 1)))
        errors.append(error[0, 0])
        known.append(np.sqrt(values[0, 0] * (1 - values[0, 0]) / users))
    assert np.mean(errors) == pytest.approx(np.mean(known), rel=0.25)


def test_neither_threads_nor_company_nor_order_change_a_value(world):
    batch, truth, metrics, weights = world
    values, errors = Judge([batch], Weighted(), metrics, truth, LENGTH, threads=1).evaluate(weights)
    shared = Judge([batch], Weighted(), metrics, truth, LENGTH, threads=3)
    assert all(np.array_equal(a, b) for a, b in zip(shared.evaluate(weights), (values, errors), strict=True))
    backwards = shared.evaluate(weights[::-1])
    assert all(np.array_equal(a[::-1], b) for a, b in zip(backwards, (values, errors), strict=True))
    many = np.concatenate([np.random.default_rng(0).dirichlet(np.ones(K), 150), weights])
    assert np.array_equal(shared.evaluate(many)[0][150:], values)


def test_a_kind_that_is_not_linear_is_judged_by_its_lists(world):
    batch, truth, metrics, _ = world
    theta = np.array([[1.0]])
    alone = np.eye(K)[:1]
    values, errors = Judge([batch], ByFirstSignal(), metrics, truth, LENGTH).evaluate(theta)
    again, error = Judge([batch], Weighted(), metrics, truth, LENGTH).evaluate(alone)
    np.testing.assert_allclose(values, again, atol=1e-12)
    np.testing.assert_allclose(errors, error, atol=1e-12)


class LateHits:
    """A third party's evaluator: places of hits, weighed its own way. Arrays and a `reduce`, no code of the kernel."""

    direction, unit = "max", "places"

    def metric(self, truth, k):
        def reduce(gains, z):
            return (np.square(np.arange(1, gains.shape[1] + 1)) * (gains > 0)).sum(axis=1) + 0.5 * z

        return Gain(
            np.ones(len(truth.requests.target_items)), None, 1.0 + np.arange(len(truth.requests)), reduce=reduce
        )


@pytest.mark.parametrize("loops", LOOPS)
def test_a_third_partys_evaluator_needs_no_code_of_the_kernel(world, loops):
    batch, truth, metrics, weights = world
    metric = LateHits().metric(truth, LENGTH)
    judge = Judge([batch], Weighted(), {**metrics, "late": metric}, truth, LENGTH, loops=loops)
    values = judge.parts(weights)[0][:, judge.additive.index("late")]
    requests = truth.requests
    for policy, weight in enumerate(weights.astype(np.float32)):
        for row in range(R):
            places = plain.ranked(batch.values[row], batch.mask[row], weight, LENGTH)
            wanted = requests.target_items[requests.offsets[row] : requests.offsets[row + 1]].tolist()
            hits = [place for place, item in enumerate(batch.items[row, places].tolist(), 1) if item in wanted]
            assert values[policy, row] == sum(place**2 for place in hits) + 0.5 * (1 + row)


def test_exposure_without_half_sampling_has_the_same_value_and_no_error(world):
    batch, truth, metrics, weights = world
    judge = Judge([batch], Weighted(), metrics, truth, LENGTH)
    (with_, errors), (without, fewer) = judge.evaluate(weights), judge.evaluate(weights, halves=False)
    exposed = list(metrics).index("exposure")
    assert np.array_equal(with_, without)
    assert np.isnan(fewer[:, exposed]).all()
    assert np.isfinite(errors[:, exposed]).all()
    assert np.array_equal(np.delete(errors, exposed, axis=1), np.delete(fewer, exposed, axis=1))


def test_a_value_that_is_the_same_for_everybody_is_known_exactly():
    rng = np.random.default_rng(14)
    batch, truth = make_batch(rng, 400, 10, 2, items=20), make_truth(rng, 400, 20, users=400)
    batch.mask[:] = True
    same = {"same": Gain(item=np.full(20, 0.1))}
    value, error = Judge([batch], Weighted(), same, truth, 5).evaluate(np.ones((1, 2)))
    assert value[0, 0] == pytest.approx(0.5, abs=1e-15)
    assert error[0, 0] < 1e-15


def test_no_request_at_all_has_no_value():
    rng = np.random.default_rng(13)
    batch, truth = make_batch(rng, 1, 3, 2, items=10), make_truth(rng, 1, 10)
    none = np.zeros(1, bool)
    empty = SignalBatch(batch.names, batch.values[none], batch.mask[none], batch.items[none])
    judge = Judge([empty], Weighted(), {"hits": Gain()}, replace(truth, requests=truth.requests.take(none)), 2)
    assert judge.parts(np.ones((2, 2)))[0].shape == (2, 1, 0)
    assert np.isnan(judge.evaluate(np.ones((2, 2)))[0]).all()
