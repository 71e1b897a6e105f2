"""What somebody meets who has a DataFrame and no configuration: the shortest path, and thirteen bad inputs."""

import logging

import numpy as np
import pandas as pd
import pytest

from paretorec import Engine, Recommender
from paretorec.errors import ArtifactError, ConfigError, DataError, NoAnswer

QUICK = {"search": {"evaluations": 40}, "certify": {"resamples": 200}}
SALES = {
    **QUICK,
    "data": {"events": {"purchase": {}, "sales": {"column": "amount", "kind": "amount"}}},
    "objectives": [{"use": "relevance"}, {"use": "sales"}],
}
FEW = np.s_[::100]
MANY = np.s_[::5]


@pytest.fixture
def priced(log):
    return log.assign(amount=np.random.default_rng(1).uniform(1, 9, len(log)))


def spoilt(table, column, value, rows):
    table = table.astype({column: object})
    table.iloc[rows, table.columns.get_loc(column)] = value
    return table


def fitted(table, config=QUICK):
    engine = Engine(config)
    engine.run(interactions=table)
    return engine


def test_five_statements_for_somebody_known_and_one_more_for_somebody_new(log):
    from paretorec import Engine

    engine = Engine()
    engine.run(interactions=log)
    shop = engine.serve()
    known = shop.recommend(users=["12"])

    unseen = shop.recommend(histories={"guest": ["3", "7"]})

    for lists in (known, unseen):
        assert len(lists) == 10
        assert set(lists["basis"]) == {"history"}
    quarter = {str(item) for item in range(10)}
    assert len(quarter & set(known["item_id"])) >= 8, "users take from a quarter of the catalogue"


def test_a_front_serves_whether_a_pick_has_an_answer_or_not(log):
    engine = fitted(log)
    with pytest.raises(NoAnswer, match="no policy qualifies"):
        engine.front.pick(keep={"relevance": "+500%"})
    served = engine.serve().policy
    known = {point.id: point.policy for point in (*engine.front.points, *engine.front.baselines)}
    assert served.to_json() in known.values()
    wish = Engine({**QUICK, "pick": {"maximize": "novelty", "keep": {"relevance": "+500%"}}})
    front = wish.run(interactions=log)
    assert wish.serve().policy.to_json() == front.point(front.baseline).policy


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("user_id", np.nan, "missing user id (first: row 1)"),
        ("time", np.nan, "missing time (first: row 1)"),
        ("time", "soon", "unparsable time (first: row 1, value 'soon')"),
        ("amount", -2.0, "sales below 0 (first: row 1, value '-2.0')"),
    ],
    ids=["NaN users", "NaN times", "unparsable times", "negative weights"],
)
def test_a_few_bad_rows_are_dropped_counted_and_told_and_many_refused(priced, caplog, column, value, reason):
    engine = fitted(spoilt(priced, column, value, FEW), SALES)
    assert engine.data_report["dropped"] == {reason.split(" (")[0]: 15}
    assert caplog.record_tuples == [
        ("paretorec", logging.WARNING, f"the interactions table: 15 of 1500 rows dropped: 15 with {reason}")
    ]
    assert len(engine.fitted.data.user_ids) == 60, "nobody is made up of what is missing"
    with pytest.raises(DataError) as refused:
        fitted(spoilt(priced, column, value, MANY), SALES)
    assert f"300 of 1500 rows (20.0%) had to be dropped, more than [data] max_dropped = 0.05: 300 with {reason}" in str(
        refused.value
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_number_are_not_observed_and_spoil_nothing(priced, value, caplog):
    engine = fitted(spoilt(priced, "amount", value, FEW), SALES)
    assert engine.data_report["not_observed"] == {"sales": 15}
    assert engine.data_report["dropped"] == {}
    warned = ["the interactions table: 15 rows without a number for sales: not observed there"]
    assert caplog.messages == ([] if np.isnan(value) else warned)
    lists = engine.serve().recommend(users=engine.fitted.data.user_ids, k=5)
    assert lists.groupby("user_id").size().eq(5).all()
    assert len(set(lists["user_id"])) == 60
    assert np.isfinite(lists["score"]).all()
    with pytest.raises(ConfigError, match="'sales', which no row of the data has a value of"):
        fitted(priced.assign(amount=value), SALES)


def test_missing_columns_empty_tables_and_what_is_no_table_are_refused(log):
    with pytest.raises(DataError, match=r"column 'item_id' \(\[data\] item\) is missing; it has user_id, time"):
        fitted(log.drop(columns="item_id"))
    for empty in (log.iloc[:0], pd.DataFrame()):
        with pytest.raises(DataError, match="the interactions table has no rows"):
            fitted(empty)
    with pytest.raises(DataError, match="must be a pandas DataFrame, not str; files are read by a"):
        fitted("log.csv")
    with pytest.raises(DataError, match=r"give run\(interactions=\.\.\.\)"):
        Engine().run()
    with pytest.raises(DataError, match=r"give run\(interactions=\.\.\.\) too"):
        Engine().run(items=log)


def test_duplicates_are_merged_and_counted(log):
    engine = fitted(pd.concat([log, log.iloc[:300]]))
    assert engine.data_report["repaired"] == {"rows equal in user, item and time merged": 300}
    assert len(engine.fitted.data) == 1500


def test_one_user_is_too_few(log):
    with pytest.raises(DataError, match="one user only"):
        fitted(log.assign(user_id="u"))


def test_ids_are_the_same_as_numbers_and_as_text(log):
    engine = fitted(log.astype({"user_id": float, "item_id": float}))
    assert engine.data_report["repaired"]["user id: number with .0 taken as whole"] == 1500
    shop = engine.serve()
    lists = [shop.recommend(users=[user], k=3) for user in ("12", 12, 12.0, np.int64(12), np.float64(12), " 12 ")]
    assert all(answer.equals(lists[0]) for answer in lists)
    assert set(lists[0]["basis"]) == {"history"}
    guests = [shop.recommend(histories={"guest": items}, k=3) for items in ([1.0, 2.0], [1, 2], ("1", "2"))]
    assert all(answer.equals(guests[0]) for answer in guests)
    assert set(guests[0]["basis"]) == {"history"}


def test_unknown_users_get_a_list_that_says_so_and_missing_ones_an_error(log):
    shop = fitted(log).serve()
    assert set(shop.recommend(users=["nobody"], k=3)["basis"]) == {"no history"}
    assert shop.recommend(users=[]).empty
    assert shop.recommend(histories={}).empty
    for nobody in (None, np.nan, pd.NA, ""):
        with pytest.raises(ConfigError, match="users: the id at place 2 is missing"):
            shop.recommend(users=["1", nobody])
    for wrong, message in (("12", "users is str"), (12, "users is int")):
        with pytest.raises(ConfigError, match=message):
            shop.recommend(users=wrong)
    with pytest.raises(ConfigError, match=r"histories\['guest'\] is str"):
        shop.recommend(histories={"guest": "12"})
    with pytest.raises(ConfigError, match="histories must be a mapping"):
        shop.recommend(histories=[["12"]])
    with pytest.raises(ConfigError, match="either users="):
        shop.recommend()


def test_k_beyond_the_catalogue_is_refused_when_learning_and_when_serving(log):
    with pytest.raises(ConfigError, match="k = 41 is more than the catalogue has: 40 items"):
        fitted(log, {**QUICK, "k": 41})
    shop = fitted(log).serve()
    assert len(shop.recommend(users=["1"], k=40)) == 40
    for k in (0, 41, -1, 2.5, "3"):
        with pytest.raises(ConfigError, match="the catalogue has 40 items; choose a whole number"):
            shop.recommend(users=["1"], k=k)


def test_a_truncated_model_file_is_named(log, tmp_path):
    fitted(log).save(tmp_path / "run")
    path = tmp_path / "run" / "states" / "encoder-item-knn.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ArtifactError, match=r"encoder-item-knn\.safetensors is damaged .*run again or restore"):
        Recommender.load(tmp_path / "run", policy=tmp_path / "run" / "policy.json")


def test_labels_that_are_never_positive_leave_nothing_to_learn(priced):
    data = {"events": {"sales": {"column": "amount", "kind": "amount"}}}
    with pytest.raises(DataError, match="no row enters a history, since none has a value above 0 of sales"):
        fitted(priced.assign(amount=0.0), {**QUICK, "data": data})


def test_nothing_is_served_before_something_is_fitted():
    with pytest.raises(ConfigError, match=r"nothing is fitted yet; call engine\.run"):
        Engine().serve()
