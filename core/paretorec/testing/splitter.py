"""The contract of splitters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.config import DataConfig
from paretorec.contracts import Dataset, Requests, Split, Tables
from paretorec.data.tables import build_dataset
from paretorec.errors import ConfigError, DataError
from paretorec.testing.checks import broken, check, require_methods
from paretorec.testing.component import ComponentContract
from paretorec.testing.contract import SEED
from paretorec.testing.world import World, tiny_tables

PARTS = ("rank", "validation", "select", "certify")


class SplitterContract(ComponentContract):
    """`paretorec.contracts.Splitter`."""

    kind = "splitter"

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        split: Split = component.split(world.data, seed)
        return {"fit": split.fit, "fit_end": split.fit_end} | {name: getattr(split, name) for name in PARTS}

    def _split(self, data: Dataset, seed: int = SEED) -> Split:
        split: Split = self.new().split(data, seed)
        return split

    @check("protocol", "give it a method split(data, seed) that returns paretorec.contracts.Split")
    def test_protocol(self) -> None:
        """It has `split`, which gives a Split."""
        component = self.new()
        require_methods(component, ("split",), "a splitter")
        split = component.split(_dataset(), SEED)
        if not isinstance(split, Split):
            broken(f"split gave a {type(split).__name__}")

    @check("other-seed", 'declare the capability "random" if, and only if, the cut depends on the seed')
    def test_other_seed(self) -> None:
        """Another seed gives another cut where the spec declares `random`, and the same where it does not."""
        self.check_seeds()

    @check("parts", "make requests with paretorec.data.requests, and fit a bool for each row")
    def test_parts(self) -> None:
        """Its parts are sound: rows to learn from, and requests whose users, items and labels are in the data."""
        data = _dataset()
        split = self._split(data)
        if split.fit.dtype != bool or split.fit.shape != (len(data),) or not split.fit.any():
            broken(f"fit is {split.fit.dtype} {list(split.fit.shape)} with {int(split.fit.sum())} rows to learn from")
        for name in PARTS:
            if problem := _unsound(getattr(split, name), data):
                broken(f"{name}: {problem}")
        if not len(split.select):
            broken("the select part has no request; a splitter that leaves none raises a DataError")

    @check("past", "let fit_end be later than every row of fit")
    def test_past(self) -> None:
        """No row to learn from is at or after `fit_end`."""
        data = _dataset()
        split = self._split(data)
        late = int((data.time[split.fit] >= split.fit_end).sum())
        if late:
            broken(f"{late} rows to learn from are at or after fit_end")

    @check("leak", "take the rows that are targets out of fit")
    def test_leak(self) -> None:
        """No target is a row that encoders learn from."""
        data = _dataset(once=True)
        split = self._split(data)
        pair = data.user.astype(np.int64) * len(data.items) + data.item
        for name in PARTS:
            requests: Requests = getattr(split, name)
            wanted = requests.user[requests.target_rows].astype(np.int64) * len(data.items) + requests.target_items
            leaked = int(np.isin(wanted, pair[split.fit]).sum())
            if leaked:
                broken(f"{leaked} of {len(wanted)} targets of the {name} part are rows to learn from")

    @check("certify", "keep requests that certify apart from those that select: by user, or by moment")
    def test_certify(self) -> None:
        """No request both selects and certifies."""
        split = self._split(_dataset())
        keys = [set(zip(part.user.tolist(), part.time.tolist(), strict=True)) for part in (split.select, split.certify)]
        both = keys[0] & keys[1]
        if both:
            broken(f"{len(both)} requests both select and certify")

    @check("counts", "let counts be JSON values: numbers, texts, mappings of them")
    def test_counts(self) -> None:
        """`counts` can be written as JSON."""
        try:
            json.dumps(dict(self._split(_dataset()).counts), allow_nan=False)
        except (TypeError, ValueError) as error:
            broken(f"counts cannot be written: {error}")

    @check("little-data", "cut what there is, or raise a DataError that names the part that would be empty")
    def test_little_data(self) -> None:
        """One user, or a log without requests and other columns, is cut or refused with a DataError."""
        tables = tiny_tables()
        log = tables.interactions
        plain = log[["user_id", "item_id", "time", "click"]]
        mapping = {"events": {"click": {"column": "click"}}}
        some = {
            "one user": Tables(log[log["user_id"] == "u03"], tables.items, tables.users, data=tables.data),
            "one row": Tables(log[log["click"] > 0].head(1), tables.items, tables.users, data=tables.data),
            "a log without further columns": Tables(plain, data=mapping),
        }
        for what, given in some.items():
            data = build_dataset(given, DataConfig())
            try:
                split = self.new().split(data, SEED)
            except (DataError, ConfigError):
                continue
            except Exception as error:
                broken(f"{what}: it raised {type(error).__name__}: {error}")
            for name in PARTS:
                if problem := _unsound(getattr(split, name), data):
                    broken(f"{what}: {name}: {problem}")


def _dataset(once: bool = False) -> Dataset:
    """The tiny shop's log; once: each pair of user and item only the first time."""
    tables = tiny_tables()
    if once:
        tables = replace(tables, interactions=tables.interactions.drop_duplicates(["user_id", "item_id"]))
    return build_dataset(tables, DataConfig())


def _unsound(requests: Requests, data: Dataset) -> str:
    """What is wrong with a part's requests; empty: nothing."""
    count, targets = len(requests.user), len(requests.target_items)
    if requests.time.shape != (count,) or requests.offsets.shape != (count + 1,):
        return f"{count} users, times {list(requests.time.shape)}, offsets {list(requests.offsets.shape)}"
    if requests.offsets[0] != 0 or requests.offsets[-1] != targets or (np.diff(requests.offsets) < 0).any():
        return f"offsets do not run from 0 to the {targets} targets"
    for what, codes, size in (
        ("user", requests.user, len(data.user_ids)),
        ("item", requests.target_items, len(data.items)),
    ):
        if ((codes < 0) | (codes >= size)).any():
            return f"a {what} code is not in the data"
    for event in data.event_names:
        if event not in requests.target_labels or requests.target_labels[event].shape != (targets,):
            return f"targets have no labels of the event {event!r}"
    twice = np.unique(requests.target_rows * len(data.items) + requests.target_items).size < targets
    return "a request has a target twice" if twice else ""
