"""Columns as hosts have them: text codes, numbers and times from whatever dtype arrives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from paretorec.contracts.run import Array
from paretorec.errors import DataError

MISSING_TEXT = frozenset({"", "nan", "NaN", "null", "NULL", "None", "<NA>", "NaT"})
"""Texts that stand for a missing value: what exports write; not ``NA``, which is somebody's id."""

TRUTH = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_WHOLE_FLOAT = re.compile(r"[+-]?\d+\.0+")


def require(frame: pd.DataFrame, names: Sequence[str], table: str, key: str) -> None:
    """Raise `DataError` naming the first column that `frame` lacks and those it has."""
    for name in names:
        if name and (frame.columns == name).sum() > 1:
            raise DataError(f"{table}: there are several columns {name!r} ({key}); keep one")
        if name and name not in frame.columns:
            has = ", ".join(map(str, frame.columns[:20])) + (", ..." if len(frame.columns) > 20 else "")
            raise DataError(f"{table}: column {name!r} ({key}) is missing; it has {has}")


def item_columns(name: str, wanted: Sequence[str], known: Sequence[str], kind: str, key: str) -> tuple[str, ...]:
    """The item columns that encoder `name` reads: `wanted`, or all of `known`. Raises `DataError` for one that is not
    there, and for none.

    kind: what the columns hold, such as "text".  key: where the configuration names them.
    """
    for column in wanted:
        if column not in known:
            there = ", ".join(known) or "none"
            raise DataError(f"{name}: params.columns has {column!r}, which is no {kind} column of the items ({there})")
    if not known:
        raise DataError(f"{name}: the items have no {kind} columns; name some in {key}")
    return tuple(wanted or known)


def joined_texts(columns: Sequence[Array]) -> Array:
    """object [N] of str: what each row of several text columns (object [N]) says, one below the other."""
    rows = zip(*columns, strict=True)
    return np.array(["\n".join(part for part in map(str.strip, parts) if part) for parts in rows], object)


@dataclass(frozen=True)
class TextCodes:
    """A column as codes into distinct texts."""

    codes: Array
    """int64 [n], -1 = missing."""
    names: Array
    """object [V], by first appearance."""
    repairs: dict[str, int]
    """What was changed -> rows."""

    def text(self, missing: str = "") -> Array:
        """object [n]."""
        return np.append(self.names, missing)[self.codes]


def encode_text(column: pd.Series[Any]) -> TextCodes:
    """Ids and categories as text: 12 and 12.0 are ``"12"``, ``"007"`` stays, blanks around are cut off.

    O(n) plus a Python loop over the distinct values only.
    """
    codes, distinct = pd.factorize(column)
    values: list[Any] = list(np.asarray(distinct, dtype=object))
    texts: list[str | None] = []
    reasons: list[str] = []
    for value in values:
        text, reason = _as_text(value)
        texts.append(text)
        reasons.append(reason)
    rows = np.bincount(codes[codes >= 0], minlength=len(values))
    repairs: dict[str, int] = {}
    for reason, count in zip(reasons, rows, strict=True):
        if reason:
            repairs[reason] = repairs.get(reason, 0) + int(count)
    merged, names = pd.factorize(np.array(texts, dtype=object))
    return TextCodes(np.append(merged, -1)[codes].astype(np.int64), np.asarray(names, dtype=object), repairs)


def as_id(value: Any) -> str | None:
    """One id as `encode_text` reads a column of them: 12 and 12.0 are ``"12"``; None where it is missing."""
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else _as_text(value)[0]


def _as_text(value: Any) -> tuple[str | None, str]:
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, float | np.floating):
        if np.isfinite(value) and value == int(value):
            return str(int(value)), "number with .0 taken as whole"
        return (repr(float(value)), "") if np.isfinite(value) else (None, "")
    return str(value), ""


def _clean_text(value: str) -> tuple[str | None, str]:
    text = value.strip()
    if text in MISSING_TEXT:
        return None, ""
    if _WHOLE_FLOAT.fullmatch(text):
        return text.split(".")[0], "number with .0 taken as whole"
    if len(text) > 1 and text[0] == "0" and text.isdecimal():
        return text, "leading zeros kept"
    return text, "blanks cut off" if text != value else ""


def to_numbers(column: pd.Series[Any]) -> tuple[Array, Array]:
    """(float64 [n] with NaN = missing, bool [n] = there was a value but not a finite number)."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isinf(numbers), np.nan, numbers), np.isinf(numbers)
    codes, distinct = pd.factorize(column)
    texts = [str(value).strip() for value in np.asarray(distinct, dtype=object)]
    values = pd.to_numeric(pd.Series([TRUTH.get(t.lower(), t) for t in texts], dtype=object), errors="coerce")
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~np.isfinite(numbers) & np.array([t not in MISSING_TEXT and t not in {"NA", "N/A"} for t in texts], bool)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    return np.append(numbers, np.nan)[codes], np.append(wrong, False)[codes]
