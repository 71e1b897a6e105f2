"""Signals: normalised over the candidates before rules, in an order that leaves no tie open, row by row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paretorec.contracts import CandidateView, Histories, ItemTable
from paretorec.errors import ConfigError
from paretorec.signals import NORMALISERS, build_signals, normalise

NOTHING = np.zeros(0, np.int64)


def view_of(items, mask=None):
    items = np.asarray(items, np.int32)
    rows = np.zeros(len(items), np.int64)
    return CandidateView(
        histories=Histories(NOTHING.astype(np.int32), NOTHING, {}, rows, rows, rows, rows.astype(np.int32)),
        items=items,
        mask=items >= 0 if mask is None else np.asarray(mask),
        table=ItemTable(np.array([f"i{code}" for code in range(20)], object), np.zeros(20, np.int64)),
    )


def one_row(scores, normaliser, mask=None):
    scores = np.array([scores], np.float32)
    return normalise(scores, np.ones(scores.shape, bool) if mask is None else np.array([mask]), normaliser)[0].tolist()


def test_minmax_spans_0_to_1():
    assert one_row([2, 4, 3], "minmax") == [0, 1, 0.5]


def test_zscore_has_mean_0_and_deviation_1():
    out = one_row([2, 4, 3, 7], "zscore")
    assert np.mean(out) == pytest.approx(0, abs=1e-6)
    assert np.std(out) == pytest.approx(1, abs=1e-6)


def test_rank_is_the_share_of_the_others_that_are_worse():
    assert one_row([5, 1, 5, 9, 0], "rank") == [0.625, 0.25, 0.625, 1, 0]


def test_none_changes_nothing():
    assert one_row([5, -1, 0.25], "none") == [5, -1, 0.25]


@pytest.mark.parametrize("normaliser", ["minmax", "zscore", "rank"])
def test_what_says_nothing_is_alike_for_all(normaliser):
    assert len(set(one_row([0.1, 0.1, 0.1], normaliser))) == 1
    assert one_row([7], normaliser) == [0]


@pytest.mark.parametrize("normaliser", sorted(NORMALISERS))
def test_only_candidates_count_and_padding_is_0(normaliser):
    padded = one_row([2, 4, 3, 99, -99], normaliser, [True, True, True, False, False])
    assert padded == [*one_row([2, 4, 3], normaliser), 0, 0]


@pytest.mark.parametrize("normaliser", sorted(NORMALISERS))
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_counts_as_the_lowest(normaliser, odd):
    assert one_row([2, odd, 3], normaliser) == one_row([2, 2, 3], normaliser)
    assert one_row([odd, odd], normaliser) == [one_row([0, 0], normaliser)[0]] * 2


@given(
    arrays(np.float32, (3, 9), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)),
    arrays(bool, (3, 9)),
    st.sampled_from(sorted(NORMALISERS)),
)
def test_signals_are_finite_and_keep_the_order_of_scores(scores, mask, normaliser):
    out = normalise(scores, mask, normaliser)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    for row, values, kept in zip(scores, out, mask, strict=True):
        known = kept & np.isfinite(row)
        order = np.argsort(row[known], kind="stable")
        assert (np.diff(values[known][order]) >= 0).all()
        if normaliser in ("minmax", "rank"):
            assert ((values >= 0) & (values <= 1)).all()


def test_an_unknown_normaliser_is_named():
    with pytest.raises(ConfigError, match=r"'softmax' of signal 'encoder.a' is unknown; choose one of minmax"):
        build_signals(
            view_of([[0]]), {"encoder.a": np.zeros((1, 1))}, {"encoder.a": "softmax"}, np.zeros(20, np.uint64)
        )


def test_rules_take_away_but_do_not_change_what_is_left():
    raw = {"a": np.array([[1.0, 5, 3, 0]]), "b": np.array([[0.0, 1, 0, 1]])}
    view, hashes = view_of([[4, 7, 2, -1]]), np.arange(20, dtype=np.uint64)
    batch, order = build_signals(view, raw, {}, hashes, np.array([[True, False, True, True]]))
    assert batch.names == ("a", "b")
    assert batch.items.tolist() == [[2, 4, 7, -1]]
    assert batch.mask.tolist() == [[True, True, False, False]]
    assert batch.values[0, :2].tolist() == [[0.5, 0], [0, 0]]
    assert order.tolist() == [[2, 0, 1, 3]]


def test_ties_go_by_the_sum_of_the_signals_then_by_the_hash():
    raw = {"a": np.array([[1.0, 0, 1, 0.5, 0.5]]), "b": np.array([[0.0, 1, 1, 0.5, 0]])}
    hashes = np.array([9, 3, 5, 7, 1], np.uint64)
    batch, _ = build_signals(view_of([[0, 1, 2, 3, 4]]), raw, {}, hashes)
    # 2 has both; 0, 1 and 3 add up to 1 and go by hash 3 < 7 < 9; 4 has least.
    assert batch.items.tolist() == [[2, 1, 3, 0, 4]]


@given(st.integers(0, 2**32), st.sampled_from(sorted(NORMALISERS)))
def test_a_row_is_the_same_alone_and_in_whatever_order_candidates_come(seed, normaliser):
    rng = np.random.default_rng(seed)
    items = np.stack([rng.permutation(20)[:12] for _ in range(4)])
    items[rng.random(items.shape) < 0.2] = -1
    raw = {name: rng.integers(0, 4, items.shape).astype(np.float32) for name in ("a", "b", "c")}
    hashes = rng.permutation(20).astype(np.uint64)
    allowed = rng.random(items.shape) < 0.7
    rules = dict.fromkeys(raw, normaliser)
    batch, _ = build_signals(view_of(items), raw, rules, hashes, allowed)
    for row in range(4):
        shuffle = rng.permutation(12) if normaliser != "zscore" else np.arange(12)
        again, order = build_signals(
            view_of(items[row : row + 1, shuffle]),
            {name: scores[row : row + 1, shuffle] for name, scores in raw.items()},
            rules,
            hashes,
            allowed[row : row + 1, shuffle],
        )
        left = int(batch.mask[row].sum())
        assert np.array_equal(again.items[0, :left], batch.items[row, :left])
        assert np.array_equal(again.values[0, :left], batch.values[row, :left])
        assert np.array_equal(again.mask[0], batch.mask[row])
        assert np.array_equal(items[row, shuffle][order[0]], again.items[0])
