"""Candidates: the union of every proposer's best, exactly as wide as asked, and nothing that may not be shown."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paretorec.candidates import best, locate, recall, union
from paretorec.contracts import Requests

SCORES = hnp.arrays(np.float32, (3, 12), elements=st.floats(0, 8, width=32))
AVAILABLE = hnp.arrays(bool, (3, 12))


def propose(scores, available, size, shares):
    """As a bundle does."""
    size = min(size, available.shape[1])
    return union({name: best(score, available, size) for name, score in scores.items()}, len(available), size, shares)


@given(a=SCORES, b=SCORES, available=AVAILABLE, size=st.integers(1, 15))
def test_candidates_are_available_distinct_and_proposed(a, b, available, size):
    items = propose({"a": a, "b": b}, available, size, {})
    assert items.shape == (3, min(size, 12))
    for row in range(3):
        chosen = items[row][items[row] >= 0]
        assert len(set(chosen)) == len(chosen)
        assert available[row, chosen].all()
        above_floor = (a[row] > a[row].min()) | (b[row] > b[row].min())
        assert above_floor[chosen].all()
        assert len(chosen) == min(size, 12, int((available[row] & above_floor).sum()))


@given(score=SCORES, size=st.integers(1, 12))
def test_one_proposer_gives_its_best(score, size):
    items = propose({"only": score}, np.ones(score.shape, bool), size, {})
    for row in range(3):
        chosen = items[row][items[row] >= 0]
        left_out = np.setdiff1d(np.flatnonzero(score[row] > score[row].min()), chosen)
        assert len(chosen) == 0 or len(left_out) == 0 or score[row, chosen].min() >= score[row, left_out].max()


def test_a_share_decides_how_deep_a_proposer_is_read():
    up, down = np.arange(20, dtype=np.float32)[None], np.arange(20, dtype=np.float32)[None, ::-1]
    available = np.ones((1, 20), bool)
    even = propose({"up": up, "down": down}, available, 8, {})[0]
    assert (even >= 10).sum() == 4
    mostly_up = propose({"up": up, "down": down}, available, 8, {"up": 3.0, "down": 1.0})[0]
    assert (mostly_up >= 10).sum() == 6
    none_down = propose({"up": up, "down": down}, available, 8, {"down": 0.0})[0]
    assert (none_down >= 10).all()


def test_locate_and_recall_agree_with_a_loop():
    rng = np.random.default_rng(0)
    items = np.stack([rng.choice(30, 8, replace=False) for _ in range(5)]).astype(np.int32)
    length = [3, 0, 2, 4, 1]
    offsets = np.concatenate([[0], np.cumsum(length)])
    targets = rng.integers(0, 30, offsets[-1]).astype(np.int32)
    amount = rng.random(offsets[-1]).astype(np.float32)
    requests = Requests(np.arange(5, dtype=np.int32), np.zeros(5, np.int64), offsets, targets, {"sales": amount})
    found = [int(t) in items[r] for r, t in zip(requests.target_rows, targets, strict=True)]
    where = locate(items, requests.target_rows, targets)
    assert [w >= 0 for w in where] == found
    assert all(items[r, w] == t for r, w, t in zip(requests.target_rows, where, targets, strict=True) if w >= 0)
    share = recall(items, requests, {"sales": amount})
    assert share["count"] == np.mean(found)
    assert np.isclose(share["sales"], amount[np.array(found)].sum() / amount.sum())
