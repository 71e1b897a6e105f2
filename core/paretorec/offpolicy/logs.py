"""A log with propensities, checked and coded; every refusal names the table, the column and the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from paretorec.contracts.run import Array
from paretorec.data.columns import require
from paretorec.errors import ConfigError, DataError
from paretorec.offpolicy.actions import Actions, columns_of, looked_up, read_actions
from paretorec.offpolicy.cells import codes, numbers, probabilities

ROLES: Final = {
    "user": "user_id",
    "request": "request",
    "position": "position",
    "item": "item_id",
    "reward": "reward",
    "propensity": "propensity",
    "target": "target",
}
"""What a column of the log says -> its name, unless told otherwise."""


@dataclass(frozen=True)
class Log:
    """n logged items of R requests of U users, at most one at each of K positions of a request."""

    user: Array
    """int64 [R]."""
    request: Array
    """int64 [n], rising; within a request by position."""
    position: Array
    """int64 [n], 0 = first."""
    item: Array
    """int64 [n]; 0 where the log names no items."""
    reward: Array
    """float64 [n]."""
    propensity: Array
    """float64 [n], above 0: probability with which the logging policy showed the item there."""
    target: Array
    """float64 [n]: probability with which the target policy shows it there."""
    features: Array
    """float64 [n, F]."""
    items: int
    actions: Actions | None

    @property
    def requests(self) -> int:
        return len(self.user)

    @property
    def users(self) -> int:
        return int(self.user.max()) + 1

    @property
    def positions(self) -> int:
        return int(self.position.max()) + 1

    def by_request(self, values: Array) -> Array:
        """float64 [R]: sums of `values` [n]."""
        return np.bincount(self.request, weights=values, minlength=self.requests)


def read_log(
    frame: pd.DataFrame, columns: Mapping[str, str], features: Sequence[str], actions: pd.DataFrame | None
) -> Log:
    """columns: role -> name, of `ROLES`. Raises `ConfigError` for an unknown role, `DataError` for the tables."""
    names = _names(columns)
    for table, name in ((frame, "log"), (actions, "actions")):
        if table is not None and (not isinstance(table, pd.DataFrame) or table.empty):
            raise DataError(f"{name}: a pandas DataFrame with at least one row is needed")
    has = {role for role, name in names.items() if name in frame}
    # A log of single items needs neither requests nor positions nor items; actions bring the target along.
    needed = set(names) - {"request", "position", "item"} | (has & {"request", "position", "item"})
    if actions is not None:
        needed = needed - {"target"} | {"request", "item"} | (has & {"target"})
    for role in sorted(needed):
        require(frame, [names[role]], "log", role)
    frame, request, position = _ordered(frame, names, has)
    user = codes(frame, names["user"], "log")
    first = np.flatnonzero(np.diff(request, prepend=-1))
    strangers = user != user[first][request]
    if strangers.any():
        raise DataError(
            f"log: request {frame[names['request']].iloc[int(strangers.argmax())]} is of several users; "
            "a request is one moment of one user"
        )
    propensity = probabilities(frame, names["propensity"], "log")
    if (propensity == 0).any():
        raise DataError(
            f"log: {names['propensity']!r} is 0 in {int((propensity == 0).sum())} rows, but what was shown was "
            "possible; correct the propensities"
        )
    item = codes(frame, names["item"], "log") if "item" in has else np.zeros(len(frame), np.int64)
    items, found = int(item.max()) + 1, None
    if actions is not None:
        item, items, logged, found = read_actions(frame, actions, request, names, features)
    else:
        logged = columns_of(frame, request, features)
    return Log(
        user=np.unique(user[first], return_inverse=True)[1],
        request=request,
        position=position,
        item=item,
        reward=numbers(frame, names["reward"], "log"),
        propensity=propensity,
        target=probabilities(frame, names["target"], "log") if "target" in has else looked_up(found, item),
        features=logged,
        items=items,
        actions=found,
    )


def _names(columns: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(columns) - set(ROLES))
    if unknown:
        raise ConfigError(f"columns: there is no role {unknown[0]!r}; roles are {', '.join(ROLES)}")
    return {**ROLES, **columns}


def _ordered(frame: pd.DataFrame, names: Mapping[str, str], has: set[str]) -> tuple[pd.DataFrame, Array, Array]:
    """(the rows by request and position, request int64 [n], position int64 [n])."""
    request = np.arange(len(frame))
    if "request" in has:
        request = codes(frame, names["request"], "log")
    position = np.zeros(len(frame), np.int64)
    if "position" in has:
        position = np.unique(numbers(frame, names["position"], "log"), return_inverse=True)[1]
    order = np.lexsort((position, request))
    request, position = request[order], position[order]
    twice = (np.diff(request, prepend=-1) == 0) & (np.diff(position, prepend=-1) == 0)
    if twice.any():
        row = int(order[twice.argmax()]) + 1
        raise DataError(
            f"log: row {row} is the second one of its request and position ({int(twice.sum())} such rows); "
            f"give a column {names['position']!r} with the place in the list, and each place once"
        )
    return frame.iloc[order], request, position
