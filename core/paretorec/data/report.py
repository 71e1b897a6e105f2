"""What happened to the rows on their way in: read, repaired, filled, not observed, dropped; counted by reason."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from paretorec.contracts.run import Array
from paretorec.errors import DataError

LOG: Final = logging.getLogger("paretorec")


class DataReport:
    """Collects counts while tables become a dataset; `as_json` is `Dataset.report`."""

    def __init__(self, origin: str, rows: int) -> None:
        self.origin = origin
        self.rows = rows
        self.kept = np.ones(rows, bool)
        self.read: dict[str, int] = {"interactions": rows}
        self.repaired: dict[str, int] = {}
        self.filled: dict[str, dict[str, Any]] = {}
        self.not_observed: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.examples: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, Any] = {}

    def repair(self, what: str, count: int) -> None:
        """`count` values were changed in a way that keeps their meaning."""
        if count:
            self.repaired[what] = self.repaired.get(what, 0) + int(count)

    def drop(self, reason: str, rows: Array, values: Array | None = None) -> None:
        """Leave the interaction `rows` (bool [n]) out; a row counts once, under the first reason.

        `values` [n] shows the first row's offending value; rows are numbered from 1, without a header.
        """
        fresh = rows & self.kept
        count = int(fresh.sum())
        if not count:
            return
        first = int(np.flatnonzero(fresh)[0])
        self.dropped[reason] = count
        self.examples[reason] = {"row": first + 1} | ({} if values is None else {"value": str(values[first])})
        self.kept &= ~rows

    def check(self, max_dropped: float) -> None:
        """Raise `DataError` when nothing is left or more than `max_dropped` of the rows were dropped.

        What is lost within that limit goes to the log as a warning.
        """
        dropped = sum(self.dropped.values())
        if dropped == self.rows:
            raise DataError(
                f"{self.origin}: no row is left of {self.rows}: {self._reasons()}; repair them or name other columns "
                "in [data]"
            )
        if dropped > max_dropped * self.rows:
            raise DataError(
                f"{self.origin}: {dropped} of {self.rows} rows ({dropped / self.rows:.1%}) had to be dropped, more "
                f"than [data] max_dropped = {max_dropped:g}: {self._reasons()}; repair them or raise max_dropped"
            )
        if dropped:
            LOG.warning("%s: %d of %d rows dropped: %s", self.origin, dropped, self.rows, self._reasons())
        for event, count in self.not_observed.items():
            # A label that is not there may be meant; one that is no number is a mistake.
            level = logging.WARNING if f"{event} is not a number" in self.examples else logging.INFO
            LOG.log(level, "%s: %d rows without a number for %s: not observed there", self.origin, count, event)

    def _reasons(self) -> str:
        parts = []
        for reason, count in self.dropped.items():
            example = self.examples[reason]
            value = f", value {example['value']!r}" if "value" in example else ""
            parts.append(f"{count} with {reason} (first: row {example['row']}{value})")
        return ", ".join(parts)

    def as_json(self) -> Mapping[str, Any]:
        return {
            "origin": self.origin,
            "read": self.read,
            "repaired": self.repaired,
            "filled": self.filled,
            "not_observed": self.not_observed,
            "dropped": self.dropped,
            "examples": self.examples,
            **self.facts,
        }
