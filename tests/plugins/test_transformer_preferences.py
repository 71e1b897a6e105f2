"""One network, many weights of its events: each is served what its preference asks for."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_transformer import ITEMS, SMALL, StopAfter, fit_data, fitted, histories_of, table

from paretorec.contracts import Event, RunContext, State
from paretorec.errors import ArtifactError, ConfigError, DataError, Interrupted
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.windows import Reading, lesson, window

EVENTS = ("view", "buy")
VIEWS, BUYS = {"view": 1.0}, {"buy": 1.0}


def two_ways(users, seed=0):
    """Fit data in which one item on is viewed and five on are bought, as often."""
    rng = np.random.default_rng(seed)
    lists, bought = [], []
    for _ in range(users):
        item = int(rng.integers(ITEMS))
        lists.append([])
        for buy in rng.random(10) < 0.5:
            item = (item + (5 if buy else 1)) % ITEMS
            lists[-1].append(item)
            bought.append(buy)
    labels = {"view": 1 - np.array(bought, np.float32), "buy": np.array(bought, np.float32)}
    data = fit_data(lists, validation=False)
    histories = replace(data.histories, labels=labels)
    return replace(data, histories=histories, events=tuple(Event(name) for name in EVENTS))


def best(encoder, count=1):
    scores = encoder.encode_users(histories_of([[n] for n in range(ITEMS)])) @ encoder.encode_items(table(ITEMS)).T
    return np.sort((np.argsort(-scores, axis=1)[:, :count] - np.arange(ITEMS)[:, None]) % ITEMS, axis=1).tolist()


@pytest.fixture(scope="module")
def divided():
    return fitted(two_ways(200), preferences=EVENTS, epochs=24)


def test_each_preference_is_served_what_it_asks_for(divided):
    assert best(divided.preferring(VIEWS)) == [[1]] * ITEMS
    assert best(divided.preferring(BUYS)) == [[5]] * ITEMS
    assert best(divided, 2) == [[1, 5]] * ITEMS


def test_a_saved_network_serves_any_preference(divided):
    state = divided.state()
    for preference in ({}, VIEWS, {"view": 0.2, "buy": 0.8}):
        again = TransformerEncoder(TransformerConfig(**(SMALL | {"preferences": EVENTS, "preference": preference})))
        again.restore(State(dict(state.arrays), dict(state.meta)), table(ITEMS))
        histories = histories_of([[n] for n in range(ITEMS)])
        expected = divided.preferring(preference).encode_users(histories)
        assert np.array_equal(again.encode_users(histories), expected)
    other = TransformerEncoder(TransformerConfig(**(SMALL | {"preferences": EVENTS[::-1]})))
    with pytest.raises(ArtifactError, match="fitted with preferences"):
        other.restore(state, table(ITEMS))


def test_weights_count_by_their_shares_alone(divided):
    histories = histories_of([[n] for n in range(ITEMS)])
    once, twice = ({"view": 1, "buy": 3}, {"view": 2, "buy": 6})
    assert np.array_equal(
        divided.preferring(once).encode_users(histories), divided.preferring(twice).encode_users(histories)
    )


@settings(deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), min_size=1, max_size=9), min_size=1),
    st.integers(0, 2**32),
)
def test_a_target_counts_what_its_row_says(users, seed):
    histories = histories_of([[item for item, *_ in user] for user in users])
    flat = np.array([event for user in users for event in user], np.float32)
    histories = replace(histories, labels={"view": flat[:, 1], "buy": flat[:, 2]})
    preference = np.random.default_rng(seed).dirichlet([1, 1], len(users)).astype(np.float32)
    reading = Reading(preferences=EVENTS, preference=(0.5, 0.5))
    learn = lesson(histories, np.arange(101), 9, reading=reading, preference=preference)
    assert np.array_equal(learn.preference, preference)
    rows, columns = np.divmod(learn.query[learn.row], learn.tokens.shape[1])
    said = [
        sum(share * happened for share, happened in zip(preference[row], users[row][column][1:], strict=True))
        for row, column in zip(rows, columns, strict=True)
    ]
    assert learn.weight.tolist() == pytest.approx(said)
    assert (learn.weight > 0).all()
    assert len(learn.target) == sum(viewed or bought for user in users for _, viewed, bought in user)
    asked = window(histories, np.arange(101), 9, reading=reading)
    assert np.array_equal(asked.preference, np.full((len(users), 2), 0.5))


def test_a_fit_that_was_stopped_draws_the_same_preferences(tmp_path):
    data = two_ways(40)
    expected = fitted(data, preferences=EVENTS, epochs=3).state().arrays
    stop = threading.Event()
    run = RunContext(folder=tmp_path, stop=stop, progress=StopAfter(stop, 1))
    with pytest.raises(Interrupted):
        fitted(data, run, preferences=EVENTS, epochs=3)
    found = fitted(data, RunContext(folder=tmp_path), preferences=EVENTS, epochs=3).state().arrays
    assert {key: value.tobytes() for key, value in found.items()} == {
        key: value.tobytes() for key, value in expected.items()
    }


def test_the_exported_graph_keeps_the_preference(divided, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    histories = histories_of([[n] for n in range(ITEMS)])
    encoder = divided.preferring(BUYS)
    encoder.export(tmp_path / "encoder.onnx", "onnx", table(ITEMS), 3)
    session = onnxruntime.InferenceSession(tmp_path / "encoder.onnx")
    items = session.run(["items"], {"history": np.arange(ITEMS)[:, None]})[0]
    scores = encoder.encode_users(histories) @ encoder.encode_items(table(ITEMS)).T
    assert np.array_equal(items, np.argsort(-scores, axis=1)[:, :3])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"preferences": ("view",)}, "two events at least"),
        ({"preferences": ("view", "view")}, "each once"),
        ({"preferences": EVENTS, "event_weights": {"buy": 1}}, "leave one of them away"),
        ({"preferences": EVENTS, "objective": "masked"}, "objective"),
        ({"preferences": EVENTS, "preference": {"like": 1}}, "preference names like"),
        ({"preference": {"buy": 1}}, "preference names buy"),
        ({"preferences": EVENTS, "preference": {"buy": 0}}, "no weight above 0"),
    ],
    ids=str,
)
def test_what_cannot_be_preferred_is_refused(fields, problem):
    with pytest.raises(ValidationError, match=problem):
        TransformerConfig(**fields)


def test_events_that_are_not_there_cannot_be_preferred():
    data = two_ways(5)
    with pytest.raises(ConfigError, match=r"preferences names 'like', which is no event of the data \(view, buy\)"):
        fitted(data, preferences=("view", "like"))
    nothing = {name: np.zeros(len(data.histories.items), np.float32) for name in EVENTS}
    nobody = replace(data, histories=replace(data.histories, labels=nothing))
    with pytest.raises(DataError, match=r"no event .* is a target by params.preferences \(view, buy\)"):
        fitted(nobody, preferences=EVENTS)
