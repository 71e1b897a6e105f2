"""Times from numbers, texts and datetimes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretorec.data.times import as_text, guess_unit, parse_times

NOON = 1_500_033_600_000
"""2017-07-14 12:00 UTC."""


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([NOON // 1000], "s"),
        ([NOON], "ms"),
        ([NOON * 1000], "us"),
        ([NOON * 1_000_000], "ns"),
        ([NOON / 1000], "s"),
        ([str(NOON // 1000)], "s"),
        (["2017-07-14 12:00"], "datetime"),
        (["2017-07-14T12:00:00Z"], "datetime"),
        (["2017-07-14T14:00:00+02:00"], "datetime"),
        (["07/14/2017 12:00"], "datetime"),
        ([pd.Timestamp("2017-07-14 12:00")], "datetime"),
        ([pd.Timestamp("2017-07-14 14:00", tz="Europe/Berlin")], "datetime"),
    ],
)
def test_one_moment_in_many_spellings(values: list[object], unit: str) -> None:
    parsed = parse_times(pd.Series(values))
    assert parsed.ms.tolist() == [NOON]
    assert parsed.unit == unit
    assert not parsed.wrong.any()
    assert not parsed.missing.any()


@pytest.mark.parametrize("values", [[20170714, 20170715], ["20170714", "20170715"]])
def test_calendar_days_as_numbers(values: list[object]) -> None:
    parsed = parse_times(pd.Series(values))
    assert parsed.unit == "yyyymmdd"
    assert [as_text(ms) for ms in parsed.ms] == ["2017-07-14", "2017-07-15"]


def test_days_and_other_small_numbers_count_as_days() -> None:
    assert as_text(parse_times(pd.Series([17361])).ms[0]) == "2017-07-14"
    assert parse_times(pd.Series([1, 2, 3])).unit == "D"


@given(st.datetimes(min_value=pd.Timestamp("1990-01-01"), max_value=pd.Timestamp("2090-01-01")))
def test_the_unit_of_any_moment_of_a_century_is_found(moment: pd.Timestamp) -> None:
    ms = int(np.datetime64(moment, "ms").astype(np.int64))
    for unit, factor in {"s": 1e-3, "ms": 1.0, "us": 1e3, "ns": 1e6}.items():
        assert guess_unit(np.array([ms * factor])) == unit


def test_missing_is_told_from_wrong() -> None:
    parsed = parse_times(pd.Series(["2017-07-14", "", None, "soon", "nan"], dtype=object))
    assert parsed.missing.tolist() == [False, True, True, False, True]
    assert parsed.wrong.tolist() == [False, False, False, True, False]
    numbers = parse_times(pd.Series([float(NOON), np.nan, np.inf]))
    assert numbers.missing.tolist() == [False, True, False]
    assert numbers.wrong.tolist() == [False, False, True]


def test_a_word_among_numbers_is_wrong() -> None:
    parsed = parse_times(pd.Series([str(NOON), str(NOON), "soon"]))
    assert parsed.ms[:2].tolist() == [NOON, NOON]
    assert parsed.wrong.tolist() == [False, False, True]


def test_moments_for_people() -> None:
    assert as_text(NOON) == "2017-07-14 12:00"
    assert as_text(NOON + 61_001) == "2017-07-14 12:01"
