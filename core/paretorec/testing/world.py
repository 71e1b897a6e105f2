"""A tiny shop that every contract works with: real tables, with everything in them that goes wrong in practice.

30 users, 24 items, 12 weeks. Items have ``category`` (missing for some), ``brand``, ``list_price``, ``duration``,
``title`` and a ``price`` that changes with time; some appear late. Users have a ``segment``. Requests have a
``device`` (sometimes unknown). Events: ``click``, ``purchase`` (binary), ``sales``, ``dwell`` (amounts), ``rating``
(ordinal), with labels that were not observed. The log's columns ``request``, ``position``, ``propensity`` and ``part``
are mapped too.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd

from paretorec.config import DataConfig
from paretorec.contracts import (
    DAY,
    Array,
    CandidateView,
    Dataset,
    Event,
    ExampleBlock,
    Histories,
    ItemTable,
    RankingExamples,
    Requests,
    SignalBatch,
    Split,
    Tables,
    Truth,
)
from paretorec.contracts.encoder import FitData
from paretorec.data.features import with_features
from paretorec.data.hashing import hash_ids
from paretorec.data.histories import HistoryIndex
from paretorec.data.requests import make_truth, requests_at
from paretorec.data.tables import build_dataset
from paretorec.prepare import Prepared
from paretorec.signals import build_signals

START = pd.Timestamp("2024-01-01")
WEEKS, USERS, ITEMS, SHOWN = 12, 30, 24, 4
BLOCK = 32
"""Requests of `World.histories`: what core gives encoders and rankers at a time."""
CANDIDATES = 12
VECTORS, WIDTH = 300, 8
STRANGERS = (5, 17)
"""Rows of the block that are users never seen, without a history."""

MAPPING = {
    "events": {
        "click": {"column": "click", "kind": "binary"},
        "purchase": {"column": "purchase", "kind": "binary"},
        "sales": {"column": "sales", "kind": "amount"},
        "dwell": {"column": "dwell", "kind": "amount"},
        "rating": {"column": "rating", "kind": "ordinal"},
    },
    "history": ["click"],
    "context": ["device"],
    "categories": ["category", "brand"],
    "numbers": ["list_price", "duration"],
    "texts": ["title"],
    "user_categories": ["segment"],
    "timelines": ["price"],
    "request": "request",
    "position": "position",
    "propensity": "propensity",
    "split": "part",
    "first_seen": "launched",
}
"""The `[data]` section that fits the tables."""


@dataclass(frozen=True)
class World:
    """The shop, coded and cut as core does it."""

    prepared: Prepared

    @property
    def given(self) -> dict[str, object]:
        """Everything that components are given, by name."""
        return {
            "the data": self.data,
            "what encoders learn from": self.fit_data,
            "histories": self.histories,
            "candidates": self.candidates,
            "the view": self.view,
            "the truth": self.truth,
            "the signals": self.batch,
            "the vectors": self.vectors,
            "the queries": self.queries,
            "what is allowed": self.allowed,
        }

    @property
    def data(self) -> Dataset:
        return self.prepared.data

    @property
    def items(self) -> ItemTable:
        return self.prepared.data.items

    @cached_property
    def fit_data(self) -> FitData:
        """What encoders learn from."""
        return self.prepared.fit_data()

    @cached_property
    def histories(self) -> Histories:
        """Of `BLOCK` select requests; those at `STRANGERS` are of users never seen."""
        requests = self.prepared.split.select
        user = requests.user[:BLOCK].copy()
        user[list(STRANGERS)] = -1
        return self.prepared.history.at(
            user, requests.time[:BLOCK], {name: values[:BLOCK] for name, values in requests.context.items()}
        )

    @cached_property
    def candidates(self) -> Array:
        """int32 [BLOCK, CANDIDATES], -1 = padding; the last row has no candidate."""
        rng = np.random.default_rng(3)
        order = np.argsort(rng.random((BLOCK, len(self.items))), axis=1)[:, :CANDIDATES].astype(np.int32)
        order[np.arange(CANDIDATES) >= rng.integers(4, CANDIDATES + 1, BLOCK)[:, None]] = -1
        order[-1] = -1
        return order

    @cached_property
    def view(self) -> CandidateView:
        """The block's requests with candidates, the scores of an encoder ``taste`` and its vectors, no heads."""
        return self.look(self.histories, self.candidates)

    def look(self, histories: Histories, candidates: Array) -> CandidateView:
        """A view of other requests; `taste` depends on the user and the item alone."""
        rng = np.random.default_rng(4)
        users = rng.normal(size=(len(self.data.user_ids) + 1, 3)).astype(np.float32)[histories.user]
        items = rng.normal(size=(len(self.items), 3)).astype(np.float32)
        mask = candidates >= 0
        scores = np.einsum("bd,bcd->bc", users, items[np.maximum(candidates, 0)])
        return CandidateView(
            histories=histories,
            items=candidates,
            mask=mask,
            table=self.items,
            scores={"taste": np.where(mask, scores, 0).astype(np.float32)},
            user_vectors={"taste": users},
            item_vectors={"taste": items},
        )

    @cached_property
    def vectors(self) -> Array:
        """float32 [VECTORS, WIDTH]: what an index searches; lengths differ."""
        rng = np.random.default_rng(7)
        return (rng.normal(size=(VECTORS, WIDTH)) * rng.lognormal(0, 0.2, (VECTORS, 1))).astype(np.float32)

    @cached_property
    def queries(self) -> Array:
        """float32 [BLOCK, WIDTH]; those at `STRANGERS` are zeros."""
        queries = np.random.default_rng(8).normal(size=(BLOCK, WIDTH)).astype(np.float32)
        queries[list(STRANGERS)] = 0
        return queries

    @cached_property
    def allowed(self) -> Array:
        """bool [BLOCK, VECTORS]: most of the items, half of them, three, and for the last query none."""
        draw = np.random.default_rng(9).random((BLOCK, VECTORS))
        allowed = draw < np.resize([0.9, 0.5], BLOCK)[:, None]
        allowed[2::8] = np.arange(VECTORS) % (VECTORS // 3) == 1
        allowed[-1] = False
        return allowed

    @property
    def examples(self) -> RankingExamples:
        """What rankers learn from: the rank requests, block by block."""
        return _Examples(self, self.data.events)

    @cached_property
    def truth(self) -> Truth:
        """What the block's users went on to do."""
        return self.truth_of(self.prepared.split.select.take(slice(0, BLOCK)))

    def truth_of(self, requests: Requests) -> Truth:
        """What happened after `requests`."""
        return make_truth(self.data, requests, self.prepared.split.fit, self.prepared.history)

    @cached_property
    def batch(self) -> SignalBatch:
        """Three signals of the block's requests in tie order, the first with many ties."""
        view = self.view
        rng = np.random.default_rng(5)
        raw = {
            "encoder.coarse": rng.integers(0, 3, view.items.shape).astype(np.float32),
            "encoder.taste": view.scores["taste"],
            "objective.other": rng.random(view.items.shape).astype(np.float32),
        }
        batch, _ = build_signals(view, raw, {}, hash_ids(self.items.ids, 0))
        return replace(batch, histories=view.histories, table=view.table)


@dataclass
class _Examples:
    world: World
    events: tuple[Event, ...]

    def __len__(self) -> int:
        return len(self.world.prepared.split.rank)

    def blocks(self) -> Iterator[ExampleBlock]:
        world = self.world
        requests, held_out = world.prepared.split.rank, world.prepared.held_out(0)
        histories = world.prepared.history.at(requests.user, requests.time, requests.context)
        rng = np.random.default_rng(6)
        for start in range(0, len(requests), BLOCK):
            rows = slice(start, start + BLOCK)
            part = requests.take(rows)
            order = np.argsort(rng.random((len(part), len(world.items))), axis=1)[:, :CANDIDATES].astype(np.int32)
            labels = {}
            line = part.target_rows
            for name, values in part.target_labels.items():
                dense = np.zeros((len(part), len(world.items)), np.float32)
                dense[line, part.target_items] = values
                labels[name] = np.take_along_axis(dense, order.astype(np.int64), axis=1)
            yield ExampleBlock(world.look(histories.take(rows), order), labels, held_out[rows])


def tiny_shop() -> World:
    """The shop, anew: nothing that is done to it is seen by anybody else."""
    return copy.deepcopy(_shop())


@cache
def _shop() -> World:
    data = build_dataset(tiny_tables(), DataConfig())
    split = _cut(data)
    seen = np.zeros(len(data.items), bool)
    seen[data.item[split.fit]] = True
    learned = split.fit & data.positive()
    counts = np.bincount(data.item[learned], minlength=len(data.items)).astype(np.float64)
    data = replace(data, items=replace(with_features(data.items, seen), counts=counts))
    return World(Prepared(data, split, HistoryIndex(data)))


def _cut(data: Dataset) -> Split:
    """Six weeks to learn from, then two weeks each to validate, rank, and judge."""
    begin = int(START.value // 1_000_000)
    week = 7 * DAY

    def part(first: int, last: int) -> Requests:
        users = np.arange(len(data.user_ids), dtype=np.int32)
        weeks = np.arange(first, last)
        user, time = np.tile(users, len(weeks)), np.repeat(begin + weeks * week, len(users))
        requests = requests_at(data, user, time, week)
        device = np.array(["app", "web", None, ""], object)[np.arange(len(user)) % 4]
        requests = replace(requests, context={"device": device})
        return requests.take(np.flatnonzero(np.diff(requests.offsets)))

    fit_end = begin + 6 * week
    return Split(
        fit=data.time < fit_end,
        fit_end=fit_end,
        rank=part(8, 10),
        validation=part(6, 8),
        select=part(10, 12),
        certify=part(11, 12),
        horizon=week,
    )


def tiny_tables() -> Tables:
    """The shop's raw tables."""
    return Tables(_log(), _items(), _users(), origin="the tiny shop", data=copy.deepcopy(MAPPING))


def _items() -> pd.DataFrame:
    number = np.arange(ITEMS)
    category = np.array(["coffee", "tea", "bread", None], object)[number % 4]
    return pd.DataFrame(
        {
            "item_id": [f"i{n:02d}" for n in number],
            "category": category,
            "brand": np.array(["acme", "other"], object)[number // 3 % 2],
            "list_price": np.where(number == 7, np.nan, 1.0 + number % 5),
            "duration": 60.0 + 10 * (number % 6),
            "title": [f"Item {n}" for n in number],
            # Two items appear when encoders have learned already.
            "launched": [START + pd.Timedelta(weeks=7 if n >= ITEMS - 2 else 0) for n in number],
        }
    )


def _users() -> pd.DataFrame:
    number = np.arange(USERS)
    return pd.DataFrame(
        {
            "user_id": [f"u{n:02d}" for n in number],
            "segment": np.array(["new", "loyal", None], object)[number % 3],
        }
    )


def _log() -> pd.DataFrame:
    """A visit of each user in most weeks: four items shown, some clicked, some of these bought."""
    rng = np.random.default_rng(11)
    week, user = (grid.ravel() for grid in np.meshgrid(np.arange(WEEKS), np.arange(USERS), indexing="ij"))
    here = rng.random(len(week)) < 0.8
    week, user = week[here], user[here]
    time = START + pd.to_timedelta(week * 7, unit="D") + pd.to_timedelta(rng.integers(0, 10_000, len(week)), unit="min")
    taste = rng.dirichlet(np.full(ITEMS, 0.5), USERS)
    weights = taste[user] * np.where(week[:, None] < 7, np.arange(ITEMS) < ITEMS - 2, 1.0) + 1e-6
    keys = np.log(weights) + rng.gumbel(size=weights.shape)
    keys[week < 7, ITEMS - 2 :] = -np.inf
    item = np.argsort(-keys, axis=1)[:, :SHOWN].ravel()
    user, week = np.repeat(user, SHOWN), np.repeat(week, SHOWN)
    visit = np.repeat(np.arange(len(time)), SHOWN)
    click = (rng.random(len(item)) < 0.2 + 0.6 * (taste[user, item] > 0.03)).astype(np.float64)
    purchase = click * (rng.random(len(item)) < 0.4)
    price = (1.0 + item % 5) * np.where(week % 3 == 0, 0.8, 1.0)
    return pd.DataFrame(
        {
            "user_id": [f"u{n:02d}" for n in user],
            "item_id": [f"i{n:02d}" for n in item],
            "time": np.repeat(time, SHOWN),
            "request": visit,
            "position": np.tile(np.arange(1, SHOWN + 1), len(time)),
            "propensity": np.full(len(item), SHOWN / ITEMS),
            "device": np.array(["app", "web", None], object)[visit % 3],
            "price": price,
            "click": click,
            "purchase": purchase,
            # Not every amount was observed.
            "sales": np.where(rng.random(len(item)) < 0.1, np.nan, purchase * price),
            "dwell": np.where(rng.random(len(item)) < 0.1, np.nan, click * rng.integers(5, 90, len(item))),
            "rating": np.where(purchase > 0, rng.integers(1, 6, len(item)), np.nan),
            "part": np.array(["fit", "validation", "rank", "select", "certify"], object)[
                np.searchsorted([6, 7, 8, 10], week, side="right")
            ],
        }
    ).sort_values("time", kind="stable", ignore_index=True)
