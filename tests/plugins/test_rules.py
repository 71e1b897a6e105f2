"""The rules: what each takes away, on the smallest view that shows it."""

import numpy as np
import pytest

from paretorec.contracts import DAY, CandidateView, Category, ComponentRef, Histories, ItemTable, Timeline
from paretorec.errors import ConfigError
from paretorec.registry import Registry

NOW = 100 * DAY
COLOURS = ("red", "blue", "(missing)")


def make(rule, **params):
    return Registry().build("rule", ComponentRef(use=rule, params=params), f"rules.{rule}").component


def make_table(**more):
    ids = np.array(["milk", "bread", "wine", "0042"], object)
    return ItemTable(
        ids, np.zeros(4, np.int64), {"colour": Category(np.array([0, 1, 0, 2], np.int32), COLOURS)}, **more
    )


def view_of(items=((0, 1, 2, 3, -1),), had=(), table=None):
    """Requests at NOW of one user who had the items of `had`: (item, days ago)."""
    items = np.array(items, np.int32)
    rows = len(items)
    had = sorted(had, key=lambda pair: -pair[1])
    return CandidateView(
        histories=Histories(
            items=np.array([item for item, _ in had], np.int32),
            times=np.array([NOW - int(days * DAY) for _, days in had], np.int64),
            labels={},
            start=np.zeros(rows, np.int64),
            end=np.full(rows, len(had)),
            now=np.full(rows, NOW),
            user=np.zeros(rows, np.int32),
        ),
        items=items,
        mask=items >= 0,
        table=table or make_table(),
    )


def shown(rule, view):
    """Names left of the first request."""
    mask = rule.mask(view)
    assert not (mask & ~view.mask).any()
    return [view.table.ids[item] for item in view.items[0, mask[0]]]


def test_block_by_id_and_by_category():
    assert shown(make("block", items=["bread", "unheard-of"]), view_of()) == ["milk", "wine", "0042"]
    assert shown(make("block", column="colour", values=["red"]), view_of()) == ["bread", "0042"]
    assert shown(make("block", items=["bread"], column="colour", values=["red"]), view_of()) == ["0042"]


def test_allow_by_id_and_by_category():
    assert shown(make("allow", items=["0042", "milk"]), view_of()) == ["milk", "0042"]
    assert shown(make("allow", column="colour", values=["blue"]), view_of()) == ["bread"]
    assert shown(make("allow", items=["unheard-of"]), view_of()) == []


def test_available_by_list_number_and_category():
    stock = make_table(numbers={"stock": np.array([0, 2, -1, 5], np.float32)})
    assert shown(make("available", items=["milk"]), view_of()) == ["milk"]
    assert shown(make("available", column="stock"), view_of(table=stock)) == ["bread", "0042"]
    assert shown(make("available", column="colour", values=["blue"]), view_of()) == ["bread"]
    assert shown(make("available", column="colour", values=["green"]), view_of()) == []


def test_available_reads_a_timeline_as_of_the_request():
    stock = Timeline(
        offsets=np.array([0, 2, 3, 4, 4]),
        times=np.array([NOW - 5, NOW - 1, NOW - 1, NOW]),
        values=np.array([3, 0, 1, 1], np.float32),
    )
    # milk sold out, bread came in, wine comes in too late, of 0042 nothing is known.
    assert shown(make("available", column="stock"), view_of(table=make_table(timelines={"stock": stock}))) == ["bread"]


def test_cool_down_for_some_days():
    had = [(0, 3), (0, 20), (1, 10), (2, 7)]
    assert shown(make("cool-down", days=7), view_of(had=had)) == ["bread", "wine", "0042"]


def test_cool_down_for_ever():
    assert shown(make("cool-down"), view_of(had=[(0, 3), (2, 90)])) == ["bread", "0042"]


def test_cap_keeps_the_first_of_each_category():
    rule = make("cap", column="colour", most=1, depth=3)
    assert rule.depth == 3
    lists = np.array([[0, 2, 1, -1], [2, 1, 0, -1], [1, 1, 1, 0]])
    assert rule.shape(lists, make_table()).tolist() == [
        [True, False, True, False],
        [True, True, False, False],
        [True, False, False, True],
    ]


def test_cap_leaves_items_without_a_category_alone():
    assert make("cap", column="colour", most=1).shape(np.array([[3, 3, 3]]), make_table()).all()


def test_rules_follow_the_item_table_they_are_asked_about():
    rule = make("block", items=["wine"])
    assert shown(rule, view_of()) == ["milk", "bread", "0042"]
    smaller = ItemTable(np.array(["wine", "milk"], object), np.zeros(2, np.int64))
    assert shown(rule, view_of(items=((0, 1),), table=smaller)) == ["milk"]


@pytest.mark.parametrize(
    ("rule", "params", "message"),
    [
        ("block", {}, "give items, or column and values"),
        ("allow", {"column": "colour"}, "column and values go together"),
        ("available", {}, "give either column or items"),
        ("available", {"column": "a", "items": ["b"]}, "give either column or items"),
        ("cool-down", {"days": 0}, "days"),
        ("cap", {"column": "colour", "most": 0}, "most"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule, params, message):
    with pytest.raises(ConfigError, match=message) as caught:
        make(rule, **params)
    assert f"rules.{rule}" in str(caught.value)


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ConfigError, match=r"'block': 'brand' is no categorical item column.*has colour"):
        make("block", column="brand", values=["x"]).mask(view_of())
    with pytest.raises(ConfigError, match=r"'cap': 'brand' is no categorical item column.*has colour"):
        make("cap", column="brand", most=1).shape(np.zeros((1, 1), int), make_table())
    with pytest.raises(ConfigError, match=r"'available': 'stock' is no item column; there are colour"):
        make("available", column="stock").mask(view_of())


def test_a_value_that_no_item_has_is_named():
    with pytest.raises(ConfigError, match="no item has 'purple' in column 'colour'"):
        make("allow", column="colour", values=["purple"]).mask(view_of())
