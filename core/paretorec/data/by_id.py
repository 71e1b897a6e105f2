"""Tables from files whose rows belong to ids: scores, vectors. Ids are matched to the dataset's codes."""

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


def numbers_of(table: pd.DataFrame, columns: list[str], name: str, named: str = "") -> Array:
    """float32 [n, columns]. Raises `DataError` naming the first row (from 1, the header not counted) without one, and
    what that row has in column `named`."""
    out = np.empty((len(table), len(columns)), np.float32)
    for number, column in enumerate(columns):
        values, _ = to_numbers(table[column])
        with np.errstate(over="ignore"):
            out[:, number] = values
        wrong = np.flatnonzero(~np.isfinite(out[:, number]))
        if len(wrong):
            shown = table[column].astype(object).iloc[wrong[0]]
            where = _row(table, wrong[0], named)
            raise DataError(f"{name}: {where}, column {column!r} is {shown!r}, which is not a number")
    return out


def vectors_of(table: pd.DataFrame, key: str, name: str, named: bool = False) -> Array:
    """float32 [n, V]: every column but `key` is a dimension, or the only other one holds lists, each of V numbers.

    named: whether errors may show what a row has in `key`.
    """
    others = [other for other in map(str, table.columns) if other != key]
    if not others:
        raise DataError(f"{name} has no column beside {key!r}; every other column is a dimension")
    shown = key if named else ""
    if len(others) > 1 or not any(isinstance(one, list | tuple | np.ndarray) for one in table[others[0]]):
        return numbers_of(table, others, name, shown)
    lists = table[others[0]].tolist()
    lengths = np.array([np.size(one) for one in lists])
    usual = int(np.bincount(lengths).argmax())
    odd = np.flatnonzero(lengths != usual)
    if len(odd):
        where = _row(table, odd[0], shown)
        raise DataError(f"{name}: {where}, column {others[0]!r} has {lengths[odd[0]]} numbers, the others {usual}")
    columns = [f"{others[0]}[{number}]" for number in range(usual)]
    spread = pd.DataFrame(np.stack(lists), columns=columns).assign(**{key: table[key].to_numpy()})
    return numbers_of(spread, columns, name, shown)


def _row(table: pd.DataFrame, row: int, named: str) -> str:
    return f"row {row + 1}" + (f" ({named} {table[named].iloc[row]!r})" if named else "")


def refuse_twice(key: Array, name: str, what: str) -> None:
    """Raise `DataError` when two rows have the same key; negative keys may repeat."""
    keys, first, count = np.unique(key, return_index=True, return_counts=True)
    twice = (count > 1) & (keys >= 0)
    if twice.any():
        row = int(first[twice].min()) + 1
        raise DataError(f"{name}: the {what} of row {row} comes again further down; keep one row of each")
