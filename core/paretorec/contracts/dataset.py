"""Tables as a source gives them, the dataset that core makes of them, requests, and the split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from paretorec.contracts.histories import Histories
from paretorec.contracts.items import Category, ItemTable
from paretorec.contracts.run import Array

if TYPE_CHECKING:  # plugins' light modules import the contracts, and listing must not wait for pandas
    import pandas as pd


@dataclass(frozen=True)
class Tables:
    """Raw tables with the host's own column names; `[data]` says what they mean."""

    interactions: pd.DataFrame
    items: pd.DataFrame | None = None
    users: pd.DataFrame | None = None
    origin: str = "the interactions table"
    """What an error message calls the interactions: a file name, a SQL query, a data set's name."""
    data: Mapping[str, Any] | None = None
    """A ``[data]`` section that fits these tables; keys that the run's configuration sets win over it."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rows that the source itself left out, by reason; shown in the data report."""


class Source(Protocol):
    """Kind ``source``: where tables come from."""

    def load(self) -> Tables:
        """Read everything. Raises `paretorec.errors.DataError` naming the file and the fix."""


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of thing that users do: a label column of the dataset."""

    name: str
    kind: Literal["binary", "amount", "ordinal"] = "binary"
    history: bool = True
    """Rows on which this event is positive enter histories."""


@dataclass(frozen=True)
class Requests:
    """R moments at which one user each is shown a list, and what the user did within the horizon after it."""

    user: Array
    """int32 [R] user codes."""
    time: Array
    """int64 [R] milliseconds."""
    offsets: Array
    """int64 [R + 1]: targets of request r are ``offsets[r]:offsets[r + 1]``; each item at most once."""
    target_items: Array
    """int32 [T]."""
    target_labels: Mapping[str, Array]
    """event -> float32 [T]; amounts of one item within the horizon are added up."""
    context: Mapping[str, Array] = field(default_factory=dict)
    """request column -> [R]."""
    logged: Array | None = None
    """int32 [R, L]: what the host showed, -1 padded; for candidates ``logged``."""

    def __len__(self) -> int:
        return len(self.user)

    @property
    def target_rows(self) -> Array:
        """int64 [T]: the request that each target belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def take(self, rows: Array | slice) -> Requests:
        """The requests at `rows` (integers, mask or slice), with their targets."""
        rows = np.arange(len(self))[rows]
        length = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        pick = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - self.offsets[:-1][rows], length)
        return replace(
            self,
            user=self.user[rows],
            time=self.time[rows],
            offsets=offsets,
            target_items=self.target_items[pick],
            target_labels={name: values[pick] for name, values in self.target_labels.items()},
            context={name: values[rows] for name, values in self.context.items()},
            logged=None if self.logged is None else self.logged[rows],
        )


@dataclass(frozen=True)
class Dataset:
    """Coded, time-sorted interactions. Row order: time, then the file's order."""

    user_ids: Array
    """object [U] external ids as text."""
    items: ItemTable
    user: Array
    """int32 [n]."""
    item: Array
    """int32 [n]."""
    time: Array
    """int64 [n] milliseconds, ascending."""
    labels: Mapping[str, Array]
    """event -> float32 [n], NaN = not observed."""
    events: tuple[Event, ...]
    user_categories: Mapping[str, Category] = field(default_factory=dict)
    """User attributes: name -> codes int32 [U]."""
    user_numbers: Mapping[str, Array] = field(default_factory=dict)
    """User attributes: name -> float32 [U]."""
    columns: Mapping[str, Array] = field(default_factory=dict)
    """Other columns of the log, row for row: ``request``, ``position``, ``propensity``, ``policy``, ``split``,
    and request context columns."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """What was read, repaired, filled and dropped, counted by reason (JSON values)."""

    def __len__(self) -> int:
        return len(self.user)

    @property
    def event_names(self) -> tuple[str, ...]:
        return tuple(event.name for event in self.events)

    def positive(self, rows: Array | slice = slice(None)) -> Array:
        """bool: rows on which at least one history event is observed and above zero."""
        out = np.zeros(len(self.user[rows]), bool)
        for event in self.events:
            if event.history:
                out |= np.nan_to_num(self.labels[event.name][rows]) > 0
        return out


class HistoryStore(Protocol):
    """Looks histories up, point in time. Built once per dataset by core."""

    def at(self, user: Array, now: Array, context: Mapping[str, Array] | None = None) -> Histories:
        """Histories of `user` (int32 [B], -1 = never seen) strictly before `now` (int64 [B])."""


@dataclass(frozen=True)
class Split:
    """Who learns from what, and who is judged on what (design, section 4)."""

    fit: Array
    """bool [n]: rows that encoders learn from."""
    fit_end: int
    """Milliseconds: the end of the fit part; no encoder sees a row at or after it."""
    rank: Requests
    validation: Requests
    select: Requests
    certify: Requests
    horizon: int = 0
    """Milliseconds after a request within which its targets lie; 0: the next row, whenever it comes."""
    counts: Mapping[str, Any] = field(default_factory=dict)
    """Requests kept and left out, by part and reason; the boundaries as text (JSON values)."""


class Splitter(Protocol):
    """Kind ``splitter``."""

    def split(self, data: Dataset, seed: int) -> Split:
        """Cut. Raises `paretorec.errors.DataError` when a part would be empty, naming it and the fix."""
