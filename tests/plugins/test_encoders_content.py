"""`bag-of-words`, `tf-idf` and `attributes`: scikit-learn's numbers, every script, items that nobody took."""

import numpy as np
import pytest
from encoder_histories import fit_data, histories
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from paretorec.contracts import MISSING, Category, ComponentRef, ItemTable, RunContext
from paretorec.errors import DataError
from paretorec.registry import Registry
from paretorec_plugins.content.words import terms

TITLES = ["Red shoes", "red RED hat", "Blue hat, wool", "", "Wool socks (2)", "green tea"]
KIND = Category(np.array([1, 2, 2, 0, 1, 3], np.int32), (MISSING, "feet", "head", "food|drink"))
PRICE = np.array([10, 20, 30, 20, 40, 900], np.float32)
PASTS = [[(0, 9), (1, 2)], [(1, 5), (2, 4), (3, 3)], [(4, 1)]]  # nobody took the last item


def table(titles=TITLES, **changes):
    count = len(titles)
    columns = {
        "texts": {"title": np.array(titles, object)},
        "categories": {"kind": Category(np.resize(KIND.codes, count), KIND.names)},
        "numbers": {"price": np.resize(PRICE, count)},
    }
    return ItemTable(np.array([f"i{n}" for n in range(count)], object), np.zeros(count, np.int64), **columns | changes)


def make(name, **params):
    return Registry().build("encoder", ComponentRef(use=name, params=params)).component


def fitted(name, items=None, pasts=PASTS, **params):
    items = table() if items is None else items
    data = fit_data(pasts, len(items))
    encoder = make(name, **params)
    encoder.fit(type(data)(**{**vars(data), "items": items}), RunContext())
    return encoder


@pytest.mark.parametrize(
    ("name", "vectorizer", "params"),
    [
        ("bag-of-words", CountVectorizer, {}),
        ("tf-idf", TfidfVectorizer, {}),
        ("tf-idf", TfidfVectorizer, {"sublinear": True}),
    ],
)
def test_scores_are_cosines_of_scikit_learns_vectors_fitted_on_training_items(name, vectorizer, params):
    encoder = fitted(name, columns=["title"], min_items=1, half_life_days=5, **params)
    own = {"sublinear_tf": True} if params else {}
    model = vectorizer(token_pattern=r"\w+", **own).fit(TITLES[:5])
    assert encoder.terms == model.get_feature_names_out().tolist()

    def unit(rows):
        return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)

    vectors = unit(model.transform(TITLES).toarray())
    user = unit(0.5 ** (7 / 5) * vectors[0] + vectors[1])
    np.testing.assert_allclose(encoder.score(histories(PASTS[:1]), None)[0], vectors @ user, 1e-5, 1e-7)


def test_rare_words_count_more_in_tf_idf():
    titles = ["hat red", "hat blue", "hat red", "wool blue", "hat cap", "socks"]
    past = [[(1, 1)], [(0, 2)], [(2, 1)], [(3, 1)], [(4, 1)]]
    alike = {
        name: fitted(name, table(titles), past, columns=["title"], min_items=1).score(histories([[(1, 1)]]), None)[0]
        for name in ("bag-of-words", "tf-idf")
    }
    assert alike["bag-of-words"][3] == alike["bag-of-words"][0]  # one word in common, either way
    assert alike["tf-idf"][3] > alike["tf-idf"][0]  # blue is rarer than hat


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Kaffee & Kuchen, 2-mal", ["kaffee", "kuchen", "2", "mal"]),
        ("ＦＵＬＬ Ⅷ straße", ["full", "viii", "strasse"]),
        ("हिन्दी किताब", ["हिन्दी", "किताब"]),  # marks belong to their word
        ("한국어 책", ["한국어", "책"]),
        ("咖啡豆500g", ["咖啡", "啡豆", "500g"]),
        ("茶", ["茶"]),
        ("コーヒー豆", ["コー", "ーヒ", "ヒー", "ー豆"]),
        ("ชาเย็น", ["ชา", "าเ", "เย", "ย็", "็น"]),
        ("... !? ", []),
    ],
)
def test_words_in_every_script(text, wanted):
    assert terms(text, 2) == wanted


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40), st.integers(1, 3))
def test_terms_hold_letters_and_digits_alone_and_never_fail(text, ngram):
    found = terms(text, ngram)
    assert all(one and not any(letter.isspace() for letter in one) for one in found)
    assert found == terms(text, ngram)


def test_chinese_titles_are_found_alike():
    titles = ["红色运动鞋", "蓝色运动鞋", "咖啡豆", "红色帽子"]
    encoder = fitted("tf-idf", table(titles), [[(0, 1)], [(1, 1)], [(2, 1)], [(3, 1)]], columns=["title"], min_items=1)
    scores = encoder.score(histories([[(0, 1)]]), None)[0]
    assert scores[1] > scores[3] > scores[2] == 0


def test_tags_are_whole_values_and_several_where_a_separator_parts_them():
    one = fitted("bag-of-words", columns=["kind"], min_items=1)
    assert one.terms == ["kind=feet", "kind=head"]  # the food was never taken, and missing is no tag
    kinds = Category(np.array([1, 2, 3, 0, 3, 2], np.int32), (MISSING, "food|drink", "food", "drink | hot"))
    several = fitted("bag-of-words", table(categories={"kind": kinds}), columns=["kind"], separator="|", min_items=1)
    assert several.terms == ["kind=drink", "kind=food", "kind=hot"]
    scores = several.score(histories([[(0, 1)], [(3, 1)]]), None)
    np.testing.assert_allclose(scores[0], [1, 0.5**0.5, 0.5, 0, 0.5, 0.5**0.5], 1e-6)
    assert not scores[1].any()


@pytest.mark.parametrize("name", ["bag-of-words", "tf-idf", "attributes"])
def test_items_that_join_later_are_scored_by_their_content_and_change_nothing(name):
    encoder, again = fitted(name), make(name)
    longer = table(
        [*TITLES, "red shoes", "unheard of"],
        categories={"kind": Category(np.array([*KIND.codes, 1, 4], np.int32), (*KIND.names, "new"))},
        numbers={"price": np.array([*PRICE, 10, 20], np.float32)},
    )
    again.restore(encoder.state(), longer)

    def scores(one, items, pasts):
        if name != "attributes":
            return one.score(histories(pasts), None)
        return one.encode_users(histories(pasts)) @ one.encode_items(items).T

    np.testing.assert_allclose(scores(again, longer, PASTS)[:, :6], scores(encoder, table(), PASTS), 1e-6, 1e-7)
    alone = scores(again, longer, [[(0, 1)], [(6, 1)]])
    np.testing.assert_allclose(alone[:, 6], alone[:, 0], 1e-6)
    np.testing.assert_allclose(alone[0], alone[1], 1e-6)
    assert alone[0, 6] == alone[0].max()


def test_attributes_are_one_hot_names_and_numbers_in_deviations_of_training_items():
    encoder = fitted("attributes")
    vectors = encoder.encode_items(table())
    mean, deviation = PRICE[:5].mean(), PRICE[:5].std()
    rows = np.zeros((6, 3))
    rows[[0, 4], 0] = rows[[1, 2], 1] = 1
    rows[:, 2] = np.clip((PRICE - mean) / deviation, -3, 3) / 3
    np.testing.assert_allclose(vectors, rows / np.linalg.norm(rows, axis=1, keepdims=True), 1e-5)
    assert vectors[3, :2].tolist() == [0, 0]  # missing
    user = 0.5 ** (7 / 120) * vectors[0] + vectors[1]
    np.testing.assert_allclose(encoder.encode_users(histories(PASTS[:1]))[0], user / np.linalg.norm(user), 1e-5)


def test_many_names_are_hashed_into_buckets_and_new_names_have_a_place():
    names = (MISSING, *(f"brand {n}" for n in range(40)))
    items = table(["x"] * 40, categories={"brand": Category(np.arange(40, dtype=np.int32), names)}, numbers={})
    encoder = fitted("attributes", items, [[(n, 1)] for n in range(30)], max_names=10, buckets=16)
    vectors = encoder.encode_items(items)
    assert vectors.shape == (40, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [0, *[1] * 39], 1e-6)
    assert len({tuple(row) for row in vectors}) > 17  # signs tell apart what shares a bucket


def test_a_number_that_never_varies_or_is_not_finite_says_nothing():
    items = table(
        numbers={"price": np.full(6, 5, np.float32), "size": np.array([1, np.nan, 3, 2, np.inf, 1], np.float32)}
    )
    vectors = fitted("attributes", items, columns=["price", "size"]).encode_items(items)
    assert np.isfinite(vectors).all()
    assert not vectors[:, 0].any()
    assert not vectors[[1, 4]].any()


@pytest.mark.parametrize(
    ("name", "items", "params", "message"),
    [
        ("tf-idf", table(texts={}, categories={}), {}, "the items have no text or category columns; name some in"),
        (
            "bag-of-words",
            table(),
            {"columns": ["colour"]},
            r"'colour', which is no text or category column .*title",
        ),
        ("tf-idf", table([""] * 6), {"columns": ["title"]}, "no word or tag in title is in 2 training items"),
        ("attributes", table(categories={}, numbers={}), {}, "the items have no category or number columns"),
        ("attributes", table(), {"columns": ["title"]}, "'title', which is no category or number column"),
    ],
)
def test_items_without_content_are_an_error_that_names_the_column(name, items, params, message):
    with pytest.raises(DataError, match=message):
        fitted(name, items, **params)
