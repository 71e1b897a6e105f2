"""DataFrames checked and read into columns of codes; every refusal names the table, the column and the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from paretorec.contracts.dataset import Event
from paretorec.contracts.run import Array
from paretorec.data.columns import TextCodes, encode_text, require, to_numbers
from paretorec.errors import DataError

USER, ITEM = "user_id", "item_id"
NO_LABELS = frozenset({USER, ITEM, "time", "timestamp"})
"""Columns of a truth table that are labels only if asked for; so is the row number that pandas writes into files."""


@dataclass(frozen=True)
class Pairs:
    """User and item of every row of a table, as codes into its own ids."""

    user: TextCodes
    item: TextCodes


def read_pairs(frame: pd.DataFrame, table: str) -> Pairs:
    """Raises `DataError` for what is no table, has no rows, lacks a column or has an id missing."""
    check_table(frame, table, (USER, ITEM))
    return Pairs(read_ids(frame, USER, table), read_ids(frame, ITEM, table))


def read_order(frame: pd.DataFrame, table: str) -> Array:
    """float64 [n]: ascending = best first; from ``rank``, else from ``score``, falling. Raises `DataError`."""
    column = next((name for name in ("rank", "score") if name in frame.columns), None)
    if column is None:
        raise DataError(
            f"{table}: neither a column 'rank' (1 = best) nor a column 'score' (more = better) is there; "
            f"it has {', '.join(map(str, frame.columns))}"
        )
    numbers, _ = to_numbers(frame[column])
    if np.isnan(numbers).any():
        row = int(np.flatnonzero(np.isnan(numbers))[0])
        raise DataError(
            f"{table}: {column!r} is {frame[column].iloc[row]!s} in row {row + 1} "
            f"({int(np.isnan(numbers).sum())} such rows), which orders nothing; fill it or drop the rows"
        )
    return numbers if column == "rank" else -numbers


def read_labels(frame: pd.DataFrame, kinds: Mapping[str, str] | None) -> tuple[tuple[Event, ...], dict[str, Array]]:
    """The events of a truth table and their labels, float32 [n] with NaN = not observed.

    kinds: label column -> ``binary``, ``amount`` or ``ordinal``; None: every numeric column but times, ``binary``
    where it holds only 0 and 1, else ``amount``. Without a label column each row is an ``interaction``.
    """
    if kinds is None:
        kinds = {str(name): "" for name in frame.columns if is_number(frame[name]) and not _is_no_label(str(name))}
    require(frame, list(kinds), "truth", "a label")
    if not kinds:
        return (Event("interaction"),), {"interaction": np.ones(len(frame), np.float32)}
    labels = {}
    events = []
    for name, kind in kinds.items():
        numbers, wrong = to_numbers(frame[name])
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(f"truth: {name!r} is {frame[name].iloc[row]!s} in row {row + 1}, not a finite number")
        known = numbers[~np.isnan(numbers)]
        found = kind or ("binary" if np.isin(known, (0, 1)).all() else "amount")
        if found not in ("binary", "amount", "ordinal"):
            raise DataError(f"truth: {name!r} cannot be of kind {found!r}; kinds are binary, amount and ordinal")
        labels[name] = numbers.astype(np.float32)
        events.append(Event(name, found, history=found != "ordinal"))  # type: ignore[arg-type]
    return tuple(events), labels


def _is_no_label(column: str) -> bool:
    return column in NO_LABELS or column.startswith("Unnamed:")


def is_number(column: pd.Series[Any]) -> bool:
    """Numbers and booleans."""
    return bool(pd.api.types.is_numeric_dtype(column.dtype))


def check_table(frame: Any, table: str, columns: tuple[str, ...]) -> None:
    """Raise `DataError` unless `frame` is a DataFrame with these columns and a row."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{table}: a pandas DataFrame is needed, this is a {type(frame).__name__}")
    require(frame, columns, table, "needed")
    if frame.empty:
        raise DataError(f"{table}: there is no row; give at least one")


def read_ids(frame: pd.DataFrame, column: str, table: str) -> TextCodes:
    """Ids as text. Raises `DataError` naming the first row without one."""
    codes = encode_text(frame[column])
    if (codes.codes < 0).any():
        row = int(np.flatnonzero(codes.codes < 0)[0])
        raise DataError(
            f"{table}: {column!r} is missing in row {row + 1} ({int((codes.codes < 0).sum())} such rows); drop them"
        )
    return codes
