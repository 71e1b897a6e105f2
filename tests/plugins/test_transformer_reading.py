"""What the network is told beside items: times, moments asked for, events, weights of targets."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_transformer import ITEMS, SMALL, fit_data, fitted, histories_of, table, walks

from paretorec.contracts import DAY, Event, RunContext
from paretorec.errors import ConfigError, DataError
from paretorec_plugins.sequence.embedding import EventVectors, TimeVectors, hour_of_week
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.inputs import Inputs
from paretorec_plugins.sequence.windows import Reading, lesson, window

LENGTH = 5
EVENTS = ("view", "buy")
READING = Reading(times=True, events=EVENTS, weights={"view": 0.5, "buy": 2.0})
HISTORIES = st.lists(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10**10), st.booleans(), st.booleans()), max_size=9),
    min_size=1,
    max_size=4,
)


def told(users):
    """users: lists of (item, time, viewed, bought)."""
    histories = histories_of([[item for item, *_ in user] for user in users])
    flat = [event for user in users for event in user]
    labels = {
        name: np.array([1.0 if event[2 + k] else (np.nan, 0.0)[n % 2] for n, event in enumerate(flat)], np.float32)
        for k, name in enumerate(EVENTS)
    }
    return replace(histories, times=np.array([event[1] for event in flat], np.int64), labels=labels)


@settings(deadline=None)
@given(HISTORIES)
def test_windows_tell_when_and_what_of_each_token(users):
    seen = window(told(users), np.arange(101), LENGTH, LENGTH + 1, READING)
    for row, user in enumerate(users):
        newest, now = user[-LENGTH:], 1000 * DAY
        times = [time for _, time, *_ in newest]
        n = len(newest) + 1
        assert seen.times[row, :n].tolist() == [(times or [now])[0], *times]
        assert seen.asked[row, :n].tolist() == [*times, now]
        assert seen.events[row, :n].tolist() == [0, *(viewed + 2 * bought for _, _, viewed, bought in newest)]


@settings(deadline=None)
@given(HISTORIES)
def test_lessons_tell_it_too_and_weigh_their_targets(users):
    users = [user for user in users if user]
    if not users:
        return
    learn = lesson(told(users), np.arange(101), LENGTH, reading=READING)
    targets = []
    for row, user in enumerate(users):
        cut = user[-(LENGTH + 1) :]
        times = [time for _, time, *_ in cut]
        n = len(cut)
        assert learn.times[row, :n].tolist() == [times[0], *times[:-1]]
        assert learn.asked[row, :n].tolist() == times
        assert learn.events[row, :n].tolist() == [0, *(viewed + 2 * bought for _, _, viewed, bought in cut[:-1])]
        for at, (item, _, viewed, bought) in enumerate(cut):
            if (viewed or bought) and (at or n == len(user)):
                targets.append((row * learn.tokens.shape[1] + at, item, 2.0 if bought else 0.5))
    mine = zip(learn.query[learn.row].tolist(), learn.target.tolist(), learn.weight.tolist(), strict=True)
    assert list(mine) == targets


def test_nothing_is_told_that_nobody_asks_for():
    seen = window(told([[(1, 5, True, False)]]), np.arange(101), LENGTH)
    learn = lesson(told([[(1, 5, True, False)]]), np.arange(101), LENGTH)
    for part in (seen, learn):
        assert part.times is part.asked is part.events is None
    assert learn.weight is None


@given(st.integers(-(2**40), 2**42))
def test_hours_of_the_week_are_those_of_the_calendar(milliseconds):
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    assert hour_of_week(torch.tensor([milliseconds])).item() == moment.weekday() * 24 + moment.hour


def test_a_position_is_the_sum_of_its_clocks_its_gap_and_its_events():
    clock, events = TimeVectors(4), EventVectors(3, 4)
    monday = 4 * DAY
    inputs = Inputs(torch.zeros(1, 1), torch.tensor([[monday]]), torch.tensor([[monday + DAY + DAY // 4]]))
    hours, days = clock.hours.weight, clock.days.weight
    gap = clock.gaps.weight[2 * 16 + 1]  # 108,001 s = 1.65 x 2^16
    torch.testing.assert_close(clock(inputs)[0, 0], hours[0] + days[0] + hours[24 + 6] + days[7 + 1] + gap)
    back = replace(inputs, asked=inputs.times - 5)
    torch.testing.assert_close(clock(back)[0, 0], clock(replace(inputs, asked=inputs.times - 9))[0, 0])
    torch.testing.assert_close(events(torch.tensor([[5]]))[0, 0], events.weight[0] + events.weight[2])
    with pytest.raises(ValueError, match="time_features needs"):
        clock(Inputs(torch.zeros(1, 1)))


def with_labels(data, labels, events=EVENTS):
    histories = replace(data.histories, labels=labels)
    return replace(data, histories=histories, events=tuple(Event(name) for name in events))


def steps_by_event(users, seed=0):
    """A walk round the circle of items: one step on after a view, back to the start after a purchase."""
    rng = np.random.default_rng(seed)
    lists, bought = [], []
    for _ in range(users):
        item, events = int(rng.integers(ITEMS)), rng.random(10) < 0.3
        lists.append([])
        for event in events:
            lists[-1].append(item)
            item = 0 if event else (item + 1) % ITEMS
        bought += events.tolist()
    return lists, np.array(bought, np.float32)


def test_what_happened_on_an_item_tells_what_comes_next():
    lists, bought = steps_by_event(120)
    labels = {"view": np.ones(len(bought), np.float32), "buy": bought}
    data = with_labels(fit_data(lists, validation=False), labels)
    encoder = fitted(data, events=True)
    past = histories_of([[4], [4]])
    past = replace(past, labels={"view": np.ones(2), "buy": np.array([0.0, 1.0])})
    best = (encoder.encode_users(past) @ encoder.encode_items(table(ITEMS)).T).argmax(1)
    assert best.tolist() == [5, 0]
    again = TransformerEncoder(encoder.config)
    again.restore(encoder.state(), table(ITEMS))
    assert np.array_equal(again.encode_users(past), encoder.encode_users(past))


def test_only_events_with_a_weight_are_learned_to_be_predicted():
    lists = [[(first + step) % ITEMS for step in range(8)] for first in range(ITEMS)] * 8
    even = np.array([item % 2 == 0 for items in lists for item in items], np.float32)
    data = with_labels(fit_data(lists, validation=False), {"view": np.ones(len(even), np.float32), "buy": even})
    encoder = fitted(data, event_weights={"buy": 1.0})
    scores = encoder.encode_users(histories_of([[n] for n in range(ITEMS)])) @ encoder.encode_items(table(ITEMS)).T
    assert (scores.argmax(1) % 2 == 0).all()


def test_the_clock_of_the_request_tells_what_comes_next():
    rng = np.random.default_rng(0)
    days = [np.sort(rng.choice(200, 12, replace=False)) for _ in range(120)]
    lists = [[1 if (day + 3) % 7 >= 5 else 2 for day in user] for user in days]
    encoder = fitted(fit_data(lists, times=days, validation=False), time_features=True)
    past = histories_of([[2, 1, 2]] * 7)
    past = replace(past, now=1000 * DAY + np.arange(7) * DAY)
    best = (encoder.encode_users(past) @ encoder.encode_items(table(ITEMS)).T).argmax(1)
    assert best.tolist() == [1 if (1000 + day + 3) % 7 >= 5 else 2 for day in range(7)]


@pytest.mark.parametrize("field", ["time_features", "time_bias"])
def test_times_that_are_not_there_are_missed_by_name(field):
    data = fit_data(walks(5))
    ordered = replace(data, items=replace(data.items, first_seen=np.full(ITEMS, np.iinfo(np.int64).min)))
    with pytest.raises(DataError, match=rf"{field} needs times, .* only an order .* set params\.{field} = false"):
        fitted(ordered, **{field: True})
    constant = replace(data, histories=replace(data.histories, times=np.full(len(data.histories.items), 5)))
    with pytest.raises(DataError, match=f"{field} needs times, and all events of the fit part are of the same minute"):
        fitted(constant, **{field: True})


def test_events_that_are_not_there_are_missed_by_name():
    data = fit_data(walks(5))
    with pytest.raises(ConfigError, match=r"event_weights names 'buy', which is no event of the data \(view\)"):
        fitted(data, event_weights={"buy": 1})
    nobody = with_labels(data, {name: np.zeros(len(data.histories.items), np.float32) for name in EVENTS})
    with pytest.raises(DataError, match=r"no event .* is a target by params.event_weights \(buy\)"):
        fitted(nobody, event_weights={"buy": 1, "view": 0})
    with pytest.raises(ValidationError, match="event_weights has no weight above 0"):
        TransformerConfig(event_weights={"buy": 0})


ALL = {"events": True, "time_features": True, "time_bias": True}


def test_with_everything_told_a_row_is_the_same_bits_in_any_company_whatever_its_history():
    lists = walks(40)
    labels = {"view": np.ones(sum(map(len, lists)), np.float32), "buy": np.zeros(sum(map(len, lists)), np.float32)}
    encoder = fitted(with_labels(fit_data(lists, validation=False), labels), epochs=1, **ALL)
    odd = [[], [3], [2] * 40, [1, 99, 4], [5, 6, 7], *walks(20, seed=3)]
    histories = histories_of(odd)
    rng = np.random.default_rng(0)
    histories = replace(
        histories,
        times=rng.integers(0, 10**12, len(histories.items)),  # in no order
        labels={"view": np.full(len(histories.items), np.nan, np.float32)},
    )
    together = encoder.encode_users(histories)
    assert np.isfinite(together).all()
    order = rng.permutation(len(odd))
    assert np.array_equal(encoder.encode_users(histories.take(order)), together[order])
    for row in range(len(odd)):
        assert np.array_equal(encoder.encode_users(histories.take([row]))[0], together[row])


def test_a_catalogue_of_one_item_is_learned():
    encoder = fitted(fit_data([[0], [0, 0]], items=1, validation=False), RunContext(), epochs=1, time_features=True)
    assert np.isfinite(encoder.encode_users(histories_of([[0], []])) @ encoder.encode_items(table(1)).T).all()


def test_the_default_has_the_weights_it_always_had():
    names = fitted(fit_data(walks(5)), epochs=1).state().arrays
    assert not [name for name in names if name.startswith(("tokens.features", "events", "clock", "features/"))]
    assert TransformerConfig(**SMALL).has_features is False
