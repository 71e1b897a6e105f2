"""Histories and targets, against plain Python over rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.config import DataConfig
from paretorec.contracts import Dataset, Tables
from paretorec.data.catalogue import item_users, restrict_items, take_items
from paretorec.data.features import with_features
from paretorec.data.hashing import hash_ids
from paretorec.data.histories import HistoryIndex
from paretorec.data.labels import merge_labels
from paretorec.data.requests import make_truth, requests_at
from paretorec.data.tables import build_dataset

CONFIG = DataConfig.model_validate(
    {
        "time_unit": "ms",
        "events": {
            "click": {"column": "click"},
            "sales": {"column": "sales", "kind": "amount"},
            "rating": {"column": "rating", "kind": "ordinal"},
        },
        "history": ["click"],
        "timelines": ["sales"],
    }
)

LOGS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 4),
        st.integers(0, 30),
        st.integers(0, 1),
        st.one_of(st.none(), st.integers(0, 5)),
        st.one_of(st.none(), st.integers(1, 5)),
    ),
    min_size=1,
    max_size=40,
)


def dataset(log: list[tuple[object, ...]]) -> Dataset:
    frame = pd.DataFrame(log, columns=["user_id", "item_id", "time", "click", "sales", "rating"])
    return build_dataset(Tables(frame), CONFIG)


@settings(max_examples=60, deadline=None)
@given(LOGS, st.lists(st.tuples(st.integers(-1, 3), st.integers(-2, 40)), max_size=6))
def test_histories_are_the_positive_rows_strictly_before(
    log: list[tuple[object, ...]], asked: list[tuple[int, int]]
) -> None:
    data = dataset(log)
    asked = [(min(user, len(data.user_ids) - 1), now) for user, now in asked]
    user, now = np.array([u for u, _ in asked], np.int32), np.array([t for _, t in asked], np.int64)
    histories = HistoryIndex(data).at(user, now)
    for row, (who, moment) in enumerate(asked):
        own = slice(histories.start[row], histories.end[row])
        expected = [
            i for i in range(len(data)) if data.user[i] == who and data.time[i] < moment and data.labels["click"][i] > 0
        ]
        assert histories.items[own].tolist() == data.item[expected].tolist()
        assert histories.times[own].tolist() == data.time[expected].tolist()
        np.testing.assert_array_equal(histories.labels["sales"][own], data.labels["sales"][expected])


@settings(max_examples=60, deadline=None)
@given(LOGS, st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 40)), min_size=1, max_size=6), st.integers(1, 20))
def test_targets_are_the_rows_within_the_horizon_merged_per_item(
    log: list[tuple[object, ...]], asked: list[tuple[int, int]], horizon: int
) -> None:
    data = dataset(log)
    user = np.array([min(u, len(data.user_ids) - 1) for u, _ in asked], np.int32)
    time = np.array([t for _, t in asked], np.int64)
    requests = requests_at(data, user, time, horizon)
    history = HistoryIndex(data)
    truth = make_truth(data, requests, np.ones(len(data), bool), history)
    assert len(requests) == len(asked)
    for r in range(len(asked)):
        here = [i for i in range(len(data)) if data.user[i] == user[r] and time[r] <= data.time[i] < time[r] + horizon]
        own = slice(requests.offsets[r], requests.offsets[r + 1])
        assert requests.target_items[own].tolist() == sorted({int(data.item[i]) for i in here})
        for t in range(own.start, own.stop):
            same = [i for i in here if data.item[i] == requests.target_items[t]]
            sales = [data.labels["sales"][i] for i in same if not np.isnan(data.labels["sales"][i])]
            ratings = [data.labels["rating"][i] for i in same if not np.isnan(data.labels["rating"][i])]
            assert requests.target_labels["click"][t] == max(data.labels["click"][i] for i in same)
            np.testing.assert_equal(
                requests.target_labels["sales"][t], np.float32(sum(sales)) if sales else np.float32("nan")
            )
            np.testing.assert_equal(requests.target_labels["rating"][t], ratings[-1] if ratings else np.float32("nan"))
            past = history.at(user[r : r + 1], time[r : r + 1])
            assert truth.known[t] == (requests.target_items[t] in past.items[past.start[0] : past.end[0]])


@settings(max_examples=40, deadline=None)
@given(LOGS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_restricting_items_keeps_exactly_their_rows(log: list[tuple[object, ...]], chosen: list[bool]) -> None:
    data = dataset(log)
    keep = np.array(chosen)[: len(data.items)]
    if not keep.any():
        keep[0] = True
    small = restrict_items(data, keep)
    stays = keep[data.item]
    assert small.items.ids.tolist() == data.items.ids[keep].tolist()
    assert small.items.ids[small.item].tolist() == data.items.ids[data.item[stays]].tolist()
    assert small.user_ids is data.user_ids
    if not keep.all():
        assert small.report["catalogue"]["rows_left_out"] == (~stays).sum()
    now = np.full(len(small.items), 50)
    codes = np.arange(len(small.items), dtype=np.int32)[:, None]
    before = np.flatnonzero(keep).astype(np.int32)[:, None]
    np.testing.assert_array_equal(
        small.items.timelines["sales"].as_of(codes, now), data.items.timelines["sales"].as_of(before, now)
    )


def test_item_users_counts_each_user_once_and_only_positive_rows() -> None:
    data = dataset(
        [
            (0, 0, 1, 1, 1, None),
            (0, 0, 2, 1, 1, None),
            (1, 0, 3, 1, 1, None),
            (2, 0, 4, 0, 1, None),
            (1, 1, 9, 1, 1, None),
        ]
    )
    assert item_users(data, np.ones(len(data), bool)).tolist() == [2, 1]
    assert item_users(data, data.time < 3).tolist() == [1, 0]


def test_guests_bring_histories_without_being_users() -> None:
    data = dataset([(0, 0, 1, 1, 1, None), (0, 1, 2, 1, 1, None)])
    histories = HistoryIndex(data).external([np.array([1, 0]), np.array([], np.int32), np.array([1])], 10**9)
    assert histories.user.tolist() == [-1, -1, -1]
    assert histories.length.tolist() == [2, 0, 1]
    assert histories.last(2).tolist() == [[1, 0], [-1, -1], [-1, 1]]
    assert (histories.times < 10**9).all()
    assert np.diff(histories.times[:2]) > 0
    assert histories.labels["click"].tolist() == [1, 1, 1]
    assert np.isnan(histories.labels["sales"]).all()


def test_rows_outside_the_given_part_never_enter_histories() -> None:
    data = dataset([(0, 0, 1, 1, 1, None), (0, 1, 2, 1, 1, None)])
    fit = data.time < 2
    histories = HistoryIndex(data, fit).at(np.array([0]), np.array([100]))
    assert histories.length.tolist() == [1]


@given(st.lists(st.one_of(st.just(float("nan")), st.integers(0, 9)), min_size=1, max_size=12), st.data())
def test_labels_of_merged_rows(values: list[float], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(values) - 1, 1)), max_size=4)) & set(range(len(values))))
    starts = np.array([0, *(cut for cut in cuts if cut)], np.int64)
    groups = np.split(np.array(values, np.float32), starts[1:])
    for kind, rule in {"amount": sum, "binary": max, "ordinal": lambda group: group[-1]}.items():
        seen = [[float(v) for v in group if not np.isnan(v)] for group in groups]
        expected = [rule(group) if group else np.nan for group in seen]
        np.testing.assert_array_equal(
            merge_labels(np.array(values, np.float32), kind, starts), np.array(expected, np.float32)
        )


def test_features_use_the_statistics_of_seen_items_only() -> None:
    frame = pd.DataFrame({"user_id": ["a"] * 3, "item_id": ["x", "y", "z"], "time": [1, 2, 3]})
    items = pd.DataFrame({"item_id": ["x", "y", "z"], "size": [1.0, 3.0, 1000.0], "same": [7, 7, 8]})
    table = build_dataset(Tables(frame, items), DataConfig(numbers=("size", "same"))).items
    featured = with_features(table, np.array([True, True, False]))
    scaled = featured.features
    np.testing.assert_array_equal(take_items(featured, np.array([2, 0])).features, scaled[[2, 0]])
    assert scaled[:2].tolist() == [[-1, 0], [1, 0]]
    assert scaled[2].tolist() == [998, 0]
    assert scaled.dtype == np.float32


def test_hashes_are_the_same_everywhere_and_change_with_the_seed() -> None:
    ids = np.array(["u1", "u2", "größe"], dtype=object)
    assert hash_ids(ids, 0).tolist() == [1125048836118846319, 12940120652444127752, 3176846390692130636]
    assert not np.intersect1d(hash_ids(ids, 0), hash_ids(ids, 1)).size
    assert hash_ids(ids[::-1], 0).tolist() == hash_ids(ids, 0)[::-1].tolist()
