"""Splitter ``given``: data that comes split, such as a benchmark's train and test files."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Dataset, Requests, Split
from paretorec.data.requests import requests_of_rows
from paretorec.data.times import as_text
from paretorec.errors import DataError
from paretorec_plugins.splitters.durations import Duration, milliseconds
from paretorec_plugins.splitters.parts import logged_requests, must_learn, no_requests

NAMES: Final = {
    "fit": "fit",
    "train": "fit",
    "training": "fit",
    "rank": "rank",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "select": "select",
    "certify": "certify",
    "test": "certify",
}
"""What the column may say -> part."""


class GivenConfig(ComponentConfig):
    """`[split.params]` of ``given``."""

    period: Duration = Field(
        default="",
        description="A user's rows of a part make one request per so much time, such as 7d; empty: one request in all.",
    )


class GivenSplitter:
    """The column that `[data] split` names says the part of each row: fit, rank, validation, select or certify.

    A user's rows of a part are the targets of one request (or one per `period`) at the time of the first of them,
    with the history before it; logged requests stay what they are. Without select rows, validation selects.
    """

    def __init__(self, config: GivenConfig) -> None:
        self.config = config

    def split(self, data: Dataset, seed: int) -> Split:
        part = _parts(data)
        requests = {name: self._requests(data, np.flatnonzero(part == name)) for name in ("rank", "validation")}
        requests["certify"] = self._requests(data, np.flatnonzero(part == "certify"))
        chosen = "select" if (part == "select").any() else "validation"
        requests["select"] = self._requests(data, np.flatnonzero(part == chosen))
        fit = part == "fit"
        fit_end = int(data.time[fit][-1]) + 1 if fit.any() else int(data.time[0])
        counts = {"fit_rows": int(fit.sum()), "fit_end": as_text(fit_end), "select_rows_from": chosen} | {
            name: {"requests": len(those)} for name, those in requests.items()
        }
        return must_learn(
            Split(fit=fit, fit_end=fit_end, horizon=0, counts=counts, **requests),
            "the split column must mark rows as fit (or train) and as select or validation",
        )

    def _requests(self, data: Dataset, rows: Array) -> Requests:
        if not len(rows):
            return no_requests(data)
        if "request" in data.columns:
            return logged_requests(data, rows)
        period = data.time[rows] // milliseconds(self.config.period) if self.config.period else np.zeros_like(rows)
        order = np.lexsort((period, data.user[rows]))
        user, period = data.user[rows][order], period[order]
        new = np.r_[True, (user[1:] != user[:-1]) | (period[1:] != period[:-1])]
        first = rows[order][new]
        return requests_of_rows(data, data.user[first], data.time[first], np.cumsum(new) - 1, rows[order])


def _parts(data: Dataset) -> Array:
    """object [n]: the part of each row."""
    if "split" not in data.columns:
        raise DataError("the splitter 'given' needs [data] split: the column with the part of each row")
    values, codes = np.unique(data.columns["split"].astype(str), return_inverse=True)
    unknown = [value for value in values if value.lower() not in NAMES]
    if unknown:
        raise DataError(f"the split column has {str(unknown[0])!r}, which is no part; it may say {', '.join(NAMES)}")
    return np.array([NAMES[value.lower()] for value in values], dtype=object)[codes]
