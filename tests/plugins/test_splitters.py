"""Splitters: who learns from what, who is judged on what, and nothing twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from paretorec.config import DataConfig
from paretorec.contracts import DAY, Dataset, Requests, Split, Tables
from paretorec.data.histories import HistoryIndex
from paretorec.data.tables import build_dataset
from paretorec.errors import DataError
from paretorec_plugins.splitters.durations import duration_text, milliseconds
from paretorec_plugins.splitters.given import GivenConfig, GivenSplitter
from paretorec_plugins.splitters.leave_one_out import LeaveOneOutConfig, LeaveOneOutSplitter
from paretorec_plugins.splitters.random_rows import RandomConfig, RandomSplitter
from paretorec_plugins.splitters.temporal import TemporalConfig, TemporalSplitter

START = 1_704_067_200_000
"""2024-01-01."""


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Forty users over twenty weeks, one row in four an exposure that was not taken up."""
    rng = np.random.default_rng(0)
    log = pd.DataFrame(
        {
            "user_id": rng.integers(0, 40, 3000),
            "item_id": rng.integers(0, 30, 3000),
            "time": START + rng.integers(0, 140 * DAY, 3000),
            "click": rng.random(3000) < 0.75,
        }
    )
    return build_dataset(Tables(log), DataConfig.model_validate({"events": {"click": {"column": "click"}}}))


def raw(data: Dataset) -> pd.DataFrame:
    """The log again, with external ids."""
    ids = {"user_id": data.user_ids[data.user], "item_id": data.items.ids[data.item]}
    return pd.DataFrame({**ids, "time": data.time})


def temporal(data: Dataset, **config: Any) -> Split:
    return TemporalSplitter(TemporalConfig.model_validate(config)).split(data, seed=0)


DATES = {"train_end": "2024-03-04", "rank_end": "2024-04-01", "select_end": "2024-04-22", "horizon": "7d"}


def day(text: str) -> int:
    return int(np.datetime64(text, "ms").astype(np.int64))


def test_temporal_cuts_by_dates_with_the_last_horizon_for_validation(data: Dataset) -> None:
    split = temporal(data, **DATES)
    assert split.fit_end == day("2024-02-26")
    assert split.horizon == 7 * DAY
    np.testing.assert_array_equal(split.fit, data.time < split.fit_end)
    assert set(split.validation.time.tolist()) == {day("2024-02-26")}
    assert set(split.rank.time.tolist()) == {day("2024-03-04") + week * 7 * DAY for week in range(4)}
    assert set(split.select.time.tolist()) == {day("2024-04-01") + week * 7 * DAY for week in range(3)}
    assert split.certify.time.min() == day("2024-04-22")


def test_temporal_requests_end_within_their_window_and_have_targets(data: Dataset) -> None:
    split = temporal(data, **DATES, period="3d")
    ends = {"validation": "2024-03-04", "rank": "2024-04-01", "select": "2024-04-22"}
    for name, end in ends.items():
        requests: Requests = getattr(split, name)
        assert (requests.time + 7 * DAY <= day(end)).all()
        assert (np.diff(requests.offsets) > 0).all()
        assert split.counts[name]["requests"] == len(requests) > 0
    assert split.counts["rank"]["periods_cut_by_the_window"] == 2, (
        "starts on days 0, 3, ..., 27 of 28; day 21 is the last"
    )


def test_temporal_selects_and_certifies_on_different_people(data: Dataset) -> None:
    split = temporal(data, **DATES)
    select, certify = set(split.select.user.tolist()), set(split.certify.user.tolist())
    assert not select & certify
    assert min(len(select), len(certify)) >= 10
    assert set(split.rank.user.tolist()) >= select | certify


def test_temporal_halves_stay_when_other_users_come(data: Dataset) -> None:
    few = build_dataset(Tables(raw(data)[data.user < 20]), DataConfig())
    before, after = temporal(few, **DATES), temporal(data, **DATES)
    shared = set(few.user_ids[np.unique(before.select.user)])
    assert shared <= set(data.user_ids[np.unique(after.select.user)])


def test_temporal_targets_are_all_labelled_rows_and_each_row_is_counted_once(data: Dataset) -> None:
    split = temporal(data, **DATES)
    window = (data.time >= day("2024-03-04")) & (data.time < day("2024-04-01"))
    pairs = {
        (u, i, (t - day("2024-03-04")) // (7 * DAY))
        for u, i, t in zip(data.user[window], data.item[window], data.time[window], strict=True)
    }
    assert len(split.rank.target_items) == len(pairs)
    assert (split.rank.target_labels["click"] == 0).any()


def test_temporal_left_out_requests_are_counted(data: Dataset) -> None:
    split = temporal(data, **DATES)
    users = data.user_ids.size
    counts = split.counts["rank"]
    new = counts["of_new_users"]
    assert counts["requests"] - new + counts["without_targets"] == 4 * users - sum(
        int(data.time[data.user == user][0] >= start)
        for user in range(users)
        for start in day("2024-03-04") + np.arange(4) * 7 * DAY
    )


def test_temporal_has_defaults_for_any_log(data: Dataset) -> None:
    split = temporal(data)
    assert split.counts["horizon"] == "7d"
    assert 0.5 < split.fit.mean() < 0.6
    hour = build_dataset(
        Tables(
            pd.DataFrame({"user_id": data.user, "item_id": data.item, "time": (START + (data.time - START) // 1000)})
        ),
        DataConfig(),
    )
    short = temporal(hour)
    assert milliseconds(short.counts["horizon"]) < DAY
    assert all(len(part) for part in (short.rank, short.validation, short.select, short.certify))


def test_temporal_labels_after_a_cut_change_nothing_before(data: Dataset) -> None:
    planted = raw(data).assign(click=data.labels["click"])
    planted.loc[data.time >= day("2024-04-01"), "click"] = 0
    planted.loc[data.time >= day("2024-04-01"), "item_id"] = data.items.ids[0]
    other = build_dataset(Tables(planted), DataConfig.model_validate({"events": {"click": {"column": "click"}}}))
    left, right = temporal(data, **DATES), temporal(other, **DATES)
    assert left.fit.sum() == right.fit.sum()
    for name in ("validation", "rank"):
        first, second = getattr(left, name), getattr(right, name)
        np.testing.assert_array_equal(first.target_items, second.target_items)
        np.testing.assert_array_equal(first.target_labels["click"], second.target_labels["click"])


def test_temporal_uses_the_logs_own_requests() -> None:
    log = pd.DataFrame(
        [
            # user, item, day, request, place, click
            ("a", "x", 0, "fit", 1, 1),
            ("c", "y", 1, "fit2", 1, 1),
            ("a", "w", 2, "fit3", 1, 1),
            ("a", "x", 10, "r1", 2, 0),
            ("a", "y", 10, "r1", 1, 1),
            ("c", "x", 11, "r2", 1, 0),
            ("c", "z", 11, "r2", 2, 0),
            ("a", "z", 20, "s1", 1, 1),
            ("c", "z", 21, "s2", 1, 1),
            ("c", "y", 30, "c1", 1, 1),
            ("a", "y", 31, "c2", 1, 1),
            ("a", "x", 14, "cut", 1, 1),
            ("a", "y", 15, "cut", 2, 1),
            ("a", "w", 12, None, 1, 1),
        ],
        columns=["user_id", "item_id", "day", "request", "place", "click"],
    )
    log["time"] = START + log.pop("day") * DAY
    mapping = {"events": {"click": {"column": "click"}}, "request": "request", "position": "place"}
    data = build_dataset(Tables(log), DataConfig.model_validate(mapping))
    dates = {"train_end": "2024-01-06", "rank_end": "2024-01-17", "select_end": "2024-01-26", "horizon": "2d"}
    split = temporal(data, **dates)
    assert len(split.rank) == 3
    first = split.rank.take([0])
    assert [data.items.ids[i] for i in first.logged[0] if i >= 0] == ["y", "x"], "by position"
    assert dict(zip(data.items.ids[first.target_items], first.target_labels["click"], strict=True)) == {"x": 0, "y": 1}
    assert split.counts["rank"]["rows_without_request"] == 1
    boundary = temporal(data, **(dates | {"rank_end": "2024-01-16"}))
    assert boundary.counts["rank"]["cut_by_the_window"] == 1
    assert len(boundary.rank) == 2
    assert temporal(data, **dates, requests="periods").counts["period"] == "2d"


@pytest.mark.parametrize(
    "config",
    [
        {"train_end": "2024-03-04"},
        {"train_end": "2024-03-04", "rank_end": "2024-03-01", "select_end": "2024-04-01"},
        {"shares": [0.6, 0.3, 0.2]},
        {"horizon": "a week"},
    ],
)
def test_temporal_refuses_contradictions(config: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TemporalConfig.model_validate(config)


def test_temporal_dates_outside_the_data_are_an_error_that_says_where_the_data_is(data: Dataset) -> None:
    with pytest.raises(DataError, match=r"do not cut the data, which runs from 2024-01-01 .*train_end"):
        temporal(data, train_end="2020-01-01", rank_end="2020-02-01", select_end="2020-03-01")
    with pytest.raises(DataError, match=r"no request is left in the select part: .*horizon"):
        temporal(data, **(DATES | {"horizon": "30d"}))


def order_log(*rows: tuple[str, str]) -> Dataset:
    return build_dataset(Tables(pd.DataFrame(rows, columns=["user_id", "item_id"])), DataConfig(time=""))


def test_leave_one_out_takes_the_last_and_the_last_but_one() -> None:
    data = order_log(
        *[(user, f"{user}{step}") for step in range(5) for user in "abcdefgh"], ("new", "a0"), ("new", "b0")
    )
    split = LeaveOneOutSplitter(LeaveOneOutConfig()).split(data, seed=0)
    items = data.items.ids
    last = {data.user_ids[u]: items[i] for u, i in zip(split.certify.user, split.certify.target_items, strict=True)}
    assert last == {user: f"{user}4" for user in "abcdefgh"}
    assert sorted(items[split.validation.target_items]) == sorted(f"{user}3" for user in "abcdefgh")
    ranked, selected = set(split.rank.user.tolist()), set(split.select.user.tolist())
    assert not ranked & selected
    assert ranked | selected == set(split.validation.user.tolist())
    assert len(data) - split.fit.sum() == 16
    assert split.counts["users_with_fewer_than_three"] == 1
    history = HistoryIndex(data).at(split.certify.user, split.certify.time)
    assert [items[history.items[end - 1]][1] for end in history.end] == ["3"] * 8
    everybody = LeaveOneOutSplitter(LeaveOneOutConfig(rank_share=0)).split(data, seed=0)
    assert (len(everybody.select), len(everybody.rank)) == (8, 0)


def test_leave_one_out_keeps_the_history_within_equal_times() -> None:
    log = pd.DataFrame({"user_id": ["a"] * 4, "item_id": list("wxyz"), "time": [7] * 4})
    data = build_dataset(Tables(log), DataConfig())
    split = LeaveOneOutSplitter(LeaveOneOutConfig(rank_share=0)).split(data, seed=0)
    history = HistoryIndex(data).at(split.certify.user, split.certify.time)
    assert data.items.ids[history.items[: history.end[0]]].tolist() == ["w", "x", "y"]
    assert data.items.ids[split.certify.target_items].tolist() == ["z"]


def test_leave_one_out_needs_three_rows() -> None:
    with pytest.raises(DataError, match="three positive rows"):
        LeaveOneOutSplitter(LeaveOneOutConfig()).split(order_log(("a", "x"), ("b", "y"), ("a", "z")), seed=0)


def test_random_holds_out_about_the_shares_and_no_row_twice(data: Dataset) -> None:
    split = RandomSplitter(RandomConfig()).split(data, seed=0)
    assert 0.55 < split.fit.mean() < 0.65
    parts = [split.validation, split.rank, split.select, split.certify]
    held_out = [(u, t) for part in parts for u, t in zip(part.user.tolist(), part.time.tolist(), strict=True)]
    assert len(held_out) == len(set(held_out))
    learned = set(zip(data.user[split.fit].tolist(), data.time[split.fit].tolist(), strict=True))
    assert not learned & set(held_out)
    assert not set(split.select.user.tolist()) & set(split.certify.user.tolist())
    assert set(data.user[split.fit].tolist()) == set(data.user.tolist()), "everybody's first row is learned from"
    again, other = (RandomSplitter(RandomConfig()).split(data, seed) for seed in (0, 1))
    np.testing.assert_array_equal(split.fit, again.fit)
    assert (split.fit != other.fit).any()
    with pytest.raises(ValidationError):
        RandomConfig(test=0.9)


def test_given_takes_the_parts_from_the_column() -> None:
    log = pd.DataFrame(
        {
            "user_id": ["a", "b", "a", "b", "a", "a", "b"],
            "item_id": list("uvwxyzu"),
            "part": ["train", "train", "train", "valid", "valid", "test", "test"],
        }
    )
    data = build_dataset(Tables(log), DataConfig(time="", split="part"))
    split = GivenSplitter(GivenConfig()).split(data, seed=0)
    assert split.fit.sum() == 3
    assert sorted(data.items.ids[split.certify.target_items]) == ["u", "z"]
    assert len(split.validation) == len(split.select) == 2
    assert not len(split.rank)
    history = HistoryIndex(data).at(split.certify.user, split.certify.time)
    assert sorted(history.length.tolist()) == [2, 3]


def test_given_makes_one_request_of_a_users_rows_or_one_a_period() -> None:
    log = pd.DataFrame({"user_id": "a", "item_id": list("vwxyz"), "time": START + np.arange(5) * DAY,
                        "part": ["fit", "select", "certify", "certify", "certify"]})  # fmt: skip
    data = build_dataset(Tables(log), DataConfig(split="part"))
    whole = GivenSplitter(GivenConfig()).split(data, seed=0).certify
    assert (len(whole), len(whole.target_items)) == (1, 3)
    assert whole.time.tolist() == [START + 2 * DAY]
    assert len(GivenSplitter(GivenConfig(period="1d")).split(data, seed=0).certify) == 3


def test_given_names_what_it_cannot_read() -> None:
    log = pd.DataFrame({"user_id": ["a", "a"], "item_id": ["x", "y"], "time": [1, 2], "part": ["train", "holdout"]})
    with pytest.raises(DataError, match="'holdout', which is no part; it may say fit, train"):
        GivenSplitter(GivenConfig()).split(build_dataset(Tables(log), DataConfig(split="part")), seed=0)
    with pytest.raises(DataError, match=r"needs \[data\] split"):
        GivenSplitter(GivenConfig()).split(build_dataset(Tables(log), DataConfig()), seed=0)
    with pytest.raises(DataError, match="no request is left in the select part"):
        GivenSplitter(GivenConfig()).split(
            build_dataset(Tables(log.assign(part=["train", "test"])), DataConfig(split="part")), seed=0
        )


def test_durations() -> None:
    assert [milliseconds(text) for text in ("7d", "1w", "1.5h", "30 min")] == [7 * DAY, 7 * DAY, 5_400_000, 1_800_000]
    assert [duration_text(ms) for ms in (7 * DAY, 5_400_000, 1)] == ["7d", "90min", "1ms"]
    for text in ("7", "d", "0d", "-1d", "seven days"):
        with pytest.raises(ValueError, match="not a duration"):
            milliseconds(text)


def test_requests_that_showed_too_little_to_choose_from_are_left_out_and_counted(data: Dataset) -> None:
    every, some = temporal(data, **DATES), temporal(data, **DATES, min_shown=4)
    assert len(some.rank) == len(every.rank), "a ranker learns from every label"
    for part in ("select", "certify"):
        shown = (getattr(every, part).logged >= 0).sum(axis=1)
        kept = getattr(some, part)
        assert 0 < len(kept) == (shown >= 4).sum() < len(shown)
        assert ((kept.logged >= 0).sum(axis=1) >= 4).all()
        assert some.counts[part]["shown_too_little"] == (shown < 4).sum()
