"""evaluate(): anybody's DataFrames in, values with intervals out, and a sentence for whatever is wrong."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.contracts import ComponentRef
from paretorec.errors import ComponentNotFound, ConfigError, DataError
from paretorec.evaluation import DEFAULT_METRICS, evaluate

RECOMMENDED = pd.DataFrame(
    {"user_id": ["ann", "ann", "ben", "zoe"], "item_id": ["i1", "i2", "i3", "i1"], "rank": [1, 2, 1, 1]}
)
TRUTH = pd.DataFrame(
    {
        "user_id": ["ann", "ben", "ben", "cat"],
        "item_id": ["i2", "i3", "i4", "i1"],
        "click": [1, 1, 0, 1],
        "sales": [2.5, 1.0, np.nan, 4.0],
    }
)
ITEMS = pd.DataFrame({"item_id": ["i1", "i2", "i3", "i4", "i5"], "brand": list("aabbc"), "price": [1, 2, 3, 4, 5]})
BEFORE = pd.DataFrame({"user_id": ["ann", "ben", "ben", "dan"], "item_id": ["i1", "i3", "i4", "i1"]})


def values(*tables, **options):
    out = evaluate(*tables, **options)
    return dict(zip(out["metric"], out["value"], strict=True))


def test_users_of_the_truth_count_once_each_and_no_others():
    out = evaluate(RECOMMENDED, TRUTH, metrics=("hit-rate@2", "mrr@2", "revenue@1"))
    assert out["value"].tolist() == [pytest.approx(2 / 3), pytest.approx(0.5), pytest.approx(1 / 3)]
    assert out["users"].tolist() == [3, 3, 3]
    assert out.attrs == {
        "users": 3,
        "without_list": 1,
        "left_out": 1,
        "confidence": 0.95,
        "events": {"click": "binary", "sales": "amount"},
    }


def test_the_first_metrics_that_one_asks_for_are_the_default():
    out = evaluate(RECOMMENDED, TRUTH)
    assert out["metric"].tolist() == list(DEFAULT_METRICS)


def test_scores_order_lists_like_ranks_and_equal_scores_keep_the_order_of_rows():
    scored = RECOMMENDED.drop(columns="rank").assign(score=[0.9, 0.2, 0.5, 0.1])
    assert values(scored, TRUTH) == values(RECOMMENDED, TRUTH)
    tied = pd.DataFrame({"user_id": ["ann"] * 2, "item_id": ["i1", "i2"], "score": [0.5, 0.5]})
    assert values(tied, TRUTH, metrics="hit-rate@1")["hit-rate@1"] == 0
    assert values(tied[::-1], TRUTH, metrics="hit-rate@1")["hit-rate@1"] == pytest.approx(1 / 3)


def test_an_id_is_the_same_as_number_and_as_text():
    numbers = pd.DataFrame({"user_id": [1, 2], "item_id": [7.0, 8.0], "rank": [1, 1]})
    texts = pd.DataFrame({"user_id": ["1", "2"], "item_id": ["7", "8"]})
    assert values(numbers, texts, metrics="recall@1") == {"recall@1": 1}


def test_rows_of_one_user_and_item_are_one_target_with_amounts_added():
    truth = pd.DataFrame(
        {"user_id": ["u"] * 3, "item_id": ["i", "i", "j"], "sales": [1.5, 2.5, 9.0], "click": [0, 1, 1]}
    )
    listed = pd.DataFrame({"user_id": ["u"], "item_id": ["i"], "rank": [1]})
    found = values(listed, truth, metrics=("recall@1", "click-rate@1", "revenue@1"))
    assert found == {"recall@1": 0.5, "click-rate@1": 1, "revenue@1": 4}


def test_label_columns_can_be_named_with_their_kinds():
    truth = TRUTH.assign(stars=[5, 1, 3, 4])
    with pytest.raises(ConfigError, match="one of sales, stars"):
        evaluate(RECOMMENDED, truth, metrics="revenue@2")
    kinds = {"sales": "amount", "stars": "ordinal"}
    assert values(RECOMMENDED, truth, metrics="revenue@2", events=kinds)["revenue@2"] == pytest.approx(3.5 / 3)
    by_name = values(RECOMMENDED, truth, metrics=["revenue:event=stars@2", "ndcg:event=stars:gain=linear@2"])
    assert by_name["revenue:event=stars@2"] == pytest.approx(6 / 3)


def test_times_and_row_numbers_are_no_labels():
    timed = TRUTH[["user_id", "item_id"]].assign(**{"time": 1_700_000_000, "Unnamed: 0": range(4)})
    assert values(RECOMMENDED, timed, metrics="recall@2") == values(
        RECOMMENDED, TRUTH[["user_id", "item_id"]], metrics="recall@2"
    )


def test_metrics_of_items_and_of_the_past():
    wanted = ["coverage@2", "gini@2", "intra-list-diversity@2", "novelty:bits=true@1", "discovery@2"]
    found = values(RECOMMENDED, TRUTH, metrics=wanted, items=ITEMS, interactions=BEFORE)
    assert found["coverage@2"] == pytest.approx(3 / 5)
    assert found["gini@2"] == pytest.approx(2 / 5)
    assert found["intra-list-diversity@2"] == 0  # the one list of two items is of one brand
    assert found["novelty:bits=true@1"] == pytest.approx((1 + 2 + 0) / 3)  # half and a quarter of all interactions
    assert found["discovery@2"] == pytest.approx(1 / 6)  # ben had i3 before


def test_titles_are_no_category_and_unknown_items_join_the_catalogue():
    items = pd.DataFrame({"item_id": range(80), "title": [f"Item {i}" for i in range(80)], "brand": ["a", "b"] * 40})
    listed = pd.DataFrame({"user_id": "u", "item_id": [0, 2, 999], "rank": [1, 2, 3]})
    truth = pd.DataFrame({"user_id": ["u"], "item_id": [0]})
    found = values(
        listed, truth, metrics=["intra-list-diversity@2", "intra-list-diversity@3", "coverage@3"], items=items
    )
    assert found["intra-list-diversity@2"] == 0  # one brand, though two titles
    assert found["intra-list-diversity@3"] == pytest.approx(2 / 3)
    assert found["coverage@3"] == pytest.approx(3 / 81)


def test_component_references_carry_params():
    refs = [
        ComponentRef(use="ndcg", name="by-sales", params={"event": "sales", "gain": "linear"}),
        ComponentRef(use="paretorec/recall"),
    ]
    found = values(RECOMMENDED, TRUTH, metrics=refs, k=2)
    assert list(found) == ["by-sales@2", "recall@2"]


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing_where_ranks_differ(random):
    rng = np.random.default_rng(random.randint(0, 10**6))
    pairs = np.array(list(itertools.product(range(12), range(9))))
    listed = pd.DataFrame(pairs[rng.random(len(pairs)) < 0.5], columns=["user_id", "item_id"])
    listed["rank"] = rng.permutation(len(listed))
    truth = pd.DataFrame(pairs[rng.random(len(pairs)) < 0.3], columns=["user_id", "item_id"])
    if listed.empty or truth.empty:
        return
    one = values(listed, truth)
    other = values(listed.sample(frac=1, random_state=1), truth.sample(frac=1, random_state=2))
    assert other == pytest.approx(one, abs=1e-12)


def many(rng, users=200, lift=0.0):
    """Lists of one item; a hit with a probability that differs between users, `lift` higher in the second system."""
    chance = rng.beta(2, 5, users)
    first, second = rng.random((2, users))
    systems = [
        pd.DataFrame({"user_id": range(users), "item_id": np.where(hit, 1, 0), "rank": 1})
        for hit in (first < chance, second < chance + lift)
    ]
    return *systems, pd.DataFrame({"user_id": range(users), "item_id": 1})


def test_intervals_hold_the_true_value_as_often_as_they_say():
    held = []
    for draw in range(60):
        old, new, truth = many(np.random.default_rng(draw), lift=0.1)
        row = evaluate(new, truth, metrics="precision@1", versus=old, seed=draw).iloc[0]
        held.append((row["low"] <= 2 / 7 + 0.1 <= row["high"], row["change_low"] <= 0.1 <= row["change_high"]))
    assert (np.mean(held, axis=0) >= 0.88).all()  # 95 % of 60 minus two and a half standard errors
    assert np.mean(held) < 1


def test_changes_are_paired_by_user():
    rng = np.random.default_rng(3)
    taste = rng.random(300) < 0.5
    old = pd.DataFrame({"user_id": range(300), "item_id": np.where(taste, 1, 0), "rank": 1})
    new = old.assign(item_id=np.where(rng.random(300) < 0.05, 1, old["item_id"]))
    truth = pd.DataFrame({"user_id": range(300), "item_id": 1})
    row = evaluate(new, truth, metrics="hit-rate@1", versus=old).iloc[0]
    assert row["change"] == pytest.approx(row["value"] - row["versus_value"])
    assert 0 < row["change_low"] < row["change"] < row["change_high"]
    assert row["change_high"] - row["change_low"] < (row["high"] - row["low"]) / 2


def test_comparing_lists_with_themselves_changes_nothing():
    out = evaluate(RECOMMENDED, TRUTH, metrics=("ndcg@2", "coverage@2"), versus=RECOMMENDED, items=ITEMS)
    assert (out[["change", "change_low", "change_high"]] == 0).all(axis=None)


def test_the_spread_of_coverage_is_that_of_fresh_users():
    def lists(rng):
        return pd.DataFrame({"user_id": range(300), "item_id": rng.zipf(1.6, 300) % 400, "rank": 1})

    truth, items = pd.DataFrame({"user_id": range(300), "item_id": 1}), pd.DataFrame({"item_id": range(400)})
    drawn = [values(lists(np.random.default_rng(s)), truth, metrics="coverage@1", items=items) for s in range(40)]
    row = evaluate(lists(np.random.default_rng(99)), truth, metrics="coverage@1", items=items).iloc[0]
    spread = np.std([found["coverage@1"] for found in drawn]) * 2 * 1.96
    assert row["high"] - row["low"] == pytest.approx(spread, rel=0.5)


def test_the_same_seed_gives_the_same_intervals():
    old, new, truth = many(np.random.default_rng(0))
    one, again = (evaluate(new, truth, versus=old, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one, again)
    assert not one.equals(evaluate(new, truth, versus=old, seed=6))


def test_one_user_has_values_and_no_intervals():
    row = evaluate(RECOMMENDED, TRUTH[:1], metrics="hit-rate@2").iloc[0]
    assert row["value"] == 1
    assert np.isnan([row["low"], row["high"]]).all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            {"recommendations": RECOMMENDED.rename(columns={"item_id": "sku"})},
            DataError,
            "'item_id'.*user_id, sku, rank",
        ),
        ({"recommendations": RECOMMENDED.drop(columns="rank")}, DataError, "'rank'.*'score'.*user_id, item_id"),
        ({"recommendations": RECOMMENDED[:0]}, DataError, "recommendations: there is no row"),
        ({"recommendations": [1, 2]}, DataError, "a pandas DataFrame is needed, this is a list"),
        ({"recommendations": pd.concat([RECOMMENDED, RECOMMENDED[1:2]])}, DataError, "row 5 .* second time"),
        ({"recommendations": RECOMMENDED.assign(rank=[1, np.nan, 1, 1])}, DataError, "'rank' is nan in row 2"),
        ({"versus": RECOMMENDED.assign(user_id=[None, "a", "b", "c"])}, DataError, "versus: 'user_id' .* row 1"),
        ({"truth": TRUTH[:0]}, DataError, "truth: there is no row"),
        ({"truth": TRUTH.assign(sales=[1, 2, np.inf, 4])}, DataError, "'sales' is inf in row 3"),
        ({"events": {"clicks": "binary"}}, DataError, "'clicks'.*has user_id, item_id, click, sales"),
        ({"events": {"click": "maybe"}}, DataError, "'maybe'; kinds are binary, amount and ordinal"),
        ({"items": pd.concat([ITEMS, ITEMS[:1]])}, DataError, "items: row 6 .* second time"),
        ({"metrics": "ndgc@10"}, ComponentNotFound, "did you mean 'ndcg'"),
        ({"metrics": "ndcg@ten"}, ConfigError, "k = ten is not a whole number above 0"),
        ({"metrics": ""}, ConfigError, "no metric is named"),
        ({"metrics": "ndcg:gian=linear@5"}, ConfigError, "gian.*did you mean 'gain'"),
        ({"metrics": "ndcg@5,ndcg@5"}, ConfigError, "asked for twice"),
        ({"metrics": "coverage@5"}, ConfigError, "coverage@5 needs to know the catalogue: give items"),
        ({"metrics": "novelty@5"}, ConfigError, "give earlier interactions"),
        ({"metrics": "discovery@5"}, ConfigError, "give their earlier interactions"),
        ({"metrics": "revenue@5", "truth": TRUTH.drop(columns="sales")}, ConfigError, "needs an amount.*only click"),
        ({"confidence": 95}, ConfigError, "between 0 and 1"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(change, error, words):
    options = {"recommendations": RECOMMENDED, "truth": TRUTH} | change
    with pytest.raises(error, match=words) as caught:
        evaluate(options.pop("recommendations"), options.pop("truth"), **options)
    assert "\n" not in str(caught.value)
