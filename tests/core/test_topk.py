"""The k best of a catalogue: those of a plain sort, whatever is masked, whoever else asks, with and without numba."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.errors import ConfigError, DataError
from paretorec.topk import Excluded, top_k

LOOPS = [
    "numpy",
    pytest.param(
        "numba", marks=pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")
    ),
]


def whole(rng, *shape):
    """Vectors of small whole numbers: products are exact, and many scores equal."""
    return rng.integers(-2, 3, shape).astype(np.float32)


def expected(users, items, k, allowed, excluded):
    """A stable sort of all scores, one user after the other."""
    codes, scores = np.full((len(users), k), -1), np.full((len(users), k), -np.inf)
    for row in range(len(users)):
        score = items.astype(np.float64) @ users[row].astype(np.float64)
        may = np.ones(len(items), bool) if allowed is None else np.broadcast_to(allowed, (len(users), len(items)))[row]
        banned = set() if excluded is None else set(excluded.items[slice(*excluded.offsets[row : row + 2])])
        usable = [code for code in range(len(items)) if may[code] and code not in banned and score[code] > -np.inf]
        best = sorted(usable, key=lambda code: (-score[code], code))[:k]
        codes[row, : len(best)], scores[row, : len(best)] = best, score[best]
    return codes, scores


@st.composite
def tasks(draw):
    """(users, items, k, allowed, excluded): one user or many, one item or more than a block, every mask."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, size = draw(st.integers(0, 70)), draw(st.sampled_from([1, 7, 127, 128, 1023, 1024, 1300]))
    users, items = whole(rng, count, 5), whole(rng, size, 5)
    share = draw(st.sampled_from([0.0, 0.02, 0.9]))
    mask = draw(st.sampled_from([None, "all alike", "each"]))
    allowed = None if mask is None else rng.random(size if mask == "all alike" else (count, size)) < share
    excluded = None
    if draw(st.booleans()):
        offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 9, count))])
        excluded = Excluded(offsets, rng.integers(0, size, offsets[-1]).astype(np.int32))
    return users, items, draw(st.sampled_from([1, 3, 10, 40])), allowed, excluded


@pytest.mark.parametrize("loops", LOOPS)
@settings(max_examples=60, deadline=None)
@given(task=tasks())
def test_it_is_a_stable_sort(loops, task):
    users, items, k, allowed, excluded = task
    codes, scores = top_k(users, items, k, allowed=allowed, excluded=excluded, loops=loops)
    wanted = expected(*task)
    np.testing.assert_array_equal(codes, wanted[0])
    np.testing.assert_array_equal(scores, wanted[1])
    assert (codes.dtype, scores.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize("loops", LOOPS)
@pytest.mark.parametrize("width", [3, 64])
def test_a_users_list_is_the_same_alone_in_a_crowd_and_by_threads(loops, width):
    rng = np.random.default_rng(1)
    users = rng.normal(size=(600, width)).astype(np.float32)
    items = rng.normal(size=(2100, width)).astype(np.float32)
    codes, scores = top_k(users, items, 12, loops=loops)
    for rows in ([0], [5, 5, 599], range(100, 140), range(255, 600)):
        for mine, theirs in zip(top_k(users[list(rows)], items, 12, loops=loops), (codes, scores), strict=True):
            np.testing.assert_array_equal(mine, theirs[list(rows)])
    threaded = top_k(users, items, 12, threads=3, loops=loops)
    np.testing.assert_array_equal(threaded[0], codes)
    np.testing.assert_array_equal(threaded[1], scores)


@pytest.mark.parametrize("loops", LOOPS)
def test_what_is_no_number_is_not_listed(loops):
    items = np.array([[1.0], [np.nan], [3.0], [-np.inf], [np.inf]], np.float32)
    codes, scores = top_k(np.ones((1, 1), np.float32), items, 5, loops=loops)
    assert codes.tolist() == [[4, 2, 0, -1, -1]]
    assert scores.tolist() == [[np.inf, 3.0, 1.0, -np.inf, -np.inf]]


def test_bad_input_is_said():
    users, items = np.zeros((2, 3), np.float32), np.zeros((4, 3), np.float32)
    with pytest.raises(ConfigError, match="k = 0"):
        top_k(users, items, 0)
    with pytest.raises(DataError, match=r"\[2, 3\] and item vectors \[4, 2\]"):
        top_k(users, items[:, :2], 1)
    with pytest.raises(DataError, match="allowed"):
        top_k(users, items, 1, allowed=np.ones(3, bool))
    with pytest.raises(DataError, match="excluded"):
        top_k(users, items, 1, excluded=Excluded(np.zeros(2, np.int64), np.zeros(0, np.int32)))
    for code in (-1, 4):
        with pytest.raises(DataError, match="not between 0 and 3"):
            top_k(users, items, 1, excluded=Excluded(np.array([0, 1, 1]), np.array([code], np.int32)))
