"""What the Transformer is trained for: hidden items, losses, similarities, and what cannot combine."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from paretorec.contracts import DAY, Event, FitData, Histories, ItemTable, Requests, RunContext
from paretorec_plugins.sequence.cloze import cloze_lesson, cloze_window
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.inputs import START
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.windows import Reading

ITEMS = 10
INDEX = np.arange(ITEMS + 1)
LISTS = st.lists(st.lists(st.integers(0, ITEMS - 1), max_size=9), min_size=1, max_size=5)
NOW = 99 * DAY


def histories_of(lists):
    length = np.array([len(items) for items in lists], np.int64)
    end = np.cumsum(length)
    items = np.array([item for items in lists for item in items], np.int32)
    return Histories(
        items=items,
        times=np.array([at for n in length for at in range(n)], np.int64) * DAY,
        labels={"view": np.ones(len(items), np.float32), "buy": (items % 2).astype(np.float32)},
        start=end - length,
        end=end,
        now=np.full(len(lists), NOW),
        user=np.arange(len(lists), dtype=np.int32),
    )


def walks(users):
    """Everybody walks round the circle of items: the next one is certain."""
    rng = np.random.default_rng(0)
    return [[(first + step) % ITEMS for step in range(n)] for first, n in rng.integers((0, 3), (ITEMS, 20), (users, 2))]


def fitted(**changes):
    settings = {"width": 16, "length": 12, "dropout": 0.1, "batch_tokens": 200, "epochs": 8, "learning_rate": 0.02}
    encoder = TransformerEncoder(TransformerConfig(**(settings | {"final_learning_rate": 0.001} | changes)))
    nobody = np.zeros(0, np.int64)
    requests = Requests(nobody.astype(np.int32), nobody, np.zeros(1, np.int64), nobody.astype(np.int32), {})
    histories, users = histories_of(walks(120)), np.array([f"u{row}" for row in range(120)], object)
    data = FitData(histories, table(), (Event("view"),), requests, histories.take(slice(0)), users)
    encoder.fit(data, RunContext())
    return encoder


def table():
    return ItemTable(np.array([f"i{code}" for code in range(ITEMS)], object), np.zeros(ITEMS, np.int64))


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "masked", "positions": "rotary", "heads": 2, "epochs": 60, "learning_rate": 0.004, "dropout": 0},
        {"loss": "gbce", "negatives": 5, "epochs": 15, "learning_rate": 0.01, "batch_tokens": 60, "dropout": 0},
        {"loss": "sampled", "sampling": "in-batch"},
        {"loss": "full", "label_smoothing": 0.1, "temperature": 0.5},
        {"similarity": "cosine"},
        {"similarity": "cosine", "learn_temperature": True, "loss": "sampled", "negatives": 5},
    ],
    ids=str,
)
def test_learns_what_comes_next_and_comes_back(changes):
    encoder = fitted(**changes)
    histories = histories_of([[2, 3, 4], [7, 8, 9], [5, 6, 7, 8], []])
    users, items = encoder.encode_users(histories), encoder.encode_items(table())
    assert (users @ items.T).argmax(1)[:3].tolist() == [5, 0, 9]
    if encoder.config.similarity == "cosine":
        np.testing.assert_allclose(np.linalg.norm(np.concatenate([users, items]), axis=1), 1, atol=1e-6)
    again = TransformerEncoder(encoder.config)
    again.restore(encoder.state(), table())
    assert np.array_equal(again.encode_users(histories), users)
    assert np.array_equal(again.encode_items(table()), items)


def test_a_temperature_is_learned():
    learned = fitted(similarity="cosine", learn_temperature=True, epochs=1).state().arrays
    assert np.exp(learned["similarity.log_temperature"]) != pytest.approx(0.05, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"label_smoothing": 0.1}, 'set loss = "full"'),
        ({"label_smoothing": 0.1, "loss": "gbce"}, 'set loss = "full"'),
        ({"loss": "gbce", "sampling": "popularity"}, 'set sampling = "uniform"'),
        ({"objective": "masked", "target": "basket"}, 'set target = "item"'),
        ({"temperature": 0.0}, "greater than 0"),
    ],
    ids=str,
)
def test_what_cannot_combine_is_said(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        TransformerConfig(**changes)


@given(LISTS, st.integers(1, 8))
def test_a_hidden_item_stands_behind_the_newest_ones(lists, length):
    reading = Reading(times=True, events=("view", "buy"))
    seen = cloze_window(histories_of(lists), INDEX, length, length + 1, reading)
    for row, items in enumerate(lists):
        newest = items[-length:]
        n = len(newest)
        assert (seen.last[row], seen.lengths[row]) == (n, n + 1)
        assert seen.tokens[row, : n + 1].tolist() == [*(item + 1 for item in newest), START]
        assert seen.times[row, : n + 1].tolist() == [*(at * DAY for at in range(len(items) - n, len(items))), NOW]
        assert seen.asked[row].tolist() == seen.times[row].tolist()
        assert seen.events[row, : n + 1].tolist() == [*(1 + 2 * (item % 2) for item in newest), 0]


@settings(deadline=None)
@given(LISTS, st.integers(1, 8), st.floats(0.01, 0.99), st.booleans(), st.integers(0, 2**32))
def test_hidden_items_are_what_is_to_be_told(lists, length, share, buys_only, seed):
    lists = [[1, *items] for items in lists]
    reading = Reading(times=True, events=("view", "buy"), weights={"buy": 3.0} if buys_only else {})
    learn = cloze_lesson(histories_of(lists), INDEX, length, share, np.random.default_rng(seed), reading)
    told = np.full(learn.tokens.shape, -1)
    told.flat[learn.query[learn.row]] = learn.target
    for row, items in enumerate(lists):
        newest = np.array(items[-length - 1 :])
        n = len(newest)
        assert learn.lengths[row] == n
        hidden = learn.tokens[row, :n] == START
        assert hidden.any()
        assert (learn.tokens[row, :n] == np.where(hidden, START, newest + 1)).all()
        assert (learn.events[row, :n] == np.where(hidden, 0, 1 + 2 * (newest % 2))).all()
        assert (learn.times[row, :n] == np.arange(len(items) - n, len(items)) * DAY).all()
        wanted = hidden & (newest % 2 == 1) if buys_only else hidden
        assert (told[row, :n] == np.where(wanted, newest, -1)).all()
        assert (told[row, n:] == -1).all()
    assert learn.weight is None if not buys_only else (learn.weight == 3).all()
    assert (np.diff(learn.query) > 0).all()


def test_items_are_hidden_as_often_as_asked():
    histories = histories_of([list(range(10))] * 500)
    learn = cloze_lesson(histories, INDEX, 20, 0.3, np.random.default_rng(0))
    assert len(learn.target) / 5000 == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 5000) + 0.7**10 / 10)


def test_both_sides_count_and_padding_does_not():
    model = Network(ITEMS, TransformerConfig(width=8), torch.Generator().manual_seed(0), causal=False).eval()
    alone = cloze_window(histories_of([[1, 2, 3]]), INDEX, 12).inputs("cpu")
    padded = cloze_window(histories_of([[1, 2, 3]]), INDEX, 12, 9).inputs("cpu")
    other = cloze_window(histories_of([[1, 2, 7]]), INDEX, 12).inputs("cpu")
    with torch.no_grad():
        first = [model(inputs)[0, 0] for inputs in (alone, padded, other)]
    torch.testing.assert_close(first[0], first[1])
    assert not torch.allclose(first[0], first[2], atol=1e-4)
