"""Item features beside the ID: what is measured, what items never seen get, and what cannot be read."""

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from test_transformer import ITEMS, SMALL, StopAfter, fit_data, fitted, histories_of, walks

from paretorec.contracts import MISSING, Category, ItemTable, RunContext
from paretorec.errors import ArtifactError, DataError, Interrupted
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.features import ItemFeatures
from paretorec_plugins.sequence.inputs import Inputs
from paretorec_plugins.sequence.network import Network

NAMES = (MISSING, "even", "odd", "odd|late", "new")
BOTH = {"features": ("parity", "price")}


def catalogue(parity, price, **columns):
    """An item table: of each item the number of its name in NAMES, and its price."""
    return ItemTable(
        ids=np.array([f"i{code}" for code in range(len(parity))], object),
        first_seen=np.zeros(len(parity), np.int64),
        categories={"parity": Category(np.array(parity, np.int32), NAMES)},
        numbers={"price": np.array(price, np.float32)},
        **columns,
    )


PARITY = [1, 2] * (ITEMS // 2)
PRICE = list(range(ITEMS))
PLAIN = catalogue(PARITY, PRICE)


def data_of(items=PLAIN, lists=None, validation=False):
    lists = walks(80) if lists is None else lists
    return replace(fit_data(lists, len(items), validation), items=items)


def vectors_file(path, rows):
    """rows: id -> vector."""
    frame = pd.DataFrame(list(rows.values())).add_prefix("v")
    frame.assign(item_id=list(rows)).to_csv(path, index=False)
    return str(path)


def circle(count, of=ITEMS):
    """A vector for each item: its place on the circle that everybody walks."""
    return {f"i{n}": (np.cos(2 * np.pi * n / of), np.sin(2 * np.pi * n / of), float(n % 2)) for n in range(count)}


def plain_said(model, config, items, seen):
    """What features say of each item, from the definition: [N, d]."""
    weights = {name: value.double().numpy() for name, value in model.state_dict().items()}
    category = items.categories["parity"]

    def parts(name):
        return name.split(config.separator) if config.separator else [name]

    names = sorted({part for code in category.codes[seen] for part in parts(category.names[code])})
    shares = np.zeros((len(items), len(names)))
    for row, code in enumerate(category.codes):
        found = [part for part in parts(category.names[code]) if part in names]
        for part in found:
            shares[row, names.index(part)] = 1 / len(found)
    unknown = shares.sum(1) == 0
    shares[unknown] = shares[seen].mean(0)
    price = items.numbers["price"].astype(float)
    inside = price[seen][np.isfinite(price[seen])]
    scaled = np.clip((price - inside.mean()) / inside.std(), -3, 3)
    columns = [np.where(np.isfinite(price), scaled, 0)]
    if not np.isfinite(price[seen]).all():
        columns.append(~np.isfinite(price))
    dense = np.stack(columns, axis=1)
    return shares @ weights["tokens.features.names.0.weight"] + dense @ weights["tokens.features.dense.weight"]


@pytest.mark.parametrize("separator", ["", "|"])
@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("use_ids", [False, True])
def test_item_vectors_are_those_of_the_definition(separator, gap, use_ids):
    parity = [*PARITY[:-2], 3, 0, 4, 2, 0, 3]  # two with a name of its own, and four never seen
    price = [*PRICE[:-2], np.nan if gap else 3.0, 90, 4, np.nan, 5, -90]
    items = catalogue(parity, price)
    seen = np.arange(ITEMS)
    config = TransformerConfig(width=8, separator=separator, use_ids=use_ids, **BOTH)
    features = ItemFeatures.measure(config, items, seen)
    described = features.describe(items)
    generator = torch.Generator().manual_seed(0)
    model = Network(ITEMS, config, generator, features=described.take(seen)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(generator=generator)
        own = model.tokens.weight[1:].double().numpy() if use_ids else np.zeros((1, 8))
        warm, cold = model.item_vectors.numpy(), model.tokens.never_seen(described).numpy()
    expected = plain_said(model, config, items, seen)
    np.testing.assert_allclose(warm, expected[:ITEMS] + own, atol=1e-5)
    np.testing.assert_allclose(cold, expected + own.mean(0), atol=1e-5)
    assert described.known.all()


@pytest.fixture(scope="module")
def by_features():
    """Fitted without IDs."""
    return fitted(data_of(), use_ids=False, **BOTH)


def test_an_old_item_through_the_cold_path_is_what_it_is_through_the_warm_one(by_features):
    twins = catalogue(PARITY * 2, PRICE * 2)
    again = TransformerEncoder(by_features.config)
    again.restore(by_features.state(), twins)
    vectors = again.encode_items(twins)
    np.testing.assert_allclose(vectors[ITEMS:], vectors[:ITEMS], atol=1e-6)
    assert len(np.unique(vectors[:ITEMS].round(4), axis=0)) == ITEMS
    histories = histories_of([[1, 2, 3], [1 + ITEMS, 2 + ITEMS, 3 + ITEMS]])
    users = again.encode_users(histories)
    np.testing.assert_allclose(users[1], users[0], atol=1e-5)


def test_new_items_join_and_change_nothing_for_old_ones():
    encoder = fitted(data_of(), **BOTH)
    longer = catalogue([*PARITY, 1, 4], [*PRICE, 3.5, np.nan])
    again = TransformerEncoder(encoder.config)
    again.restore(encoder.state(), longer)
    vectors = again.encode_items(longer)
    assert np.array_equal(vectors[:ITEMS], encoder.encode_items(PLAIN))
    np.testing.assert_allclose(vectors, encoder.encode_items(longer), atol=1e-6)  # also where nothing was restored
    np.testing.assert_allclose(vectors[ITEMS + 1], vectors[:ITEMS].mean(0), atol=1e-6)  # nothing is known of it
    assert np.abs(vectors[ITEMS] - vectors[:ITEMS].mean(0)).max() > 1e-3
    old = histories_of([[1, 2, 3], []])
    assert np.array_equal(again.encode_users(old), encoder.encode_users(old))
    new = again.encode_users(histories_of([[1, 2, ITEMS], [1, 2, ITEMS + 1], [1, 2, 77]]))
    assert not np.array_equal(new[0], new[1])
    np.testing.assert_allclose(new[1], new[2], atol=1e-5)
    assert {key: value.tobytes() for key, value in again.state().arrays.items()} == {
        key: value.tobytes() for key, value in encoder.state().arrays.items()
    }


def test_an_item_never_seen_is_proposed_where_its_vector_says_that_it_comes_next(tmp_path):
    new = 4
    lists = [[item for item in walk if item != new] for walk in walks(200)]
    path = vectors_file(tmp_path / "v.csv", circle(ITEMS))
    encoder = fitted(data_of(lists=lists), item_vectors=path, id_dropout=0.5, epochs=12)
    scores = encoder.encode_users(histories_of([[1, 2, 3], [7, 8, 9]])) @ encoder.encode_items(PLAIN).T
    assert (scores[0].argsort()[::-1][:2] == new).any()
    assert scores[1].argsort()[::-1].tolist().index(new) > 4


def test_vectors_come_from_the_state_and_those_of_new_items_from_the_file(tmp_path):
    path = tmp_path / "v.csv"
    encoder = fitted(data_of(), item_vectors=vectors_file(path, circle(ITEMS)), epochs=1)
    path.unlink()
    again = TransformerEncoder(encoder.config)
    again.restore(encoder.state(), PLAIN)
    assert np.array_equal(again.encode_items(PLAIN), encoder.encode_items(PLAIN))
    longer = catalogue([*PARITY, 1], [*PRICE, 0])
    with pytest.raises(DataError, match="there is no such file"):
        again.restore(encoder.state(), longer)
    vectors_file(path, {f"i{ITEMS}": circle(ITEMS)["i2"]})
    again.restore(encoder.state(), longer)
    said = again.encode_items(longer)
    assert np.abs(said[ITEMS] - said[:ITEMS].mean(0)).max() > 1e-4
    vectors_file(path, {f"i{ITEMS}": circle(ITEMS)["i2"][:2]})
    with pytest.raises(DataError, match="has vectors of 2 numbers; encoder transformer was trained with 3"):
        again.restore(encoder.state(), longer)


def test_items_whose_vectors_are_missing_have_a_vector_for_that(tmp_path):
    rows = {key: value for key, value in circle(ITEMS).items() if key not in ("i3", "i5")}
    config = TransformerConfig(width=8, item_vectors=vectors_file(tmp_path / "v.csv", rows))
    described = ItemFeatures.measure(config, PLAIN, np.arange(ITEMS - 1)).describe(PLAIN)
    assert described.dense.shape == (ITEMS, 4)
    assert described.dense[:, 3].nonzero().flatten().tolist() == [3, 5]
    assert not described.dense[[3, 5], :3].any()
    there = described.dense[[0, 1, 2, 4, 6, 7, 8], :3]
    torch.testing.assert_close(there.mean(0), torch.zeros(3))
    torch.testing.assert_close(there.square().sum(1).mean(), torch.ones(()))


def test_before_anything_is_learned_an_item_answers_to_those_alike(tmp_path):
    path = vectors_file(tmp_path / "v.csv", circle(ITEMS))
    config = TransformerConfig(width=64, item_vectors=path, use_ids=False)
    features = ItemFeatures.measure(config, PLAIN, np.arange(ITEMS)).describe(PLAIN)
    model = Network(ITEMS, config, torch.Generator().manual_seed(0), features=features).eval()
    with torch.no_grad():
        hidden = model(Inputs(torch.tensor([[0, item + 1] for item in range(ITEMS)])))[:, 1]
        own = (hidden @ model.item_vectors.T).argsort(descending=True)[:, :3]
    assert (own == torch.arange(ITEMS)[:, None]).any(1).float().mean() > 0.6


@pytest.mark.parametrize("width", [4, 8, 32])
def test_first_vectors_of_items_say_what_their_given_ones_do(tmp_path, width):
    rng = np.random.default_rng(0)
    rows = {f"i{n}": rng.normal(size=12) @ np.diag(0.8 ** np.arange(12)) for n in range(ITEMS)}
    config = TransformerConfig(width=width, item_vectors=vectors_file(tmp_path / "v.csv", rows), use_ids=False)
    features = ItemFeatures.measure(config, PLAIN, np.arange(ITEMS)).describe(PLAIN)
    model = Network(ITEMS, config, torch.Generator().manual_seed(0), features=features)
    dense = features.dense.numpy()
    left, sizes, _ = np.linalg.svd(dense, full_matrices=False)
    nearest = left[:, :width] * sizes[:width] ** 2 @ left[:, :width].T  # of the products, by that many numbers
    found = (model.item_vectors @ model.item_vectors.T).detach().numpy()
    np.testing.assert_allclose(found, nearest * (sizes**2).sum() / (sizes[:width] ** 2).sum(), atol=1e-5)
    np.testing.assert_allclose(np.trace(found), ITEMS, rtol=1e-5)  # as loud as before


def test_dropped_ids_are_others_in_every_step_and_none_once_trained():
    config = TransformerConfig(width=8, id_dropout=0.5, **BOTH)
    features = ItemFeatures.measure(config, PLAIN, np.arange(ITEMS)).describe(PLAIN)
    model = Network(ITEMS, config, torch.Generator().manual_seed(0), features=features)
    with torch.no_grad():
        whole = model.eval().item_vectors
        cold = model.tokens.never_seen(features)
        model.train()
        draws = [(model.item_vectors - cold).abs().amax(1) < 1e-6 for _ in range(40)]
        assert torch.equal(model.eval().item_vectors, whole)
    share = torch.stack(draws).float()
    assert 0.4 < share.mean() < 0.6
    assert share.mean(0).min() > 0.1


def test_an_interrupted_fit_goes_on_to_the_same_encoder(tmp_path):
    data = data_of(lists=walks(30))
    fields = {"id_dropout": 0.5, "epochs": 3, **BOTH}
    expected = fitted(data, **fields).encode_items(PLAIN)
    stop = threading.Event()
    with pytest.raises(Interrupted):
        fitted(data, RunContext(folder=tmp_path, stop=stop, progress=StopAfter(stop, 1)), **fields)
    other = replace(data, items=catalogue(PARITY, PRICE[::-1]))
    progress = StopAfter(threading.Event(), 1)
    fitted(other, RunContext(folder=tmp_path, progress=progress), **fields)
    assert progress.notes[0] != "resumed"  # those were other features
    progress = StopAfter(threading.Event(), 1)
    resumed = fitted(data, RunContext(folder=tmp_path, progress=progress), **fields)
    assert progress.notes[0] == "resumed"
    assert np.array_equal(resumed.encode_items(PLAIN), expected)


TEXTS = catalogue(PARITY, PRICE, texts={"title": np.array(["tea"] * ITEMS, object)})


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            "colour",
            r"features has 'colour', which is no category or number column of the",
        ),
        ("title", r"features has 'title', .*; texts come in as item_vectors"),
    ],
)
def test_a_column_that_is_not_there_is_missed_by_name(column, message):
    with pytest.raises(DataError, match=message):
        fitted(data_of(TEXTS), features=(column,))


def test_a_column_that_new_items_lack_is_missed_by_name(by_features):
    bare = replace(PLAIN, numbers={})
    with pytest.raises(DataError, match="features has 'price'"):
        TransformerEncoder(by_features.config).restore(by_features.state(), bare)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            circle(ITEMS) | {"i4": (1.0, np.nan, 0.0)},
            r"row 5 \(item_id 'i4'\), column 'v1' is nan,",
        ),
        (circle(ITEMS) | {"i4": (1.0, 0.0, np.inf)}, r"row 5 \(item_id 'i4'\), column 'v2' is 'inf'"),
        ({"x": (1.0, 2.0)}, "none of the ids in column 'item_id' is in the data"),
        ({"i9": (1.0, 2.0)}, "has no vector of an item that the fit part has events with"),
    ],
)
def test_vectors_that_do_not_fit_are_refused_with_the_item_and_the_column(tmp_path, rows, message):
    path = vectors_file(tmp_path / "v.csv", rows)
    with pytest.raises(DataError, match=message) as caught:
        fitted(data_of(lists=[[1, 2, 3]]), item_vectors=path)
    assert path in str(caught.value)


def test_the_configuration_of_the_weights_is_that_of_the_encoder(by_features, tmp_path):
    state = by_features.state()
    for changes, message in (
        ({"features": ("price",)}, r"fitted with features = \('parity', 'price'\), the configuration has \('price',\)"),
        ({"use_ids": True}, "fitted with use_ids = False"),
        ({"item_vectors": "v.csv"}, r"fitted without item_vectors, the configuration has 'v\.csv'"),
    ):
        other = TransformerEncoder(by_features.config.model_copy(update=changes))
        with pytest.raises(ArtifactError, match=message):
            other.restore(state, PLAIN)
    with pytest.raises(ValidationError, match="use_ids = false needs features or item_vectors"):
        TransformerConfig(use_ids=False)


@pytest.mark.parametrize("loss", ["full", "sampled"])
def test_odd_catalogues_and_histories_are_learned_and_served(loss):
    one = catalogue([1], [5.0])
    encoder = fitted(data_of(one, [[0], [0, 0]]), epochs=1, loss=loss, **BOTH)
    assert np.isfinite(encoder.encode_users(histories_of([[], [0] * 30, [0, 9]])) @ encoder.encode_items(one).T).all()
    assert SMALL["length"] < 30
