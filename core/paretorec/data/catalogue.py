"""The item table: read from the host's table, counted, cut down to the items that a run works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from paretorec.contracts.dataset import Dataset
from paretorec.contracts.items import MISSING, Category, ItemTable, Timeline
from paretorec.contracts.run import Array
from paretorec.data.columns import encode_text, to_numbers
from paretorec.data.report import DataReport
from paretorec.data.rows import spans
from paretorec.errors import DataError


def item_users(data: Dataset, rows: Array) -> Array:
    """int64 [N]: distinct users with a positive row, per item. rows: bool [n], such as the fit part."""
    rows = rows & data.positive()
    pairs = np.unique(data.item[rows].astype(np.int64) * len(data.user_ids) + data.user[rows])
    return np.bincount(pairs // max(len(data.user_ids), 1), minlength=len(data.items))


def restrict_items(data: Dataset, keep: Array) -> Dataset:
    """The dataset with only the items in `keep` (bool [N]) and their rows; items are coded anew, users are not.

    Row numbers change: what refers to them (a split) must be made after. The report says what was left out.
    """
    if keep.all():
        return data
    if not keep.any():
        raise DataError("no item is left in the catalogue: lower [data] min_item_users")
    rows = keep[data.item]
    codes = np.cumsum(keep) - 1
    catalogue = {"items": int(keep.sum()), "items_left_out": int((~keep).sum()), "rows_left_out": int((~rows).sum())}
    return replace(
        data,
        items=take_items(data.items, np.flatnonzero(keep)),
        user=data.user[rows],
        item=codes[data.item[rows]].astype(np.int32),
        time=data.time[rows],
        labels={name: values[rows] for name, values in data.labels.items()},
        columns={name: values[rows] for name, values in data.columns.items()},
        report={**data.report, "catalogue": catalogue},
    )


def take_items(items: ItemTable, rows: Array) -> ItemTable:
    """The item table at `rows` (int64 [M])."""
    return replace(
        items,
        ids=items.ids[rows],
        first_seen=items.first_seen[rows],
        categories={name: Category(c.codes[rows], c.names) for name, c in items.categories.items()},
        numbers={name: values[rows] for name, values in items.numbers.items()},
        texts={name: values[rows] for name, values in items.texts.items()},
        timelines={name: _take_timeline(line, rows) for name, line in items.timelines.items()},
        features=items.features[rows] if len(items.features) else items.features,
        counts=items.counts[rows] if len(items.counts) else items.counts,
    )


def make_timeline(item: Array, time: Array, values: Array, n_items: int) -> Timeline:
    """From the log's rows in time order; only changes of an item's value are kept. NaN = not observed."""
    rows = np.flatnonzero(np.isfinite(values))
    rows = rows[np.argsort(item[rows], kind="stable")]
    item, time, values = item[rows], time[rows], values[rows]
    changed = np.ones(len(rows), bool)
    changed[1:] = (item[1:] != item[:-1]) | (values[1:] != values[:-1])
    counts = np.bincount(item[changed], minlength=n_items)
    return Timeline(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        times=time[changed],
        values=values[changed].astype(np.float32),
    )


def align(table: pd.DataFrame | None, ids: Array, key: str, name: str, report: DataReport) -> pd.DataFrame:
    """The rows of an attribute table in the order of `ids`; all-missing rows for ids without one.

    Raises `DataError` for one id twice with different values; equal repeats are counted and merged.
    """
    if table is None:
        return pd.DataFrame(index=range(len(ids)))
    report.read[name] = len(table)
    coded = encode_text(table[key])
    for what, count in coded.repairs.items():
        report.repair(f"{name} table: {what}", count)
    known = coded.codes >= 0
    if not known.all():
        report.facts[f"{name}_without_id"] = int((~known).sum())
    rows = _distinct_rows(table, coded.codes, coded.names, name, report)
    at = pd.Index(coded.names).get_indexer(pd.Index(ids))
    report.repair(f"{name} without attributes: filled", int((at < 0).sum()))
    return table.reset_index(drop=True).reindex(np.where(at >= 0, rows[at], -1)).reset_index(drop=True)


def _distinct_rows(table: pd.DataFrame, codes: Array, names: Array, name: str, report: DataReport) -> Array:
    """int64 [V]: the first row of each id."""
    known = np.flatnonzero(codes >= 0)
    _, first = np.unique(codes[known], return_index=True)
    rows = known[first]
    repeats = np.setdiff1d(known, rows)
    if len(repeats):
        again, before = table.iloc[repeats], table.iloc[rows[codes[repeats]]]
        for column in table.columns:
            left, right = encode_text(again[column]).text(), encode_text(before[column]).text()
            different = np.flatnonzero(left != right)
            if len(different):
                at = int(different[0])
                raise DataError(
                    f"the {name} table has {names[codes[repeats[at]]]!r} twice with different values: column "
                    f"{column!r} is {right[at]!r} in row {rows[codes[repeats[at]]] + 1} and {left[at]!r} in row "
                    f"{repeats[at] + 1}; keep one of them"
                )
        report.repair(f"{name} table: equal rows merged", len(repeats))
    return rows


def read_categories(table: pd.DataFrame, columns: Sequence[str], name: str, report: DataReport) -> dict[str, Category]:
    """Each column as codes; missing values are a category of their own."""
    out = {}
    for column in columns:
        coded = encode_text(_column(table, column))
        order = np.argsort(coded.names.astype(str), kind="stable")
        codes = np.append(np.argsort(order) + 1, 0)[coded.codes]
        out[column] = Category(codes.astype(np.int32), (MISSING, *coded.names[order]))
        _note_fill(report, name, column, coded.codes < 0, MISSING)
    return out


def read_numbers(table: pd.DataFrame, columns: Sequence[str], name: str, report: DataReport) -> dict[str, Array]:
    """Each column as float32; missing values become the median."""
    out = {}
    for column in columns:
        numbers, wrong = to_numbers(_column(table, column))
        missing = np.isnan(numbers)
        if wrong.any() and missing.all():
            first = _column(table, column).iloc[int(np.flatnonzero(wrong)[0])]
            raise DataError(f"the {name} table's column {column!r} is not numeric (such as {first!r}): use categories")
        fill = float(np.median(numbers[~missing])) if not missing.all() else 0.0
        out[column] = np.where(missing, fill, numbers).astype(np.float32)
        _note_fill(report, name, column, missing, fill)
    return out


def read_texts(table: pd.DataFrame, columns: Sequence[str], name: str, report: DataReport) -> dict[str, Array]:
    """Each column as object [N] of str, ``""`` where missing."""
    out = {}
    for column in columns:
        coded = encode_text(_column(table, column))
        out[column] = coded.text()
        _note_fill(report, name, column, coded.codes < 0, "")
    return out


def _column(table: pd.DataFrame, column: str) -> pd.Series[Any]:
    if column in table.columns:
        return table[column]
    return pd.Series(np.full(len(table), None, object))


def _note_fill(report: DataReport, name: str, column: str, missing: Array, fill: object) -> None:
    if missing.any():
        report.filled[f"{name}.{column}"] = {"rows": int(missing.sum()), "with": fill}


def _take_timeline(line: Timeline, rows: Array) -> Timeline:
    start, end = line.offsets[rows], line.offsets[rows + 1]
    _, position = spans(start, end)
    offsets = np.concatenate([[0], np.cumsum(end - start)]).astype(np.int64)
    return Timeline(offsets, line.times[position], line.values[position])
