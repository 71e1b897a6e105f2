"""Windows, lessons, the network's causality, and the validation metric."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.contracts import DAY, Event, Histories, Requests
from paretorec_plugins.sequence.inputs import START
from paretorec_plugins.sequence.validation import Validation, positive_targets, repeats
from paretorec_plugins.sequence.windows import lesson, window

INDEX = np.arange(101)
"""Item codes are their own indices; 100 stands for everything unknown."""
BASKETS = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), min_size=1, max_size=6)


def histories_of(users):
    """users: list of histories, each a list of baskets; the baskets' positions are their days."""
    items = [item for baskets in users for basket in baskets for item in basket]
    times = [day for baskets in users for day, basket in enumerate(baskets) for _ in basket]
    length = np.array([sum(map(len, baskets)) for baskets in users], np.int64)
    end = np.cumsum(length)
    return Histories(
        items=np.array(items, np.int32),
        times=np.array(times, np.int64) * DAY,
        labels={},
        start=end - length,
        end=end,
        now=np.full(len(users), 99 * DAY, np.int64),
        user=np.arange(len(users), dtype=np.int32),
    )


def pairs_of(learn):
    """For each user: sorted (visible tokens, target) pairs, as the network gets them."""
    width = learn.tokens.shape[1]
    pairs = [[] for _ in learn.tokens]
    for query, target in zip(learn.query[learn.row], learn.target, strict=True):
        user, position = divmod(int(query), width)
        pairs[user].append((tuple(learn.tokens[user, : position + 1].tolist()), int(target)))
    return [sorted(user) for user in pairs]


def plain_pairs(baskets, length, by_basket):
    """The same from the definition, one target at a time."""
    events = [(day, item) for day, basket in enumerate(baskets) for item in basket]
    cut = events[-(length + 1) :]
    pairs = []
    for at, (day, item) in enumerate(cut):
        seen = [other for other_day, other in cut[:at] if not by_basket or other_day < day]
        if seen or len(cut) == len(events):
            pairs.append(((START, *(other + 1 for other in seen)), item))
    return sorted(pairs)


@settings(deadline=None)
@given(st.lists(BASKETS, min_size=1, max_size=5), st.integers(1, 8), st.booleans())
def test_lessons_are_what_the_definition_says(users, length, by_basket):
    learn = lesson(histories_of(users), INDEX, length, 1000 if by_basket else None)
    assert pairs_of(learn) == [plain_pairs(baskets, length, by_basket) for baskets in users]
    assert (np.diff(learn.query) > 0).all()
    assert (np.diff(learn.row) >= 0).all()
    assert learn.tokens.shape[1] <= length + 1


def test_items_of_one_basket_share_a_query():
    histories = histories_of([[[1, 2], [3, 4, 5]]])
    drifting = replace(histories, times=histories.times + 600 * np.arange(5))  # lines written one after the other
    for basket_ms, same in ((0, histories), (600, drifting)):
        learn = lesson(same, INDEX, 10, basket_ms)
        assert learn.query.tolist() == [0, 2]
        assert learn.row.tolist() == [0, 0, 1, 1, 1]
    assert len(lesson(drifting, INDEX, 10, 599).query) == 5


@given(st.lists(BASKETS | st.just([]), max_size=5), st.integers(1, 8))
def test_windows_hold_the_newest_items_behind_the_start(users, length):
    histories = histories_of(users)
    seen = window(histories, INDEX, length, length + 1)
    assert seen.tokens.shape == (len(users), length + 1)
    for user, baskets in enumerate(users):
        newest = [item for basket in baskets for item in basket][-length:]
        assert seen.last[user] == len(newest)
        assert seen.tokens[user, : len(newest) + 1].tolist() == [START, *(item + 1 for item in newest)]


def test_items_that_came_after_the_fit_are_the_unknown_one():
    seen = window(histories_of([[[5, 300]]]), INDEX, 4)
    assert seen.tokens[0].tolist() == [START, 6, 101]


def requests_of(targets, labels=None):
    counts = [len(items) for items in targets]
    flat = np.array([item for items in targets for item in items], np.int32)
    return Requests(
        user=np.arange(len(targets), dtype=np.int32),
        time=np.full(len(targets), 99 * DAY, np.int64),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        target_items=flat,
        target_labels={"buy": np.ones(len(flat), np.float32) if labels is None else np.array(labels, np.float32)},
    )


def plain_ndcg(scores, targets, seen):
    """From the definition; users without targets do not count."""
    total, users = 0.0, 0
    for row, wanted, had in zip(scores, targets, seen, strict=True):
        if not wanted:
            continue
        users += 1
        order = sorted((item for item in range(len(row)) if item not in had), key=lambda item: -row[item])[:10]
        gain = sum(1 / math.log2(rank + 2) for rank, item in enumerate(order) if item in wanted)
        total += gain / sum(1 / math.log2(rank + 2) for rank in range(min(len(wanted), 10)))
    return total / users


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 25), st.booleans())
def test_ndcg_is_that_of_the_definition(seed, items, exclude):
    rng = np.random.default_rng(seed)
    users = 300 if seed % 7 == 0 else 5
    had = [[[int(item)] for item in rng.integers(0, items, rng.integers(0, 4))] for _ in range(users)]
    targets = [rng.choice(items, rng.integers(0, min(items, 4) + 1), replace=False).tolist() for _ in range(users)]
    targets[0] = [0]
    vectors = rng.standard_normal((items, 6)).astype(np.float32)
    encoded = rng.standard_normal((users, 6)).astype(np.float32)
    requests = requests_of(targets)
    validation = Validation(requests, histories_of(had), np.ones(len(requests.target_items), bool), exclude)
    value = validation.ndcg(lambda histories: encoded[histories.user], vectors)
    seen = [{item for basket in user for item in basket} if exclude else set() for user in had]
    assert value == pytest.approx(plain_ndcg(encoded @ vectors.T, targets, seen), abs=1e-9)


def test_targets_count_when_a_history_event_happened():
    requests = requests_of([[1, 2], [3]], labels=[1, 0, np.nan])
    assert positive_targets(requests, (Event("buy"),)).tolist() == [True, False, False]
    assert not positive_targets(requests, (Event("buy", history=False),)).any()
    assert len(Validation(requests, histories_of([[], []]), np.array([True, False, False]), False)) == 1


def test_repeats_are_a_share_of_events():
    assert repeats(histories_of([[[1], [2], [1], [1]], [[1]]])) == pytest.approx(2 / 5)
    assert repeats(histories_of([[]])) == 0
