"""Events: label columns from wide or long tables, and how labels of merged rows combine."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from paretorec.config import DataConfig, EventConfig
from paretorec.contracts.dataset import Event
from paretorec.contracts.run import Array
from paretorec.data.columns import TextCodes, encode_text, require, to_numbers
from paretorec.data.report import DataReport
from paretorec.errors import DataError

Kind = Literal["binary", "amount", "ordinal"]


def read_labels(
    log: pd.DataFrame, config: DataConfig, report: DataReport
) -> tuple[tuple[Event, ...], dict[str, Array]]:
    """The events and their labels, float32 [n] with NaN = not observed; drops rows through `report`.

    In a long table (`event_column`) a row says of every other event that it did not happen then: 0 for binary
    events and amounts, not observed for ordinal ones.
    """
    events = _events(config)
    if not config.events:
        return events, {"interaction": np.ones(len(log), np.float32)}
    marks = _marks(log, config, report)
    labels: dict[str, Array] = {}
    for event in events:
        labels[event.name] = _label(log, event, config.events[event.name], marks, report).astype(np.float32)
    unlabelled = np.all([np.isnan(values) for values in labels.values()], axis=0)
    column = next((event.column for event in config.events.values() if event.column), None)
    report.drop("no label", unlabelled, None if column is None else log[column].to_numpy(dtype=object, na_value=""))
    return events, labels


def merge_labels(values: Array, kind: Kind, starts: Array) -> Array:
    """One label per group of rows: amounts add up, binary takes the largest, ordinal the last that was observed.

    values: float32 [n] with NaN = not observed; starts: int64 [G], the first row of each group. Returns
    float32 [G], NaN where no row of the group was observed.
    """
    if not len(starts):
        return np.zeros(0, np.float32)
    observed = ~np.isnan(values)
    if kind == "amount":
        merged = np.add.reduceat(np.where(observed, values, 0).astype(np.float64), starts)
    elif kind == "binary":
        merged = np.maximum.reduceat(np.where(observed, values, 0), starts)
    else:
        last = np.maximum.reduceat(np.where(observed, np.arange(len(values)), -1), starts)
        merged = values[last]
    return np.where(np.logical_or.reduceat(observed, starts), merged, np.nan).astype(np.float32)


def _events(config: DataConfig) -> tuple[Event, ...]:
    given = config.events or {"interaction": EventConfig()}
    for name in config.history:
        if name not in given:
            raise DataError(f"[data] history names event {name!r}, but [data.events] has {', '.join(given)}")
    history = config.history or tuple(name for name, event in given.items() if event.kind != "ordinal")
    return tuple(Event(name, event.kind, name in history) for name, event in given.items())


def _marks(log: pd.DataFrame, config: DataConfig, report: DataReport) -> TextCodes | None:
    valued = [name for name, event in config.events.items() if event.value]
    if not config.event_column:
        if valued:
            raise DataError(f"[data.events.{valued[0]}] value needs [data] event_column: the column with event names")
        return None
    require(log, [config.event_column], report.origin, "[data] event_column")
    marks = encode_text(log[config.event_column])
    for name in valued:
        value = config.events[name].value
        if value not in marks.names:
            raise DataError(
                f"{report.origin}: [data.events.{name}] value {value!r} is not in column {config.event_column!r}, "
                f"which has {', '.join(marks.names[:20])}"
            )
    return marks


def _label(log: pd.DataFrame, event: Event, config: EventConfig, marks: TextCodes | None, report: DataReport) -> Array:
    here = np.ones(len(log), bool)
    if config.value and marks is not None:
        here = marks.codes == int(np.flatnonzero(marks.names == config.value)[0])
    if config.column:
        require(log, [config.column], report.origin, f"[data.events.{event.name}] column")
        numbers, wrong = to_numbers(log[config.column])
        unobserved = int((np.isnan(numbers) & here & report.kept).sum())
        if unobserved:
            report.not_observed[event.name] = unobserved
        if (wrong & here).any():
            first = int(np.flatnonzero(wrong & here)[0])
            report.examples[f"{event.name} is not a number"] = {
                "row": first + 1,
                "value": str(log[config.column].iloc[first]),
            }
    else:
        numbers = np.ones(len(log))
    if event.kind == "amount":
        report.drop(f"{event.name} below 0", here & (numbers < 0), numbers)
    elif event.kind == "binary":
        odd = here & ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
        report.repair(f"{event.name}: label other than 0 and 1 taken as above 0 or not", int(odd.sum()))
        numbers = np.where(np.isnan(numbers), np.nan, numbers > 0)
    return np.where(here, numbers, np.nan if event.kind == "ordinal" else 0.0)
