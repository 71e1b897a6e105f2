"""Worlds for the certificates benchmark: a bundle that is fitted once, and any number of logs judged with it by the
very code of a run: preparing, search, thinning, certificates, picks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from paretorec.bundle import Bundle
from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.configfile import parse_config
from paretorec.contracts import DAY, Array, Box, NoProgress, RunContext, Tables
from paretorec.contracts.items import ItemTable
from paretorec.data.histories import HistoryIndex
from paretorec.data.requests import requests_at
from paretorec.data.tables import build_dataset, resolve_data
from paretorec.errors import NoAnswer
from paretorec.fitting import bundle_id, fit_bundle
from paretorec.front import Change, Front
from paretorec.judging import Judged, directions, judge_part, plan_signals
from paretorec.pick import pick
from paretorec.policyfile import PolicyFile
from paretorec.prepare import Prepared, prepare
from paretorec.record import Record
from paretorec.registry import Registry
from paretorec.tradeoff import find_front, run_search, standing_wish
from paretorec_plugins.simulated_store.config import StoreConfig
from paretorec_plugins.simulated_store.source import make_log
from paretorec_plugins.simulated_store.store import Store

STORE = StoreConfig(items=150, weeks=16)
SELECT, CERTIFY, END = "2024-03-11", "2024-04-01", "2024-04-22"
WINDOWS = {"select": (SELECT, CERTIFY), "certify": (CERTIFY, END)}
BASELINE = "encoder.repeat"
CONFIG: dict[str, Any] = {
    "k": 5,
    "threads": 1,
    "split": {
        "use": "temporal",
        "params": {
            "requests": "periods",
            "horizon": "7d",
            "train_end": "2024-02-26",
            "rank_end": SELECT,
            "select_end": CERTIFY,
            "end": END,
        },
    },
    "data": {"min_item_users": 0},
    "encoders": [{"use": "popularity"}, {"use": "repeat"}, {"use": "item-knn"}],
    "ranker": {"use": "mlp", "params": {"hidden": [32], "epochs": 3, "events": ["click", "sales"]}},
    "candidates": {"size": 40},
    "objectives": [{"use": "relevance"}, {"use": "sales"}, {"use": "diversity"}],
    "optimizer": {"use": "smpso", "params": {"population": 20}},
    "search": {"evaluations": 300, "points": 12},
    "certify": {"resamples": 1000, "baseline": BASELINE},
    "pick": {"maximize": "sales", "keep": {"relevance": "-2%"}},
}
WISHES: dict[str, tuple[str, dict[str, str]]] = {
    "sales": ("sales", {"relevance": "-2%"}),
    "relevance": ("relevance", {"diversity": "-2%"}),
    "diversity": ("diversity", {"relevance": "-2%"}),
}
"""name -> (what is maximised, what is kept). The first is the configuration's own."""


@dataclass(frozen=True)
class Found:
    """What one log led to; the truth comes later."""

    theta: Array
    """float64 [P, D]."""
    change: Array
    """float64 [P, M], with `low` and `high` alike: as certified."""
    low: Array
    high: Array
    relative: Array
    """bool [M]."""
    picks: dict[str, dict[str, tuple[int, Array] | None]]
    """wish -> way -> (row of theta, what is promised of each objective float64 [M]) or None: no policy qualifies."""
    select: Array
    """float64 [P, M]: values on the select requests."""
    fixed: Array
    """float64 [F, M]: the same of policies that were given, which nobody chose on this log; F may be 0."""
    reference: Array
    """float64 [M]: of the hypervolume, minimised."""
    optimism: dict[str, Any]
    requests: tuple[int, int]
    """Select and certify requests."""


class World:
    """A shop and a bundle that learned from other customers than those of any log."""

    def __init__(self) -> None:
        self.store = Store(STORE)
        self.registry = Registry()
        self.run = RunContext(seed=0, threads=1, device="cpu", folder=None, progress=NoProgress())
        config = parse_config(CONFIG, "the benchmark")
        self.components = Components.build(config, self.registry)
        tables = self.tables(1500, seed=1)
        self.config: RunConfig = config.model_copy(update={"data": resolve_data(tables, config.data)})
        learned = prepare(tables, self.config, self.components)
        self.items: ItemTable = learned.data.items
        self.bundle: Bundle = fit_bundle(
            self.components, learned, self.config.candidates, self.run, None, lambda _, work: work()
        )
        self.plan = plan_signals(self.bundle, learned, self.config.policy)
        self.box: Box = self.components.policy.component.space(self.plan.names)
        self.sign = directions(self.components)
        self.names = list(self.components.objectives)
        self.baseline: Array = self.box.corners[self.plan.names.index(BASELINE)]

    def tables(self, users: int, seed: int) -> Tables:
        """A log of other customers for every seed."""
        return make_log(self.store, self.store.draw_users(users, seed=seed, prefix=f"s{seed}u"), seed)

    def prepared(self, users: int, seed: int) -> Prepared:
        """As `prepare` does, with the items coded as the bundle knows them."""
        data = build_dataset(self.tables(users, seed), self.config.data)
        codes = pd.Index(self.items.ids).get_indexer(pd.Index(data.items.ids))
        data = replace(data, items=self.items, item=codes[data.item].astype(np.int32))
        return Prepared(data, self.components.splitter.component.split(data, self.config.seed), HistoryIndex(data))

    def found(self, users: int, seed: int, fixed: Array | None = None) -> Found:
        """Search, thin, certify and pick on one log; judge policies `fixed` float64 [F, D] beside."""
        config = self.config.model_copy(update={"seed": seed})
        record = Record(self.components.manifest(), config)
        prepared = self.prepared(users, seed)
        record.describe(prepared, self.run)
        run = replace(self.run, seed=seed)
        front = find_front(
            self.components, prepared, self.bundle, bundle_id(self.bundle), config, run, record, self.registry
        )
        values = np.empty((0, len(self.names)))
        if fixed is not None:
            requests = prepared.split.select
            values = judge_part(
                "select", requests, prepared, self.bundle, self.components, self.plan, config.k, run
            ).judge.evaluate(fixed)[0]
        return self.read(front, record, values)

    def read(self, front: Front, record: Record, fixed: Array) -> Found:
        """A front as arrays, with what would be picked from it in each way."""
        theta = np.array([PolicyFile.load(point.policy).theta(self.box) for point in front.points])

        def of(key: str) -> Array:
            return np.array([[getattr(point.certify[name], key) for name in self.names] for point in front.points])

        base = front.point(front.baseline).certify
        return Found(
            theta=theta,
            change=of("change"),
            low=of("low"),
            high=of("high"),
            relative=np.array([base[name].relative for name in self.names]),
            picks={wish: {way: chosen(front, self.names, wish, way) for way in WAYS} for wish in WISHES},
            select=np.array([[point.select[name] for name in self.names] for point in front.points]),
            fixed=fixed,
            reference=-self.sign * np.array(record.search["reference"]),
            optimism=dict(front.optimism),
            requests=(record.requests["select"], record.requests["certify"]),
        )

    def everybody(self, users: int, seed: int, window: str) -> Judged:
        """Fresh customers' requests of a window, all of them: what half of a log's users are in that window."""
        prepared = self.prepared(users, seed)
        data = prepared.data
        begin, end = (pd.Timestamp(day).value // 10**6 for day in WINDOWS[window])
        starts = np.arange(begin, end, 7 * DAY)
        user = np.tile(np.arange(len(data.user_ids), dtype=np.int32), len(starts))
        requests = requests_at(data, user, np.repeat(starts, len(data.user_ids)), 7 * DAY)
        requests = requests.take(np.flatnonzero(np.diff(requests.offsets)))
        return judge_part("truth", requests, prepared, self.bundle, self.components, self.plan, self.config.k, self.run)

    def sums(self, theta: Array, users: int, seed: int, window: str) -> tuple[Array, int]:
        """(totals float64 [Q, M] over fresh customers' requests, how many requests)."""
        judged = self.everybody(users, seed, window)
        total = np.empty((len(theta), len(self.names)))
        for start in range(0, len(theta), 64):
            rows = slice(start, start + 64)
            total[rows] = judged.judge.parts(theta[rows])[0].sum(axis=2)
        return total, len(judged.requests)

    def oracle(self, users: int, evaluations: int) -> Array:
        """float64 [Q, D]: what a search finds that sees many customers of the certify days, whatever the wish."""
        judged = self.everybody(users, 2, "certify")
        values, errors = judged.judge.evaluate(self.box.corners)
        row = self.plan.names.index(BASELINE)
        best = []
        for maximize, keep in WISHES.values():
            asked = self.config.pick.model_copy(update={"maximize": maximize, "keep": keep})
            wish = standing_wish(tuple(self.names), -self.sign * values[row], errors[row], asked)
            config = self.config.model_copy(
                update={"search": self.config.search.model_copy(update={"evaluations": evaluations})}
            )
            record = Record(self.components.manifest(), config)
            archive = run_search(
                self.components, judged, self.box, values, wish, config, self.run, record, self.registry
            )
            best.append(archive.x[np.argsort(wish.scalar(archive.values), kind="stable")[:60]])
        return np.concatenate(best)


WAYS = ("certified", "pointwise", "naive")
"""Simultaneous bounds; each bound by itself at the same confidence; no bounds: the values that the search saw."""


def chosen(front: Front, names: list[str], wish: str, way: str) -> tuple[int, Array] | None:
    """The pick in one of the ways, by the same function: (row, what is promised)."""
    maximize, keep = WISHES[wish]
    if way == "pointwise":
        steps = np.full(1000, NormalDist().inv_cdf(front.confidence))
        front = replace(front, max_t={"low": steps, "high": steps})
    elif way == "naive":
        front = replace(front, max_t={}, uncertified="nobody asked for a certificate")
    try:
        found = pick(front, maximize, keep)
    except NoAnswer:
        return None
    row = [point.id for point in front.points].index(found.point)
    promised: dict[str, Change] = dict(found.certify)
    return row, np.array([promised[name].low if name in promised else -np.inf for name in names])
