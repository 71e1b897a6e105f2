"""Laws of dominance, hypervolume, crowding and thinning, against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretorec.search.paired import PairedErrors
from paretorec.search.pareto import covered, crowding, dominated, hypervolume, nondominated
from paretorec.search.thin import thin

FEW, MANY = st.integers(1, 4), st.integers(0, 40)


def fronts(objectives=FEW, rows=MANY):
    """Few distinct values, so that ties, repeats and chains of dominance are common."""
    grid = st.integers(-3, 3).map(float)
    return st.tuples(rows, objectives).flatmap(lambda shape: arrays(np.float64, shape, elements=grid))


def beats(a, b):
    return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))


@given(fronts())
def test_nondominated_is_what_a_plain_loop_finds(values):
    plain = [not any(beats(other, row) for other in values) for row in values]
    assert nondominated(values).tolist() == plain


@given(fronts(), st.data())
def test_dominated_and_covered_are_what_plain_loops_find(values, data):
    by = data.draw(fronts(objectives=st.just(values.shape[1])))
    assert dominated(values, by).tolist() == [any(beats(b, row) for b in by) for row in values]
    assert covered(values, by).tolist() == [any((b <= row).all() for b in by) for row in values]


def test_blocks_change_nothing():
    values = np.random.default_rng(0).integers(0, 60, (3000, 3)).astype(float)
    front = values[nondominated(values)]
    assert not nondominated(np.vstack([values, front - 1]))[: len(values)].any()
    outside = values[~nondominated(values)]
    assert dominated(outside, front).all()
    assert not dominated(front, values).any()


def test_what_could_not_be_judged_is_never_on_the_front():
    values = np.array([[np.nan, 0.0], [1.0, 1.0], [-np.inf, 5.0], [np.inf, -9.0], [2.0, 0.5]])
    assert nondominated(values).tolist() == [False, True, False, False, True]


def test_values_of_very_different_size_do_not_hide_dominance():
    values = np.array([[1e16, 1.0], [1e16, 0.0], [1e16 + 2, 0.0]])
    assert nondominated(values).tolist() == [False, True, False]


def staircase(values, reference):
    """Exact area below two objectives: sweep the first, keep the best second so far."""
    area, height = 0.0, reference[1]
    for x, y in sorted(map(tuple, values)):
        if x < reference[0] and y < height:
            area += (reference[0] - x) * (height - y)
            height = y
    return area


@given(fronts(objectives=st.just(2)))
def test_hypervolume_of_two_objectives_is_the_staircase(values):
    assert hypervolume(values, np.array([2.0, 1.0])) == pytest.approx(staircase(values, (2.0, 1.0)), abs=1e-12)


def cells(values, reference):
    """Exact volume of points on the integer grid: count the unit cells that some point dominates."""
    low = -3
    sides = [range(low, int(r)) for r in reference]
    return sum(
        any((row <= cell).all() for row in values)
        for cell in np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(-1, len(reference))
    )


@given(fronts(objectives=st.integers(1, 3), rows=st.integers(0, 8)))
def test_hypervolume_counts_the_cells_that_are_dominated(values):
    reference = np.full(values.shape[1], 2.0)
    assert hypervolume(values, reference) == pytest.approx(cells(values, reference), abs=1e-9)


def test_hypervolume_ignores_what_could_not_be_judged():
    assert hypervolume(np.array([[np.nan, 0.0], [0.5, 0.5], [-np.inf, 0.9]]), np.ones(2)) == pytest.approx(0.25)


def test_crowding_is_the_gap_between_neighbours_in_each_objective():
    values = np.array([[0.0, 8.0], [1.0, 4.0], [3.0, 2.0], [4.0, 0.0]])
    assert crowding(values).tolist() == [math.inf, 3 / 4 + 6 / 8, 3 / 4 + 4 / 8, math.inf]


@given(fronts(rows=st.integers(1, 20)), st.floats(0.5, 4))
def test_crowding_does_not_depend_on_units(values, unit):
    np.testing.assert_allclose(crowding(values * unit - 7), crowding(values), rtol=1e-9)


noise = st.sampled_from([0.0, 0.1, 0.5, 1.0])


@given(fronts(rows=st.integers(1, 30)), st.integers(1, 12), noise)
def test_thinned_points_are_on_the_front_and_pairwise_told_apart(values, limit, size):
    errors = np.full_like(values, size)
    kept = thin(values, errors, limit)
    assert 1 <= len(kept) <= limit
    assert nondominated(values)[kept].all()
    assert np.all(np.diff(kept) > 0)
    for i in kept:
        for j in kept[kept > i]:
            assert (np.abs(values[i] - values[j]) > 1.96 * np.hypot(errors[i], errors[j])).any()


@given(fronts(rows=st.integers(1, 30)), noise)
def test_what_is_left_out_cannot_be_told_from_something_kept(values, size):
    errors = np.full_like(values, size)
    kept = thin(values, errors, len(values))
    for i in np.flatnonzero(nondominated(values)):
        told = (np.abs(values[kept] - values[i]) > 1.96 * np.hypot(errors[kept], errors[i])).any(axis=1)
        assert i in kept or not told.all()


@given(fronts(rows=st.integers(1, 30)))
def test_the_best_of_each_objective_stays_when_all_can_be_told_apart(values):
    kept = thin(values, np.zeros_like(values), values.shape[1])
    assert (values[kept].min(axis=0) == values.min(axis=0)).all()


def test_thinning_spreads_over_the_front():
    angle = np.linspace(0, np.pi / 2, 901)
    values = 1 - np.stack([np.cos(angle), np.sin(angle)], 1)
    kept = thin(values * [1.0, 1000.0], np.zeros_like(values), 5)
    assert angle[kept] == pytest.approx(np.linspace(0, np.pi / 2, 5), abs=0.02)


def test_paired_errors_keep_what_independent_ones_cannot_tell_apart():
    rng = np.random.default_rng(1)
    taste = rng.normal(0, 5, (1, 2, 400))
    worse = rng.normal(0.1, 0.05, (2, 400))
    numerator = taste + np.array(
        [[np.zeros(400), worse[0]], [worse[1], np.zeros(400)]]
    )  # each the better one in one objective
    denominator = np.ones_like(numerator)
    users = np.arange(400)
    values = numerator.mean(axis=2)
    errors = numerator.std(axis=2, ddof=1) / 20
    assert len(thin(values, errors, 5)) == 1
    assert len(thin(values, PairedErrors(numerator, denominator, users), 5)) == 2


def test_paired_errors_of_means_are_those_of_the_paired_t_test():
    rng = np.random.default_rng(2)
    numerator = rng.normal(size=(3, 2, 50))
    errors = PairedErrors(numerator, np.ones_like(numerator), np.arange(50))(0, np.array([1, 2]))
    plain = (numerator[1:] - numerator[0]).std(axis=2, ddof=1) / math.sqrt(50)
    np.testing.assert_allclose(errors, plain)


def test_paired_errors_of_ratios_are_those_of_a_bootstrap_over_users():
    rng = np.random.default_rng(3)
    users = rng.integers(0, 200, 600)
    shown = rng.integers(1, 9, (2, 1, 600)).astype(float)
    liking = rng.random(200)[users]
    hits = rng.binomial(shown.astype(int), np.clip(liking * [[[0.8]], [[0.9]]], 0, 1)).astype(float)
    error = PairedErrors(hits, shown, users)(0, np.array([1]))[0, 0]
    by_user = np.stack([np.bincount(users, part[p, 0], 200) for part in (hits, shown) for p in (0, 1)])
    weights = rng.multinomial(200, np.full(200, 1 / 200), 4000).astype(float)
    a, b, n, m = (weights @ row for row in by_user)
    assert error == pytest.approx(np.std(a / n - b / m), rel=0.06)


def test_requests_of_one_user_are_one_observation():
    rng = np.random.default_rng(4)
    numerator = rng.normal(size=(2, 1, 80))
    once = PairedErrors(numerator, np.ones_like(numerator), np.arange(80))(0, np.array([1]))
    twice = np.repeat(numerator, 2, axis=2)
    both = PairedErrors(twice, np.ones_like(twice), np.repeat(np.arange(80), 2))(0, np.array([1]))
    np.testing.assert_allclose(once, both)


def test_objectives_without_parts_fall_back_on_independent_errors():
    rng = np.random.default_rng(5)
    numerator = rng.normal(size=(3, 2, 50))
    alone = PairedErrors(numerator, np.ones_like(numerator), np.arange(50))
    errors = np.full((3, 3), 0.3)
    mixed = PairedErrors(numerator, np.ones_like(numerator), np.arange(50), errors, columns=[0, 2])
    others = np.array([1, 2])
    np.testing.assert_array_equal(mixed(0, others)[:, [0, 2]], alone(0, others))
    np.testing.assert_allclose(mixed(0, others)[:, 1], 0.3 * math.sqrt(2))


def test_half_of_a_thinned_front_is_where_it_is_wanted():
    x = np.linspace(0, 1, 201)
    front = np.column_stack([x, (1 - x) ** 2])
    wanted = x < 0.1
    kept = thin(front, np.zeros_like(front), 10, among=wanted)
    assert len(kept) == 10
    # the best of each objective, three more where it is wanted, and the rest over the whole front
    assert wanted[kept].sum() == 4
    assert thin(front, np.zeros_like(front), 10).tolist() != kept.tolist()
    nowhere = thin(front, np.zeros_like(front), 10, among=np.zeros(201, bool))
    assert nowhere.tolist() == thin(front, np.zeros_like(front), 10).tolist()
