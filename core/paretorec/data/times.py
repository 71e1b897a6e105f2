"""Times as hosts write them: datetimes, texts, or numbers since 1970 in some unit; always int64 milliseconds after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from paretorec.contracts.items import DAY
from paretorec.contracts.run import Array
from paretorec.data.columns import MISSING_TEXT

PER_MS: Final = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "D": float(DAY)}
"""Milliseconds in a unit."""


@dataclass(frozen=True)
class ParsedTimes:
    """A column of times."""

    ms: Array
    """int64 [n]; 0 where missing or wrong."""
    missing: Array
    """bool [n]."""
    wrong: Array
    """bool [n]: there was a value, but not a time."""
    unit: str
    """How the column was read: a unit of numbers, ``yyyymmdd`` or ``datetime``."""


def parse_times(column: pd.Series[Any], unit: str = "auto") -> ParsedTimes:
    """Naive datetimes are taken as UTC, aware ones converted. Numbers: see `guess_unit`. O(n)."""
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column.dtype):
        return _datetimes(column)
    if pd.api.types.is_numeric_dtype(column.dtype):
        missing = column.isna().to_numpy()
        return _numbers(column.to_numpy(dtype=np.float64, na_value=np.nan), missing, unit)
    codes, distinct = pd.factorize(column)
    values = pd.Series(np.asarray(distinct, dtype=object), dtype=object)
    missing = np.array([isinstance(v, str) and v.strip() in MISSING_TEXT for v in values], bool)
    numbers = pd.to_numeric(values.where(~missing), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isfinite(numbers).sum() * 2 >= (~missing).sum():
        parsed = _numbers(numbers, missing, unit)
    else:
        parsed = _texts(values, missing)
    return ParsedTimes(
        np.append(parsed.ms, 0)[codes],
        np.append(parsed.missing, True)[codes],
        np.append(parsed.wrong, False)[codes],
        parsed.unit,
    )


def guess_unit(numbers: Array) -> str:
    """The unit in which the median of `numbers` is a date between 1970 and 5138.

    Below 1e5 days, below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds. Whole
    numbers that all read as calendar days from 1900 to 2100 (20170131) are ``yyyymmdd``.
    """
    if len(numbers) and np.all((numbers >= 19000101) & (numbers <= 21001231) & (numbers % 1 == 0)):
        month, day = numbers // 100 % 100, numbers % 100
        if np.all((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)):
            return "yyyymmdd"
    size = float(np.median(np.abs(numbers))) if len(numbers) else 0.0
    for limit, unit in ((1e5, "D"), (1e11, "s"), (1e14, "ms"), (1e17, "us")):
        if size < limit:
            return unit
    return "ns"


def _datetimes(column: pd.Series[Any]) -> ParsedTimes:
    missing = column.isna().to_numpy()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    ms = column.to_numpy().astype("datetime64[ms]").astype(np.int64)
    return ParsedTimes(np.where(missing, 0, ms), missing, np.zeros(len(ms), bool), "datetime")


def _numbers(numbers: Array, missing: Array, unit: str) -> ParsedTimes:
    finite = np.isfinite(numbers)
    unit = guess_unit(numbers[finite]) if unit == "auto" else unit
    if unit == "yyyymmdd":
        days = pd.Series(np.where(finite, numbers, 19700101).astype(np.int64).astype(str), dtype=object)
        ms = pd.to_datetime(days, format="%Y%m%d", errors="coerce").to_numpy().astype("datetime64[ms]")
        finite = finite & ~np.isnat(ms)
        exact = ms.astype(np.int64).astype(np.float64)
    else:
        exact = np.where(finite, numbers, 0.0) * PER_MS[unit]
    finite = finite & (np.abs(exact) < 2.0**62)
    return ParsedTimes(np.where(finite, np.rint(exact), 0).astype(np.int64), missing, ~finite & ~missing, unit)


def _texts(values: pd.Series[Any], missing: Array) -> ParsedTimes:
    stamps = pd.to_datetime(values.where(~missing), utc=True, errors="coerce", format="ISO8601")
    rest = stamps.isna().to_numpy() & ~missing
    if rest.any():
        stamps[rest] = pd.to_datetime(values[rest], utc=True, errors="coerce", format="mixed")
    parsed = _datetimes(stamps)
    return ParsedTimes(parsed.ms, missing, parsed.missing & ~missing, "datetime")


def as_text(ms: int) -> str:
    """A moment for people, in UTC, to the minute: ``2017-07-31 12:30``, or ``2017-07-31`` at midnight."""
    text = str(np.datetime64(int(ms), "ms").astype("datetime64[m]")).replace("T", " ")
    return text.removesuffix(" 00:00")
