"""The encoder from outside: it learns order, answers for anybody, rounds the same for everybody, and comes back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from paretorec.contracts import DAY, Event, FitData, Histories, ItemTable, Requests, RunContext, State
from paretorec.errors import ArtifactError, DataError, Interrupted
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig

SMALL = {
    "width": 16,
    "length": 12,
    "dropout": 0.1,
    "batch_tokens": 200,
    "epochs": 8,
    "learning_rate": 0.02,
    "final_learning_rate": 0.001,
}
ITEMS = 10
EVENTS = (Event("view"),)


def table(count):
    return ItemTable(ids=np.array([f"i{code}" for code in range(count)], object), first_seen=np.zeros(count, np.int64))


def histories_of(lists, times=None):
    """One history for each list of item codes; a day between events, or `times`."""
    length = np.array([len(items) for items in lists], np.int64)
    end = np.cumsum(length)
    items = np.array([item for items in lists for item in items], np.int32)
    when = np.concatenate([np.arange(n) for n in length] or [[]]) if times is None else np.concatenate(times)
    return Histories(
        items=items,
        times=(when * DAY).astype(np.int64),
        labels={"view": np.ones(len(items), np.float32)},
        start=end - length,
        end=end,
        now=np.full(len(length), 1000 * DAY, np.int64),
        user=np.arange(len(length), dtype=np.int32),
    )


def walks(users, seed=0, items=ITEMS):
    """Everybody walks round the circle of items, each from a start of their own: the next item is certain."""
    rng = np.random.default_rng(seed)
    return [[(first + step) % items for step in range(n)] for first, n in rng.integers((0, 3), (items, 20), (users, 2))]


def fit_data(lists, items=ITEMS, validation=True, times=None):
    histories = histories_of(lists, times)
    rows = len(lists) if validation else 0
    after = [(items_[-1] + 1) % ITEMS for items_ in lists[:rows]]
    requests = Requests(
        user=np.arange(rows, dtype=np.int32),
        time=np.full(rows, 1000 * DAY, np.int64),
        offsets=np.arange(rows + 1, dtype=np.int64),
        target_items=np.array(after, np.int32),
        target_labels={"view": np.ones(rows, np.float32)},
    )
    users = np.array([f"u{row}" for row in range(len(lists))], object)
    return FitData(histories, table(items), EVENTS, requests, histories.take(slice(rows)), users)


def fitted(data, run=None, **changes):
    encoder = TransformerEncoder(TransformerConfig(**(SMALL | changes)))
    encoder.fit(data, run or RunContext())
    return encoder


def best(encoder, lists, items=ITEMS):
    scores = encoder.encode_users(histories_of(lists)) @ encoder.encode_items(table(items)).T
    return scores.argmax(1).tolist()


@pytest.fixture(scope="module")
def walker():
    return fitted(fit_data(walks(150)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss": "sampled", "negatives": 4},
        {"loss": "sampled", "negatives": 4, "sampling": "popularity"},
        {"target": "basket"},
        {"heads": 2, "layers": 1, "expansion": 1},
        {"attention": "pointwise", "block": "swiglu", "positions": "relative"},
        {"block": "ligr", "positions": "rotary"},
    ],
    ids=str,
)
def test_learns_what_comes_next(changes):
    encoder = fitted(fit_data(walks(150)), **changes)
    assert best(encoder, [[2, 3, 4], [7, 8, 9], [5, 6, 7, 8]]) == [5, 0, 9]


def test_vectors_have_the_promised_shape_and_type(walker):
    users, items = walker.encode_users(histories_of(walks(5))), walker.encode_items(table(ITEMS))
    assert (users.shape, users.dtype) == ((5, 16), np.float32)
    assert (items.shape, items.dtype) == ((ITEMS, 16), np.float32)


def test_only_the_newest_items_count(walker):
    newest = [(3 + step) % ITEMS for step in range(12)]
    users = walker.encode_users(histories_of([[5, 1, 1, 9, *newest], [*range(8), *newest], newest]))
    assert np.array_equal(users[0], users[2])
    assert np.array_equal(users[1], users[2])


def test_a_user_without_a_history_gets_what_people_start_with():
    lists = [[6, *range(n % 4)] for n in range(80)]
    encoder = fitted(fit_data(lists, validation=False))
    assert best(encoder, [[]]) == [6]


def test_items_without_a_vector_of_their_own_score_like_the_average_item():
    encoder = fitted(fit_data(walks(60), items=ITEMS + 2))
    vectors = encoder.encode_items(table(ITEMS + 3))
    for new in (ITEMS, ITEMS + 1, ITEMS + 2):
        np.testing.assert_allclose(vectors[new], vectors[:ITEMS].mean(0), atol=1e-6)
    users = encoder.encode_users(histories_of([[1, 2, ITEMS + 1], [1, 2, ITEMS + 2]]))
    assert np.isfinite(users).all()
    assert np.array_equal(users[0], users[1])


def test_a_row_is_the_same_bits_alone_in_any_company_and_on_any_number_of_threads(walker):
    lists = [*walks(40, seed=5), [], [3]]
    together = walker.encode_users(histories_of(lists))
    order = np.random.default_rng(0).permutation(len(lists))
    assert np.array_equal(walker.encode_users(histories_of(lists).take(order)), together[order])
    alone = [walker.encode_users(histories_of([items]))[0] for items in lists]
    assert np.array_equal(alone, together)
    before = torch.get_num_threads()
    torch.set_num_threads(before % 2 + 1)
    try:
        assert np.array_equal(walker.encode_users(histories_of(lists)), together)
    finally:
        torch.set_num_threads(before)
    with ThreadPoolExecutor(4) as pool:
        for users in pool.map(lambda _: walker.encode_users(histories_of(lists)), range(8)):
            assert np.array_equal(users, together)


def test_the_state_brings_the_same_encoder_back_also_beside_new_items(walker):
    state = walker.state()
    again = TransformerEncoder(walker.config)
    again.restore(State(dict(state.arrays), dict(state.meta)), table(ITEMS + 4))
    histories = histories_of(walks(9))
    assert np.array_equal(again.encode_users(histories), walker.encode_users(histories))
    assert np.array_equal(again.encode_items(table(ITEMS + 4))[:ITEMS], walker.encode_items(table(ITEMS)))
    assert {key: value.tobytes() for key, value in again.state().arrays.items()} == {
        key: value.tobytes() for key, value in state.arrays.items()
    }


def test_a_state_from_before_a_field_existed_had_its_default(walker):
    later = ("similarity", "time_bias")
    old = State(walker.state().arrays, {key: value for key, value in walker.state().meta.items() if key not in later})
    TransformerEncoder(walker.config).restore(old, table(ITEMS))
    cosine = TransformerEncoder(TransformerConfig(**(SMALL | {"similarity": "cosine"})))
    with pytest.raises(ArtifactError, match="fitted with similarity = dot, the configuration has cosine"):
        cosine.restore(old, table(ITEMS))


def test_a_state_that_does_not_fit_is_refused(walker):
    with pytest.raises(ArtifactError, match="item table has 3 rows"):
        TransformerEncoder(walker.config).restore(walker.state(), table(3))
    for field, value in (("width", 8), ("heads", 1), ("positions", "rotary"), ("block", "gelu")):
        other = TransformerEncoder(TransformerConfig(**(SMALL | {field: value})))
        with pytest.raises(ArtifactError, match=f"fitted with {field} = .*, the configuration has {value}"):
            other.restore(walker.state(), table(ITEMS))
    damaged = State({"known": walker.state().arrays["known"]}, walker.state().meta)
    with pytest.raises(ArtifactError, match="incomplete"):
        TransformerEncoder(walker.config).restore(damaged, table(ITEMS))
    with pytest.raises(ArtifactError, match="not fitted"):
        TransformerEncoder(walker.config).encode_users(histories_of([[1]]))


def test_the_same_seed_is_the_same_encoder_and_no_global_generator_is_touched():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    runs = [fitted(fit_data(walks(30)), RunContext(seed=seed), epochs=2) for seed in (4, 4, 5)]
    vectors = [run.encode_items(table(ITEMS)) for run in runs]
    assert np.array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])
    assert torch.equal(torch.random.get_rng_state(), before)


class StopAfter:
    """Progress that asks for the end after some epochs."""

    def __init__(self, stop, epochs):
        self.stop, self.left, self.notes = stop, epochs, []

    def bar(self, title, total=None):
        return self

    def advance(self, steps=1, note=""):
        self.notes.append(note)
        self.left -= steps
        if self.left <= 0:
            self.stop.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_an_interrupted_fit_goes_on_to_the_same_encoder(tmp_path):
    data = fit_data(walks(40))
    expected = fitted(data).encode_items(table(ITEMS))
    stop = threading.Event()
    progress = StopAfter(stop, 3)
    with pytest.raises(Interrupted):
        fitted(data, RunContext(folder=tmp_path, stop=stop, progress=progress))
    assert "validation" in progress.notes[-1]
    assert len(list(tmp_path.iterdir())) == 1
    progress = StopAfter(threading.Event(), 1)
    resumed = fitted(data, RunContext(folder=tmp_path, progress=progress))
    assert progress.notes[0] == "resumed"
    assert np.array_equal(resumed.encode_items(table(ITEMS)), expected)
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_configuration_or_of_other_data_is_not_used(tmp_path):
    stop = threading.Event()
    with pytest.raises(Interrupted):
        fitted(fit_data(walks(40)), RunContext(folder=tmp_path, stop=stop, progress=StopAfter(stop, 1)))
    for data, changes in ((fit_data(walks(40)), {"width": 8}), (fit_data(walks(40, seed=1)), {})):
        progress = StopAfter(threading.Event(), 1)
        fitted(data, RunContext(folder=tmp_path, progress=progress), epochs=8, **changes)
        assert progress.notes[0] != "resumed"


def test_without_any_event_there_is_nothing_to_learn():
    with pytest.raises(DataError, match="no history event"):
        fitted(fit_data([[], []], validation=False))


def test_empty_histories_and_histories_of_one_event_are_fine():
    encoder = fitted(fit_data([[1], [2], [], [3, 4]], validation=False), epochs=1)
    assert np.isfinite(encoder.encode_users(histories_of([[], [1], [1, 2, 3]]))).all()


@pytest.mark.parametrize(
    ("key", "value"),
    [("heads", 3), ("final_learning_rate", 1.0), ("dropout", 1.0), ("loss", "bpr"), ("depth", 2)],
)
def test_a_configuration_that_cannot_run_is_refused(key, value):
    with pytest.raises(ValidationError, match=key):
        TransformerConfig(**{key: value})


def test_every_field_is_described():
    assert all(field.description for field in TransformerConfig.model_fields.values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_fits_on_cuda_and_encodes_on_the_cpu():
    encoder = fitted(fit_data(walks(150)), RunContext(device="cuda"))
    assert best(encoder, [[2, 3, 4]]) == [5]


def test_a_repeated_request_is_encoded_once(walker, monkeypatch):
    asked = histories_of(walks(5))
    alone = walker.encode_users(asked)
    calls, at = [], walker._model.at
    monkeypatch.setattr(walker._model, "at", lambda *given: calls.append(1) or at(*given))
    rows = np.resize([3], 32)
    np.testing.assert_array_equal(walker.encode_users(asked.take(rows)), alone[rows])
    assert len(calls) == 1
    rows = np.array([0, 4, 0, 2, 4])
    np.testing.assert_array_equal(walker.encode_users(asked.take(rows)), alone[rows])
