"""Everything that the target policy may show, joined with the log; and the columns that reward models learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from paretorec.contracts.run import Array
from paretorec.data.columns import encode_text, require, to_numbers
from paretorec.errors import DataError
from paretorec.offpolicy.cells import probabilities

SUMS_TO_ONE: Final = 0.01
"""By how much the probabilities of one request and position may miss 1: tables are rounded."""
MOST_VALUES: Final = 200
"""Distinct values of a feature that is no number."""


@dataclass(frozen=True)
class Actions:
    """What the target policy could have shown: m rows."""

    row: Array
    """int64 [m]: the log's row with the same request and position."""
    item: Array
    """int64 [m]."""
    probability: Array
    """float64 [m]; sums to 1 over each of the log's rows."""
    propensity: Array | None
    """float64 [m]: of the logging policy, likewise; None: not known."""
    features: Array
    """float64 [m, F]."""


def read_actions(
    frame: pd.DataFrame, actions: pd.DataFrame, request: Array, names: Mapping[str, str], features: Sequence[str]
) -> tuple[Array, int, Array, Actions]:
    """(item of each of the log's n rows, number of items, features float64 [n, F], the actions)."""
    keys = [names[role] for role in ("request", "position") if names[role] in frame]
    require(actions, [*keys, names["item"], names["target"]], "actions", "needed")
    places = pd.MultiIndex.from_arrays([frame[key] for key in keys])
    row = places.get_indexer(pd.MultiIndex.from_arrays([actions[key] for key in keys]))
    actions, row = actions[row >= 0], row[row >= 0]
    probability = _complete(frame, actions, row, names["target"], keys)
    logging = _complete(frame, actions, row, names["propensity"], keys) if names["propensity"] in actions else None
    both = encode_text(pd.concat([frame[names["item"]], actions[names["item"]]], ignore_index=True))
    if (both.codes < 0).any():
        raise DataError(f"{names['item']!r} is missing in {int((both.codes < 0).sum())} rows; drop them")
    item, chosen = np.split(both.codes, [len(frame)])
    inside = [name for name in features if name in actions]
    joined = [_encoded(pd.concat([frame[name], actions[name]], ignore_index=True), name) for name in inside]
    of_request = columns_of(frame, request, [name for name in features if name not in actions])
    logged = np.concatenate([of_request, *(column[: len(frame)] for column in joined)], axis=1)
    shown = np.concatenate([of_request[row], *(column[len(frame) :] for column in joined)], axis=1)
    return item, len(both.names), logged, Actions(row, chosen, probability, logging, shown)


def _complete(frame: pd.DataFrame, actions: pd.DataFrame, row: Array, column: str, keys: Sequence[str]) -> Array:
    """float64 [m]: probabilities that add up to 1 over each of the log's rows."""
    probability = probabilities(actions, column, "actions")
    sums = np.bincount(row, weights=probability, minlength=len(frame))
    wrong = np.abs(sums - 1) > SUMS_TO_ONE
    if wrong.any():
        at = int(wrong.argmax())
        where = " and ".join(f"{key} {frame[key].iloc[at]}" for key in keys)
        raise DataError(
            f"actions: {column!r} of {where} adds up to {sums[at]:.4g}, not 1 ({int(wrong.sum())} such places); "
            "list every item that may be shown there"
        )
    return probability


def looked_up(actions: Actions | None, item: Array) -> Array:
    """float64 [n]: the target's probability of each logged item, 0 where the actions lack it."""
    assert actions is not None
    same = actions.item == item[actions.row]
    return np.bincount(actions.row[same], weights=actions.probability[same], minlength=len(item))


def columns_of(frame: pd.DataFrame, request: Array, features: Sequence[str]) -> Array:
    """float64 [n, F]: what is known before a list is drawn; numbers on one scale, other values as indicators.

    request: int64 [n], rising. Raises `DataError` for what differs within a request.
    """
    require(frame, features, "log", "a feature")
    columns = [np.zeros((len(frame), 0))]
    for name in features:
        column = _encoded(frame[name].reset_index(drop=True), name)
        first = np.flatnonzero(np.diff(request, prepend=-1))
        if (column != column[first][request]).any():
            raise DataError(
                f"log: feature {name!r} differs within a request, so it says something of the item; name it only "
                "when a table of actions has it too"
            )
        columns.append(column)
    return np.concatenate(columns, axis=1)


def _encoded(values: pd.Series[Any], name: str) -> Array:
    """float64 [n, F'] of one feature."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = np.nan_to_num(to_numbers(values)[0])
        spread = numbers.std()
        return np.asarray(((numbers - numbers.mean()) / (spread if spread > 0 else 1.0))[:, None])
    coded = encode_text(values)
    if len(coded.names) > MOST_VALUES:
        raise DataError(f"log: feature {name!r} has {len(coded.names)} values; group them or leave it out")
    return np.asarray(coded.codes[:, None] == np.arange(len(coded.names)), np.float64)
