"""A front looks better than it is where it was chosen; the estimate says by how much."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from paretorec.search.optimism import contenders, estimate_optimism
from paretorec.search.pareto import hypervolume, nondominated
from paretorec.search.shown import shown
from paretorec.search.wish import Wish

_PATH = Path(__file__).parents[1] / "oracles" / "plain_optimism.py"
_SPEC = importlib.util.spec_from_file_location("plain_optimism", _PATH)
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

LEAST = -np.ones(2)
"""Less is better in both objectives."""


def everything(values, errors):
    return np.flatnonzero(nondominated(values))


def make_world(seed, policies=40, users=200, noise=0.8):
    """(numerator [P, 2, R], users [R], true values [P, 2]): policies along a curve, judged with noise."""
    rng = np.random.default_rng(seed)
    place = np.linspace(0, 1, policies)
    true = np.stack([place**2, (1 - place) ** 2], axis=1)
    user = np.repeat(np.arange(users), 2)
    moved = rng.normal(size=(policies, 2, users)) + rng.normal(size=(1, 2, users))
    return true[..., None] + noise * moved[..., user] + noise * rng.normal(size=(policies, 2, len(user))), user, true


def estimated(world, choose=everything, **more):
    numerator, user, true = make_world(world)
    values = numerator.mean(axis=2)
    reference = np.array([1.5, 1.5])
    found = estimate_optimism(
        numerator, np.ones_like(numerator), user, values, [0, 1], LEAST, reference, choose, **{"resamples": 40, **more}
    )
    return found, values, true, reference


def test_it_is_that_of_a_plain_bootstrap():
    found, values, _, reference = estimated(3, seed=7)
    numerator, user, _ = make_world(3)
    sums = np.stack([numerator[..., user == one].sum(axis=2) for one in np.unique(user)], axis=2)
    rng = np.random.default_rng([7, 4])
    draws = [rng.multinomial(200, np.full(200, 1 / 200)).tolist() for _ in range(40)]
    look, expected = plain.optimism(sums.tolist(), [2.0] * 200, reference.tolist(), draws)
    assert found.select == pytest.approx(look)
    assert found.select == pytest.approx(hypervolume(values, reference))
    assert found.expected == pytest.approx(expected)


def test_what_is_expected_is_nearer_to_what_is():
    """60 worlds: the front's true hypervolume, and the true value of the policy that looks best."""
    raw, corrected, best, best_corrected = [], [], [], []
    for seed in range(60):
        found, values, true, reference = estimated(seed)
        real = true[nondominated(values)]
        is_ = hypervolume(real, reference)
        raw.append(found.select / is_ - 1)
        corrected.append(found.expected / is_ - 1)
        at = values.argmin(axis=0), [0, 1]
        best.append(found.best - true[at])
        best_corrected.append(found.best_expected - true[at])
    assert np.mean(raw) > 0.05, "many policies and noise: the front looks too large"
    assert abs(np.mean(corrected)) < 0.1 * np.mean(raw)
    assert np.square(corrected).mean() < np.square(raw).mean()
    assert np.mean(best) < 0
    assert abs(np.mean(best_corrected)) < 0.15 * abs(np.mean(best))


def test_few_policies_far_apart_leave_nothing_to_correct():
    """Nobody changes places with anybody, so that the factor for policies that are nearly equal does no harm."""
    gaps = []
    for seed in range(40):
        numerator, user, true = make_world(seed, policies=4, noise=0.1)
        values = numerator.mean(axis=2)
        reference = np.full(2, 1.5)
        found = estimate_optimism(
            numerator, np.ones_like(numerator), user, values, [0, 1], LEAST, reference, everything, resamples=40
        )
        gaps.append(1 - found.expected / hypervolume(true[everything(values, None)], reference))
    assert abs(np.mean(gaps)) < 0.005


def test_without_a_choice_there_is_no_optimism():
    def always(values, errors):
        return np.array([5])

    found = [estimated(seed, always, resamples=200)[0] for seed in range(5)]
    assert all(abs(one.expected / one.select - 1) < 0.01 for one in found)


def test_it_repeats_and_depends_on_the_seed():
    assert estimated(0, seed=1)[0].expected == estimated(0, seed=1)[0].expected
    assert estimated(0, seed=1)[0].expected != estimated(0, seed=2)[0].expected


def test_objectives_without_parts_stay_where_they_are():
    numerator, user, _ = make_world(0)
    fixed = np.linspace(0, 1, 40)
    judged = np.column_stack([numerator.mean(axis=2), fixed])
    seen = []

    def choose(values, errors):
        seen.append(values[:, 2].copy())
        assert np.isinf(errors(0, np.arange(40))[:, 2]).all()
        return np.flatnonzero(nondominated(values))

    ones = np.ones_like(numerator)
    found = estimate_optimism(numerator, ones, user, judged, [0, 1], LEAST, np.full(3, 1.5), choose, resamples=5)
    assert all((one == fixed).all() for one in seen)
    told = found.to_json(("a", "b", "c"), np.array([-1.0, -1.0, 1.0]))
    assert set(told["best"]) == {"a", "b", "c"}
    assert told["best"]["a"]["select"] == found.best[0]
    assert told["best"]["c"]["select"] == -found.best[2]


def test_contenders_are_the_front_and_what_stands_behind_it():
    values = np.array([[0, 1], [1, 0], [1, 2], [2, 1], [3, 3], [np.nan, 0]], dtype=float)
    assert contenders(values, 2).tolist() == [0, 1]
    assert contenders(values, 4).tolist() == [0, 1, 2, 3]
    assert contenders(values, 3).tolist() == [0, 1, 2]
    assert contenders(values, 10).tolist() == [0, 1, 2, 3, 4]
    assert contenders(values[:0], 10).tolist() == []


def test_half_of_what_is_shown_meets_the_wish_by_a_margin():
    place = np.linspace(0, 1, 101)
    values = np.stack([-(place**0.5), -((1 - place) ** 0.5)], axis=1)
    wish = Wish.of(("a", "b"), np.array([-0.5, -0.5]), np.zeros(2), "a", {"b": "-2%"})

    def errors(row, others):
        return np.full((len(others), 2), 1e-6)

    unsure = np.full(values.shape, 0.05)
    rows = shown(values, errors, unsure, 20, wish)
    kept = wish.scalar(values[rows] + 2.7 * unsure[rows]) < 0
    assert len(rows) == 20
    assert 8 <= kept.sum() <= 12 < 20 * kept.size
    assert (wish.scalar(values) < 0).mean() < 0.8


def test_what_cannot_be_told_is_none():
    numerator, user, _ = make_world(0)
    ones = np.ones_like(numerator)
    values = numerator.mean(axis=2)
    found = estimate_optimism(
        numerator, ones, user, values, [0, 1], LEAST, np.full(2, 1.5), everything, resamples=2
    ).to_json(("a", "b"), LEAST)
    assert found["hypervolume"]["expected"] is None
    assert found["best"]["a"]["expected"] is None
    assert found["hypervolume"]["select"] > 0
