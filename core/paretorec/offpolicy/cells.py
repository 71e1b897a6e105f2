"""Columns read as codes, numbers or probabilities, or refused in one sentence (`DataError`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from paretorec.contracts.run import Array
from paretorec.data.columns import encode_text, to_numbers
from paretorec.errors import DataError


def codes(frame: pd.DataFrame, column: str, table: str) -> Array:
    """int64 [n] of distinct texts."""
    found = encode_text(frame[column]).codes
    if (found < 0).any():
        raise DataError(f"{table}: {column!r} is missing in {int((found < 0).sum())} rows; drop them")
    return found


def numbers(frame: pd.DataFrame, column: str, table: str) -> Array:
    """float64 [n], all finite."""
    found, _ = to_numbers(frame[column])
    missing = np.isnan(found)
    if missing.any():
        value = frame[column].iloc[int(missing.argmax())]
        raise DataError(
            f"{table}: {column!r} is {value!s} in {int(missing.sum())} rows, which is no finite number; "
            "correct or drop them"
        )
    return found


def probabilities(frame: pd.DataFrame, column: str, table: str) -> Array:
    """float64 [n] from 0 to 1."""
    found = numbers(frame, column, table)
    wrong = (found < 0) | (found > 1 + 1e-9)
    if wrong.any():
        raise DataError(
            f"{table}: {column!r} is {found[wrong][0]:.4g} in {int(wrong.sum())} rows, which is no probability; "
            "it must be between 0 and 1"
        )
    return np.minimum(found, 1.0)
