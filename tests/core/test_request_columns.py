"""What policies may read of a request: of the user, of its context, of its history, of its moment."""

import numpy as np
import pandas as pd
import pytest

from paretorec.contracts import DAY, MISSING, Category, Histories
from paretorec.errors import ConfigError


def histories():
    """Three users: one with two events, one with none, one never seen."""
    monday = pd.Timestamp("2024-03-04").value // 10**6
    return Histories(
        items=np.array([5, 6], np.int32),
        times=np.array([1, 2]),
        labels={},
        start=np.array([0, 2, 0]),
        end=np.array([2, 2, 0]),
        now=np.array([monday, monday + DAY // 2, monday + 6 * DAY + 1]),
        user=np.array([1, 0, -1], np.int32),
        context={"device": np.array(["web", None, ""], object), "depth": np.array([1, np.nan, 3], np.float32)},
        user_categories={"segment": Category(np.array([0, 1], np.int32), (MISSING, "premium"))},
        user_numbers={"age": np.array([30, 40], np.float32)},
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("user.segment", ["premium", MISSING, MISSING]),
        ("user.age", [40, 30, np.nan]),
        ("context.device", ["web", MISSING, MISSING]),
        ("context.depth", [1, np.nan, 3]),
        ("history.length", [2, 0, 0]),
        ("time.hour", [0, 12, 1 / 3_600_000]),
        ("time.weekday", [0, 0, 6]),
    ],
)
def test_every_column_is_read(name, values):
    asked = histories()
    np.testing.assert_array_equal(asked.column(name), np.array(values, asked.column(name).dtype))
    assert name in asked.columns
    backwards = asked.take(np.array([2, 1, 0])).column(name)
    np.testing.assert_array_equal(backwards, asked.column(name)[::-1])


@pytest.mark.parametrize("name", ["user.segmnt", "segment", "context.", "history"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(name):
    with pytest.raises(ConfigError, match=rf"no column '{name}'; there are user.segment, user.age, context.device"):
        histories().column(name)


def test_before_1970_there_were_weekdays_too():
    asked = histories().take(slice(0, 1))
    early = Histories(asked.items, asked.times, {}, asked.start, asked.end, np.array([-DAY]), asked.user)
    assert early.column("time.weekday").tolist() == [2]  # 1969-12-31 was a Wednesday
    assert early.column("time.hour").tolist() == [0]
