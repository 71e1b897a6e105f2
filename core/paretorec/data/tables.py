"""From raw tables to a `Dataset`: what the columns mean, what is repaired, what is dropped, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from paretorec.config import DataConfig
from paretorec.contracts.dataset import Dataset, Event, Tables
from paretorec.contracts.items import DAY, ItemTable
from paretorec.contracts.run import Array
from paretorec.data.catalogue import align, make_timeline, read_categories, read_numbers, read_texts
from paretorec.data.columns import encode_text, require, to_numbers
from paretorec.data.labels import merge_labels, read_labels
from paretorec.data.report import DataReport
from paretorec.data.times import as_text, parse_times
from paretorec.errors import DataError

ALWAYS = np.iinfo(np.int64).min
"""First-seen time of items in logs without times: an order of rows says nothing about the catalogue."""


def resolve_data(tables: Tables, config: DataConfig) -> DataConfig:
    """The mapping in force: what `config` sets explicitly, over what the source suggests, over the defaults."""
    if not tables.data:
        return config
    explicit = {name: getattr(config, name) for name in config.model_fields_set}
    return DataConfig.model_validate({**tables.data, **explicit})


def build_dataset(tables: Tables, config: DataConfig) -> Dataset:
    """Read, repair, drop, merge and sort; see `Dataset.report` for what happened.

    Rows equal in (user, item, time) merge. Other rows of one user with equal times are moved apart by one
    millisecond each, in file order, so that "strictly before a row" means before it in order. Raises `DataError`
    for what cannot be repaired. O(n log n), without a Python loop over rows.
    """
    config = resolve_data(tables, config)
    log = tables.interactions
    report = DataReport(tables.origin, len(log))
    if tables.left_out:
        report.facts["left_out_by_source"] = dict(tables.left_out)
    if not len(log):
        raise DataError(f"{tables.origin} has no rows; look at the query or filter that made it")
    _require_columns(tables, config)
    raw = _Columns(log, config, report)
    report.check(config.max_dropped)
    return _assemble(tables, config, raw, _merge(raw, raw.sorted_rows(report), report), report)


class _Columns:
    """The columns of the raw log, coded but neither sorted nor merged; all [n]."""

    def __init__(self, log: pd.DataFrame, config: DataConfig, report: DataReport) -> None:
        self.users = encode_text(log[config.user])
        self.items = encode_text(log[config.item])
        for role, coded in (("user", self.users), ("item", self.items)):
            report.drop(f"missing {role} id", coded.codes < 0)
            for what, count in coded.repairs.items():
                report.repair(f"{role} id: {what}", count)
        self.time = self._read_time(log, config, report)
        self.events: tuple[Event, ...]
        self.events, self.labels = read_labels(log, config, report)
        self.has_time = bool(config.time)

    def _read_time(self, log: pd.DataFrame, config: DataConfig, report: DataReport) -> Array:
        if not config.time:
            return np.zeros(len(log), np.int64)
        parsed = parse_times(log[config.time], config.time_unit)
        report.drop("missing time", parsed.missing)
        report.drop("unparsable time", parsed.wrong, log[config.time].to_numpy() if parsed.wrong.any() else None)
        report.facts["time"] = {"unit": parsed.unit}
        return parsed.ms

    def sorted_rows(self, report: DataReport) -> Array:
        """int64 [m]: the rows that are kept, by time, then file order; makes times for logs that have none."""
        rows = np.flatnonzero(report.kept)
        if not self.has_time:
            self.time, unit = _order_times(self.users.codes, rows)
            report.facts["time"] = {"unit": unit}
        return rows[np.argsort(self.time[rows], kind="stable")]


def _order_times(user: Array, rows: Array) -> tuple[Array, str]:
    """Times for a log that only has an order; (int64 [n], what they are).

    Row number x DAY. Where the file is sorted by user (each user's rows stand together, several each) row numbers do
    not compare between users: then days are counted back from each user's last row, so that all end together.
    """
    time = np.zeros(len(user), np.int64)
    owner = user[rows]
    number = np.arange(len(rows), dtype=np.int64)
    blocks = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    users = len(np.unique(owner))
    if 1 < users == len(blocks) < len(rows):
        ends = np.r_[blocks[1:], len(rows)]
        length = ends - blocks
        number = length.max() - (np.repeat(ends, length) - number)
        time[rows] = number * DAY
        return time, "position from each user's last row, in days"
    time[rows] = number * DAY
    return time, "row number, in days"


@dataclass(frozen=True)
class _Merged:
    first: Array
    """int64 [m]: the raw row that stands for each merged row, in the order of `time`."""
    time: Array
    labels: dict[str, Array]


def _merge(raw: _Columns, rows: Array, report: DataReport) -> _Merged:
    """Merge rows equal in (user, item, time), then move a user's remaining equal times apart."""
    user, item, time = raw.users.codes[rows], raw.items.codes[rows], raw.time[rows]
    group = np.lexsort((item, user, time))
    new = np.ones(len(rows), bool)
    new[1:] = (np.diff(user[group]) != 0) | (np.diff(item[group]) != 0) | (np.diff(time[group]) != 0)
    starts = np.flatnonzero(new)
    report.repair("rows equal in user, item and time merged", len(rows) - len(starts))
    first = group[starts]
    labels = {e.name: merge_labels(raw.labels[e.name][rows[group]], e.kind, starts) for e in raw.events}
    moved, ties = _apart(user[first], time[first], first)
    report.facts["time"] = {**report.facts["time"], "ties_moved_apart": ties}
    order = np.lexsort((first, moved))
    return _Merged(rows[first[order]], moved[order], {name: values[order] for name, values in labels.items()})


def _apart(user: Array, time: Array, rank: Array) -> tuple[Array, int]:
    """Strictly ascending times within each user: the least change to t[j] >= t[j - 1] + 1, in order (time, rank)."""
    by_user = np.lexsort((rank, time, user))
    user, before = user[by_user], time[by_user]
    number = np.arange(len(user), dtype=np.int64)
    after = pd.Series(before - number).groupby(user, sort=False).cummax().to_numpy() + number
    moved = np.empty_like(time)
    moved[by_user] = after
    return moved, int((after != before).sum())


def _assemble(tables: Tables, config: DataConfig, raw: _Columns, merged: _Merged, report: DataReport) -> Dataset:
    rows, time = merged.first, merged.time
    user, user_ids = _by_appearance(raw.users.codes[rows], raw.users.names)
    item, item_ids = _by_appearance(raw.items.codes[rows], raw.items.names)
    if tables.items is not None:
        others = encode_text(tables.items[config.item]).names
        item_ids = np.append(item_ids, others[~pd.Index(others).isin(item_ids)])
    items = _item_table(tables, config, item, item_ids, time if raw.has_time else None, report)
    timelines = {}
    for name in config.timelines:
        values, _ = to_numbers(tables.interactions[name])
        timelines[name] = make_timeline(item, time, values[rows], len(item_ids))
    users = align(tables.users, user_ids, config.user, "users", report)
    report.facts.update(rows=len(rows), users=len(user_ids), items=len(item_ids))
    report.facts["time"] = {**report.facts["time"], "first": as_text(time[0]), "last": as_text(time[-1])}
    return Dataset(
        user_ids=user_ids,
        items=ItemTable(
            ids=item_ids,
            first_seen=items.first_seen,
            categories=items.categories,
            numbers=items.numbers,
            texts=items.texts,
            timelines=timelines,
        ),
        user=user.astype(np.int32),
        item=item.astype(np.int32),
        time=time,
        labels=merged.labels,
        events=raw.events,
        user_categories=read_categories(users, config.user_categories, "users", report),
        user_numbers=read_numbers(users, config.user_numbers, "users", report),
        columns=_other_columns(tables.interactions, config, rows),
        report=report.as_json(),
    )


def _by_appearance(codes: Array, names: Array) -> tuple[Array, Array]:
    """(new codes [m], ids [V]): codes in the order in which they first appear."""
    fresh, distinct = pd.factorize(codes)
    return fresh, names[distinct]


def _item_table(
    tables: Tables, config: DataConfig, item: Array, ids: Array, time: Array | None, report: DataReport
) -> ItemTable:
    table = align(tables.items, ids, config.item, "items", report)
    return ItemTable(
        ids=ids,
        first_seen=_first_seen(table, config, item, time, report),
        categories=read_categories(table, config.categories, "items", report),
        numbers=read_numbers(table, config.numbers, "items", report),
        texts=read_texts(table, config.texts, "items", report),
    )


def _first_seen(table: pd.DataFrame, config: DataConfig, item: Array, time: Array | None, report: DataReport) -> Array:
    """int64 [N]: the item column if given, else the first row of the log; never later than the first row.

    An item that neither tells enters at the end of the log. Logs without times: always there.
    """
    if time is None:
        return np.full(len(table), ALWAYS, np.int64)
    appeared, first = np.unique(item, return_index=True)
    seen = np.full(len(table), time[-1], np.int64)
    seen[appeared] = time[first]
    if config.first_seen:
        parsed = parse_times(table[config.first_seen], config.time_unit)
        told = ~parsed.missing & ~parsed.wrong
        report.repair("items: unparsable first-seen time taken from the log", int(parsed.wrong.sum()))
        cold = np.ones(len(table), bool)
        cold[appeared] = False
        seen = np.where(told, np.where(cold, parsed.ms, np.minimum(parsed.ms, seen)), seen)
    return seen


def _other_columns(log: pd.DataFrame, config: DataConfig, rows: Array) -> dict[str, Array]:
    out: dict[str, Array] = {}
    if config.request:
        out["request"] = encode_text(log[config.request]).codes[rows]
    for role in ("position", "propensity"):
        if getattr(config, role):
            out[role] = to_numbers(log[getattr(config, role)])[0][rows]
    for role in ("policy", "split"):
        if getattr(config, role):
            out[role] = encode_text(log[getattr(config, role)]).text()[rows]
    for name in config.context:
        out[name] = _context(log[name])[rows]
    return out


def _context(column: pd.Series[Any]) -> Array:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float32, na_value=np.nan)
    return encode_text(column).text()


def _require_columns(tables: Tables, config: DataConfig) -> None:
    roles = ("user", "item", "time", "request", "position", "propensity", "policy", "split")
    for role in roles:
        require(tables.interactions, [getattr(config, role)], tables.origin, f"[data] {role}")
    for key in ("context", "timelines"):
        require(tables.interactions, getattr(config, key), tables.origin, f"[data] {key}")
    wanted = {
        "items": (tables.items, config.item, ("categories", "numbers", "texts", "first_seen")),
        "users": (tables.users, config.user, ("user_categories", "user_numbers")),
    }
    for name, (table, key, sections) in wanted.items():
        for section in sections:
            value = getattr(config, section)
            columns = (value,) if isinstance(value, str) else value
            if table is None and any(columns):
                raise DataError(
                    f"[data] {section} names columns of the {name} table, but the source gives no such table"
                )
            if table is not None:
                require(table, columns, f"the {name} table", f"[data] {section}")
        if table is not None:
            require(table, [key], f"the {name} table", f"[data] {name[:-1]}")
