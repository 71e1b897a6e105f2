"""Tables become a dataset: repairs, drops, merges, and one clear sentence where they cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from paretorec.config import DataConfig
from paretorec.contracts import DAY, Dataset, Tables
from paretorec.data.tables import build_dataset, resolve_data
from paretorec.errors import DataError

LENIENT = {"max_dropped": 1.0}


def build(
    log: dict[str, list[object]] | pd.DataFrame, items: object = None, users: object = None, **data: object
) -> Dataset:
    tables = Tables(
        pd.DataFrame(log),
        None if items is None else pd.DataFrame(items),
        None if users is None else pd.DataFrame(users),
        origin="log.csv",
    )
    return build_dataset(tables, DataConfig.model_validate(data))


def external(data: Dataset) -> list[tuple[str, str, int]]:
    """(user id, item id, milliseconds) of every row."""
    return [
        (data.user_ids[u], data.items.ids[i], int(t)) for u, i, t in zip(data.user, data.item, data.time, strict=True)
    ]


def rows(count: int = 3, **columns: list[object]) -> dict[str, list[object]]:
    base: dict[str, list[object]] = {
        "user_id": [f"u{number}" for number in range(count)],
        "item_id": [f"i{number}" for number in range(count)],
        "time": [1_600_000_000_000 + number * DAY for number in range(count)],
    }
    return base | columns


def test_rows_are_sorted_by_time_then_file_and_coded_by_first_appearance() -> None:
    data = build(
        {"user_id": ["b", "a", "c"], "item_id": ["y", "x", "y"], "time": [2 * DAY, DAY, 2 * DAY]}, time_unit="ms"
    )
    assert external(data) == [("a", "x", DAY), ("b", "y", 2 * DAY), ("c", "y", 2 * DAY)]
    assert list(data.user_ids) == ["a", "b", "c"]
    assert data.user.dtype == data.item.dtype == np.int32
    assert data.time.dtype == np.int64


def test_without_configured_events_every_row_is_one_interaction() -> None:
    data = build(rows())
    assert data.event_names == ("interaction",)
    assert data.labels["interaction"].tolist() == [1, 1, 1]
    assert data.positive().all()


@pytest.mark.parametrize("ids", [[12.0, 7.0, 12.0], ["12.0", "7", "12"], [12, 7, 12], [" 12", "7 ", "12"]])
def test_ids_that_mean_the_same_become_the_same_text(ids: list[object]) -> None:
    data = build(rows(user_id=ids))
    assert list(data.user_ids) == ["12", "7"]
    assert data.user.tolist() == [0, 1, 0]


def test_ids_as_floats_and_leading_zeros_are_counted() -> None:
    data = build(rows(user_id=[12.0, 7.0, 12.0], item_id=["007", "7", "007"]))
    assert list(data.items.ids) == ["007", "7"]
    assert data.report["repaired"]["user id: number with .0 taken as whole"] == 3
    assert data.report["repaired"]["item id: leading zeros kept"] == 2


def test_missing_ids_and_times_are_dropped_and_counted_by_reason() -> None:
    data = build(
        rows(6, user_id=["a", None, "", "a", "a", "a"], item_id=["x", "y", "z", "nan", "x", "y"],
             time=["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", None, "2024-01-06"]),
        **LENIENT,
    )  # fmt: skip
    assert len(data) == 2
    assert data.report["dropped"] == {"missing user id": 2, "missing item id": 1, "missing time": 1}


def test_an_unparsable_time_is_dropped_and_its_row_and_value_shown() -> None:
    data = build(rows(time=["2024-01-01", "soon", "later"]), **LENIENT)
    assert len(data) == 1
    assert data.report["dropped"] == {"unparsable time": 2}
    assert data.report["examples"]["unparsable time"] == {"row": 2, "value": "soon"}


def test_more_drops_than_allowed_are_an_error_that_names_row_value_and_key() -> None:
    with pytest.raises(
        DataError, match=r"log\.csv: 1 of 3 rows .*max_dropped = 0\.05.*unparsable time .*row 2, value 'soon'"
    ):
        build(rows(time=["2024-01-01", "soon", "2024-01-02"]))


def test_no_row_left_is_an_error_even_when_all_drops_are_allowed() -> None:
    with pytest.raises(DataError, match=r"log\.csv: no row is left of 3: 3 with missing user id"):
        build(rows(user_id=[None, None, None]), **LENIENT)


def test_an_empty_table_is_an_error() -> None:
    with pytest.raises(DataError, match=r"log\.csv has no rows"):
        build({"user_id": [], "item_id": [], "time": []})


def test_a_missing_column_is_an_error_that_says_which_exist() -> None:
    with pytest.raises(
        DataError, match=r"log\.csv: column 'customer' \(\[data\] user\) is missing; it has user_id, item_id, time"
    ):
        build(rows(), user="customer")


def test_a_column_that_exists_twice_is_an_error() -> None:
    log = pd.DataFrame(rows())
    log.columns = ["user_id", "item_id", "item_id"]
    with pytest.raises(DataError, match="several columns 'item_id'"):
        build(log, time="")


EVENTS = {"events": {"click": {"column": "click"}, "sales": {"column": "sales", "kind": "amount"}}}


def test_rows_equal_in_user_item_and_time_merge_amounts_add_up_later_repeats_stay() -> None:
    log = {
        "user_id": ["a"] * 4, "item_id": ["x", "x", "x", "y"], "time": ["2024-01-01"] * 2 + ["2024-01-02"] * 2,
        "click": [0, 1, 1, 0], "sales": [1.5, 2.0, 4.0, None],
    }  # fmt: skip
    data = build(log, **EVENTS)
    assert data.labels["click"].tolist() == [1, 1, 0]
    assert data.labels["sales"][:2].tolist() == [3.5, 4.0]
    assert np.isnan(data.labels["sales"][2])
    assert data.report["repaired"]["rows equal in user, item and time merged"] == 1


def test_other_rows_of_a_user_at_one_time_are_moved_apart_in_file_order() -> None:
    data = build(
        {"user_id": ["a", "a", "b", "a"], "item_id": ["x", "y", "x", "z"], "time": [5, 5, 5, 6]}, time_unit="ms"
    )
    assert external(data) == [("a", "x", 5), ("b", "x", 5), ("a", "y", 6), ("a", "z", 7)]
    assert data.report["time"]["ties_moved_apart"] == 2


def test_amounts_below_zero_are_dropped_and_missing_ones_not_observed() -> None:
    data = build(rows(4, click=[1, 1, 1, 1], sales=[-1.0, None, "n/a", 2.0]), **EVENTS, **LENIENT)
    assert data.report["dropped"] == {"sales below 0": 1}
    assert data.report["examples"]["sales below 0"] == {"row": 1, "value": "-1.0"}
    assert data.report["not_observed"] == {"sales": 2}
    assert np.isnan(data.labels["sales"]).tolist() == [True, True, False]


def test_a_row_goes_only_when_no_label_is_left() -> None:
    data = build(rows(sales=[None, 1.0, 2.0]), events={"sales": {"column": "sales", "kind": "amount"}}, **LENIENT)
    assert data.report["dropped"] == {"no label": 1}
    assert len(data) == 2


def test_long_event_tables_are_pivoted() -> None:
    log = rows(4, user_id=["a"] * 4, item_id=["x", "x", "y", "x"], time=[1, 1, 2, 3],
               event=["view", "buy", "view", "rate"], price=[None, 9.5, None, 4])  # fmt: skip
    data = build(
        log,
        event_column="event",
        events={
            "click": {"value": "view"},
            "sales": {"value": "buy", "column": "price", "kind": "amount"},
            "rating": {"value": "rate", "column": "price", "kind": "ordinal"},
        },
    )
    assert data.labels["click"].tolist() == [1, 1, 0]
    assert data.labels["sales"].tolist() == [9.5, 0, 0]
    assert np.isnan(data.labels["rating"][:2]).all()
    assert data.labels["rating"][2] == 4


def test_an_event_value_that_never_occurs_is_an_error_that_says_which_do() -> None:
    with pytest.raises(
        DataError, match=r"\[data\.events\.purchase\] value 'order' is not in column 'event', which has view, buy"
    ):
        build(rows(event=["view", "buy", "view"]), event_column="event", events={"purchase": {"value": "order"}})


def test_history_events_decide_which_rows_enter_histories() -> None:
    log = rows(click=[1, 0, 1], sales=[0.0, 3.0, 0.0])
    assert build(log, **EVENTS).positive().tolist() == [True, True, True]
    assert build(log, **EVENTS, history=["sales"]).positive().tolist() == [False, True, False]
    with pytest.raises(DataError, match=r"history names event 'buy', but \[data\.events\] has click, sales"):
        build(log, **EVENTS, history=["buy"])


def test_a_file_order_is_the_time_of_a_log_without_times() -> None:
    data = build({"user_id": ["a", "b", "a", "b"], "item_id": ["x", "x", "y", "y"]}, time="")
    assert external(data) == [("a", "x", 0), ("b", "x", DAY), ("a", "y", 2 * DAY), ("b", "y", 3 * DAY)]


def test_a_file_sorted_by_user_lets_all_users_end_together() -> None:
    data = build({"user_id": ["a", "a", "a", "b", "b"], "item_id": ["x", "y", "z", "z", "x"]}, time="")
    last = data.time.max()
    ends = {user: int(data.time[data.user == code].max()) for code, user in enumerate(data.user_ids)}
    assert ends == {"a": last, "b": last}
    assert np.diff(data.time[data.user == list(data.user_ids).index("a")]).tolist() == [DAY, DAY]
    assert (data.items.first_seen < data.time.min()).all(), "an order says nothing about when an item came"


ITEMS = {
    "item_id": ["i0", "i1", "cold"],
    "kind": ["food", None, "toy"],
    "size": [1.0, None, 3.0],
    "name": ["A", "B", None],
}


def test_item_attributes_are_coded_filled_and_the_fill_recorded() -> None:
    data = build(rows(), ITEMS, categories=["kind"], numbers=["size"], texts=["name"])
    assert list(data.items.ids) == ["i0", "i1", "i2", "cold"]
    kind = data.items.categories["kind"]
    assert [kind.names[code] for code in kind.codes] == ["food", "(missing)", "(missing)", "toy"]
    assert data.items.numbers["size"].tolist() == [1, 2, 2, 3]
    assert data.items.texts["name"].tolist() == ["A", "B", "", ""]
    assert data.report["filled"]["items.size"] == {"rows": 2, "with": 2.0}
    assert data.report["repaired"]["items without attributes: filled"] == 1


def test_item_ids_match_across_tables_whatever_their_types() -> None:
    data = build(rows(item_id=[1, 2, 3]), {"item_id": [1.0, 2.0, 3.0], "kind": ["p", "q", "r"]}, categories=["kind"])
    kind = data.items.categories["kind"]
    assert [kind.names[code] for code in kind.codes] == ["p", "q", "r"]


def test_one_item_twice_with_different_values_is_an_error_and_with_equal_values_is_merged() -> None:
    twice = {"item_id": ["i0", "i1", "i0"], "kind": ["food", "toy", "tool"]}
    with pytest.raises(
        DataError, match=r"items table has 'i0' twice .* column 'kind' is 'food' in row 1 and 'tool' in row 3"
    ):
        build(rows(), twice)
    same = build(rows(), twice | {"kind": ["food", "toy", "food"]}, categories=["kind"])
    assert same.report["repaired"]["items table: equal rows merged"] == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"categories": ["colour"]},
            r"the items table: column 'colour' \(\[data\] categories\) is missing; it has item_id, kind",
        ),
        ({"numbers": ["kind"]}, r"items table's column 'kind' is not numeric"),
        (
            {"user_categories": ["age"]},
            r"\[data\] user_categories names columns of the users table, but the source gives no",
        ),
    ],
)
def test_wrong_attribute_columns_are_errors(data: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        build(rows(), ITEMS, **data)


def test_items_enter_the_catalogue_with_their_column_or_their_first_row() -> None:
    launched = {"item_id": ["i0", "i1", "i2", "cold"], "from": ["2020-01-01", None, "2030-01-01", "2020-09-14"]}
    data = build(rows(), launched, first_seen="from")
    first = dict(zip(data.items.ids, data.items.first_seen.tolist(), strict=True))
    assert first["i0"] == 1_577_836_800_000
    assert first["i1"] == data.time[1]
    assert first["i2"] == data.time[2], "an item that was bought was there, whatever the table says"
    assert first["cold"] == 1_600_041_600_000
    without = build(rows(), launched)
    assert without.items.first_seen.tolist() == [*data.time.tolist(), data.time[-1]]


def test_timelines_are_read_as_of_a_moment() -> None:
    log = rows(4, item_id=["x", "x", "x", "y"], price=[2.0, 2.0, 3.0, None])
    data = build(log, timelines=["price"])
    price = data.items.timelines["price"]
    now = np.array([data.time[0], data.time[0] + 1, data.time[2], data.time[2] + 1])
    seen = price.as_of(np.zeros((4, 1), np.int32), now)[:, 0]
    assert np.isnan(seen[0]), "never from the moment itself or the future"
    assert seen[1:].tolist() == [2, 2, 3]
    assert np.isnan(price.as_of(np.ones((1, 1), np.int32), now[-1:])).all()


def test_other_columns_travel_with_their_rows() -> None:
    log = rows(time=[3, 1, 2], session=["s", "t", "s"], rank=[1, 2, 3], p=[0.5, 0.2, 0.1], part=["fit", "fit", "test"],
               device=["app", None, "web"])  # fmt: skip
    data = build(log, request="session", position="rank", propensity="p", split="part", context=["device"])
    assert data.columns["position"].tolist() == [2, 3, 1]
    assert data.columns["propensity"].tolist() == [0.2, 0.1, 0.5]
    assert data.columns["split"].tolist() == ["fit", "test", "fit"]
    assert data.columns["device"].tolist() == ["", "web", "app"]
    request = data.columns["request"]
    assert request[1] == request[2] != request[0]


def test_user_attributes_are_aligned() -> None:
    data = build(
        rows(), users={"user_id": ["u2", "u0"], "age": [40, 20]}, user_numbers=["age"], user_categories=["age"]
    )
    assert data.user_numbers["age"].tolist() == [20, 30, 40]
    age = data.user_categories["age"]
    assert [age.names[code] for code in age.codes] == ["20", "(missing)", "40"]


def test_explicit_keys_win_over_what_the_source_suggests() -> None:
    tables = Tables(
        pd.DataFrame({"u": ["a"], "i": ["x"], "t": [1]}),
        data={"user": "u", "item": "i", "time": "t", "min_item_users": 9},
    )
    config = resolve_data(tables, DataConfig(min_item_users=2))
    assert (config.user, config.item, config.min_item_users) == ("u", "i", 2)
    assert len(build_dataset(tables, DataConfig())) == 1


def test_the_same_rows_in_another_index_and_dtype_give_the_same_dataset() -> None:
    log = pd.DataFrame(rows(4, user_id=["b", "a", "b", "a"], sales=[1, 2, 3, 4]))
    events = {"events": {"sales": {"column": "sales", "kind": "amount"}}}
    plain = build(log, **events)
    odd = log.set_index(pd.Index([9, 9, 1, 3])).astype({"user_id": "category", "sales": "string", "time": "string"})
    other = build(odd, **events)
    assert external(plain) == external(other)
    assert plain.labels["sales"].tolist() == other.labels["sales"].tolist()
