"""Tables from files, ids matched to the dataset's codes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from paretorec.contracts import Array
from paretorec.data.columns import encode_text, require, to_numbers
from paretorec.errors import DataError


def read_table(name: str) -> pd.DataFrame:
    """A CSV (``.csv``, ``.csv.gz``, ...) or parquet file; CSV fields stay text. Raises `DataError` naming the file."""
    path = Path(os.path.expandvars(name)).expanduser()
    if not path.exists():
        raise DataError(f"{name}: there is no such file; relative paths start from {Path.cwd()}")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except (OSError, EOFError, ValueError) as error:  # parser, encoding and parquet errors are ValueErrors
        raise DataError(f"{name} cannot be read as a table: {str(error).strip()}") from None
    if not len(table):
        raise DataError(f"{name} has no rows")
    return table


def codes_of(table: pd.DataFrame, column: str, ids: Array, name: str, key: str) -> Array:
    """int64 [n]: position in `ids` of each row's id, -1 where the data does not know it.

    Raises `DataError` when the column is missing or none of its ids is known.
    """
    require(table, [column], name, key)
    encoded = encode_text(table[column])
    position = pd.Index(ids).get_indexer(pd.Index(encoded.names))
    codes = np.append(position, -1)[encoded.codes]
    if (codes < 0).all():
        raise DataError(f"{name}: none of the ids in column {column!r} is in the data; the ids must be the same texts")
    return codes


def numbers_of(table: pd.DataFrame, columns: list[str], name: str) -> Array:
    """float32 [n, columns]. Raises `DataError` naming the first row (from 1, the header not counted) without one."""
    out = np.empty((len(table), len(columns)), np.float32)
    for number, column in enumerate(columns):
        values, _ = to_numbers(table[column])
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            shown = table[column].iloc[wrong[0]]
            raise DataError(f"{name}: row {wrong[0] + 1}, column {column!r} is {shown!r}, which is not a number")
        out[:, number] = values
    return out


def refuse_twice(key: Array, name: str, what: str) -> None:
    """Raise `DataError` when two rows have the same key; negative keys may repeat."""
    keys, first, count = np.unique(key, return_index=True, return_counts=True)
    twice = (count > 1) & (keys >= 0)
    if twice.any():
        row = int(first[twice].min()) + 1
        raise DataError(f"{name}: the {what} of row {row} comes again further down; keep one row of each")
