"""`given`: tables of the host as an encoder, and what it says about tables that do not fit."""

import numpy as np
import pandas as pd
import pytest
from encoder_histories import fit_data, histories, table

from paretorec.contracts import ComponentRef, RunContext
from paretorec.errors import ConfigError, DataError
from paretorec.registry import Registry

PASTS = [[(0, 3)], [(1, 2)], [(2, 1)]]
SCORES = pd.DataFrame({"user_id": ["u0", "u0", "u2", "x"], "item_id": ["i1", "i3", "i0", "i0"], "score": [5, -1, 2, 9]})
USERS = pd.DataFrame({"user_id": ["u2", "u0", "x"], "a": [1.0, 0.0, 7], "b": [2.0, 1.0, 7]})
ITEMS = pd.DataFrame({"item_id": ["i0", "i3"], "a": [1.0, 0.5], "b": [0.0, 2.0]})


def make(**params):
    return Registry().build("encoder", ComponentRef(use="given", params=params), "encoders.given").component


def fitted(**params):
    encoder = make(**params)
    encoder.fit(fit_data(PASTS, 4), RunContext())
    return encoder


def write(path, frame):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_scores_come_from_the_table_and_what_it_lacks_gets_its_lowest(tmp_path, suffix):
    encoder = fitted(scores=write(tmp_path / f"scores.{suffix}", SCORES))
    scores = encoder.score(histories(PASTS), None)
    np.testing.assert_array_equal(scores, [[-1, 5, -1, -1], [-1] * 4, [2, -1, -1, -1]])
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(
        encoder.score(histories(PASTS), np.array([[1, 0], [1, 0], [0, 0]])), [[5, -1], [-1, -1], [2, 2]]
    )


def test_a_stated_score_stands_for_missing_pairs_and_users_never_seen(tmp_path):
    encoder = fitted(scores=write(tmp_path / "scores.csv", SCORES), missing=-7.0)
    scores = encoder.score(histories([[], []], users=[-1, 0]), None)
    np.testing.assert_array_equal(scores, [[-7] * 4, [-7, 5, -7, -1]])


def test_vectors_are_multiplied(tmp_path):
    encoder = fitted(
        user_vectors=write(tmp_path / "users.parquet", USERS), item_vectors=write(tmp_path / "items.csv", ITEMS)
    )
    scores = encoder.score(histories([[]] * 4, users=[0, 1, 2, -1]), None)
    np.testing.assert_array_equal(scores, [[0, 0, 0, 2], [0] * 4, [1, 0, 0, 4.5], [0] * 4])


@pytest.mark.parametrize("ways", [{"scores": "s"}, {"user_vectors": "u", "item_vectors": "i"}])
def test_serving_needs_no_file(tmp_path, ways):
    frames = {"s": SCORES, "u": USERS, "i": ITEMS}
    params = {key: write(tmp_path / f"{name}.csv", frames[name]) for key, name in ways.items()}
    encoder = fitted(**params)
    wanted = encoder.score(histories(PASTS), None)
    for file in tmp_path.iterdir():
        file.unlink()
    again = make(**params)
    again.restore(encoder.state(), table(5))
    got = again.score(histories([*PASTS, []]), None)
    np.testing.assert_array_equal(got[:3, :4], wanted)
    assert len(set(got[3])) == 1


def test_ids_match_whatever_type_they_are_stored_as(tmp_path):
    frame = pd.DataFrame({"user": [1.0], "item": [20], "points": ["3.5"]})
    data = fit_data([[(0, 1)]], 1)
    data.user_ids[:] = ["1"]
    data.items.ids[:] = ["20"]
    encoder = make(scores=write(tmp_path / "s.parquet", frame), user="user", item="item", score="points")
    encoder.fit(data, RunContext())
    assert encoder.score(histories([[]]), None).tolist() == [[3.5]]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (SCORES.rename(columns={"score": "points"}), "column 'score' .* is missing; it has user_id, item_id, points"),
        (SCORES.rename(columns={"item_id": "sku"}), "column 'item_id' .* is missing"),
        (pd.concat([SCORES, SCORES.iloc[[1]]]), "pair of user and item of row 2 comes again"),
        (SCORES.assign(score=["5", "many", "2", "9"]), "row 2, column 'score' is 'many', which is not a number"),
        (SCORES.assign(user_id="somebody"), "none of the ids in column 'user_id' is in the data"),
        (SCORES.iloc[[3]].assign(user_id="u0", item_id="i0").iloc[:0], "has no rows"),
    ],
)
def test_tables_that_do_not_fit_are_refused_with_the_reason(tmp_path, frame, message):
    path = write(tmp_path / "scores.csv", frame)
    with pytest.raises(DataError, match=message) as caught:
        fitted(scores=path)
    assert path in str(caught.value)


def test_a_missing_file_and_vectors_of_different_lengths_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file"):
        fitted(scores="nowhere.csv")
    users, items = write(tmp_path / "u.csv", USERS), write(tmp_path / "i.csv", ITEMS.drop(columns="b"))
    with pytest.raises(DataError, match=r"has 2 dimensions and .* has 1"):
        fitted(user_vectors=users, item_vectors=items)


@pytest.mark.parametrize(
    "params", [{}, {"scores": "a", "user_vectors": "b", "item_vectors": "c"}, {"item_vectors": "c"}]
)
def test_exactly_one_way_must_be_configured(params):
    with pytest.raises(ConfigError, match="either scores, or both user_vectors and item_vectors"):
        make(**params)


def test_vectors_may_be_one_column_of_lists(tmp_path):
    lists = pd.DataFrame({"item_id": ITEMS["item_id"], "embedding": ITEMS[["a", "b"]].to_numpy().tolist()})
    users = write(tmp_path / "users.csv", USERS)
    wanted = fitted(user_vectors=users, item_vectors=write(tmp_path / "items.csv", ITEMS))
    encoder = fitted(user_vectors=users, item_vectors=write(tmp_path / "items.parquet", lists))
    np.testing.assert_array_equal(encoder.score(histories(PASTS), None), wanted.score(histories(PASTS), None))


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1.0, 0.5], [1.0], [2.0, 3.0]], r"row 2 \(item_id 'i3'\), column 'embedding' has 1 numbers, the others 2"),
        ([[1.0, 0.5], None, [2.0, 3.0]], r"row 2 \(item_id 'i3'\), column 'embedding' has 1 numbers, the others 2"),
        ([[1.0, 0.5], [1.0, np.inf], [2.0, 3.0]], r"row 2 \(item_id 'i3'\), column 'embedding\[1\]' is inf"),
    ],
)
def test_lists_that_are_no_vectors_are_refused_with_the_item_and_the_column(tmp_path, vectors, message):
    frame = pd.DataFrame({"item_id": ["i0", "i3", "i1"], "embedding": vectors})
    users = write(tmp_path / "users.csv", USERS)
    with pytest.raises(DataError, match=message):
        fitted(user_vectors=users, item_vectors=write(tmp_path / "items.parquet", frame))
