"""Requests with signals, targets and metrics for the benchmarks of the judge: MovieLens-1M, or made up."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.sparse.linalg import eigsh

from paretorec.contracts import Array, Category, Event, ItemTable, Metric, Requests, SignalBatch, Truth
from paretorec.signals import normalise
from paretorec_plugins.metrics.amounts import Revenue, RevenueConfig
from paretorec_plugins.metrics.diversity import IntraListDiversity, IntraListDiversityConfig
from paretorec_plugins.metrics.events import EventMetricConfig
from paretorec_plugins.metrics.exposure import Coverage, ExposureConfig, Gini, Novelty, NoveltyConfig
from paretorec_plugins.metrics.hits import Precision
from paretorec_plugins.metrics.ranks import Ndcg, NdcgConfig

LENGTH = 10
TARGETS = 5
"""Items at the end of each history that are to be found."""
FACTORS = 32
RECENT = 50
"""Events of a history that make its taste, the last counting most."""
BLOCK = 512


@dataclass(frozen=True)
class World:
    """R requests over C candidates with K signals, as a judge takes them."""

    name: str
    """What the data is."""
    signals: Mapping[str, str]
    """Signal -> what it is."""
    batch: SignalBatch
    truth: Truth
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def part(self, requests: int) -> World:
        """The first `requests`."""
        rows = slice(0, requests)
        batch = SignalBatch(
            self.batch.names, *(x[rows] for x in (self.batch.values, self.batch.mask, self.batch.items))
        )
        targets = int(self.truth.requests.offsets[min(requests, len(self.truth.requests))])
        truth = make_truth(self.truth.requests.take(rows), self.truth.items, self.truth.known[:targets])
        return World(self.name, self.signals, batch, truth, seven_metrics(truth))


def ml_1m(requests: int = 6040) -> World | None:
    """The first `requests` users of MovieLens-1M, whole catalogue.

    What each user rated last is to be found, what came before is not shown again.

    Signals: `svd`, the recency-weighted history in 32 factors of the item-item cosine matrix, in the place of a
    transformer (minutes of training, and the same distribution of scores: a dot product of learned vectors);
    `item-knn`, the same history summed over each item's 100 nearest; `novelty`, inverse popularity; `price`, a
    made-up lognormal column, since MovieLens has none. None where PARETOREC_DATA is not set or lacks the file.
    """
    folder = Path(os.environ.get("PARETOREC_DATA", "/nonexistent")) / "ml-1m"
    if not (folder / "ml-1m.txt.gz").exists():
        return None
    with gzip.open(folder / "ml-1m.txt.gz", "rt") as file:
        log = np.array([line.split() for line in file], np.int64) - 1
    with (folder / "items.csv").open(encoding="utf-8") as file:
        first_genre = {int(row["sas_item"]) - 1: row["genres"].split("|")[0] for row in csv.DictReader(file)}
    items = int(log[:, 1].max()) + 1
    names = tuple(sorted(set(first_genre.values())))
    genre = np.array([names.index(first_genre.get(item, names[0])) for item in range(items)], np.int32)
    histories = np.split(log[:, 1], np.flatnonzero(np.diff(log[:, 0])) + 1)
    return from_histories("MovieLens-1M", histories, items, Category(genre, names), requests)


def stand_in(requests: int = 6040, users: int = 6040, items: int = 3416, seed: int = 0) -> World:
    """Histories of ML-1M's shape, made up: popularity by rank, tastes in eight dimensions."""
    rng = np.random.default_rng(seed)
    taste, kind = rng.normal(size=(users, 8)), rng.normal(size=(items, 8))
    popular = -0.8 * np.log(np.arange(items) + 10)
    length = np.clip(rng.lognormal(4.6, 0.9, users), 20, items // 2).astype(int)
    histories = []
    for row, size in zip(taste, length, strict=True):
        wanted = popular + kind @ row / 2 + rng.gumbel(size=items)
        histories.append(rng.permutation(np.argpartition(-wanted, size)[:size]))
    genre = Category(kind.argmax(axis=1).astype(np.int32), tuple("abcdefgh"))
    return from_histories("simulated in the shape of MovieLens-1M", histories, items, genre, requests)


def more_signals(world: World, count: int) -> World:
    """With `count` signals: mixtures of two of the first ones with noise of a candidate's own, as heads of one model
    are alike but not the same."""
    rng = np.random.default_rng(11)
    names, first = list(world.batch.names), world.batch.values.shape[2]
    values = np.empty((*world.batch.items.shape, count), np.float32)
    for rows in blocks(len(values)):
        old = world.batch.values[rows]
        values[rows, :, :first] = old
        for place in range(first, count):
            noise = rng.random(old.shape[:2], dtype=np.float32)
            mixed = 0.45 * old[..., place % first] + 0.35 * old[..., (place // first + place) % first] + 0.2 * noise
            values[rows, :, place] = normalise(mixed, np.ones(mixed.shape, bool), "minmax")
    names += [f"mixture {place}" for place in range(first, count)]
    told = {**world.signals, **dict.fromkeys(names[first:], "mixture of two others with noise")}
    batch = in_tie_order(SignalBatch(tuple(names), values, world.batch.mask.copy(), world.batch.items.copy()))
    return World(world.name, told, batch, world.truth, world.metrics)


def fewer_candidates(world: World, count: int) -> World:
    """The `count` candidates of each request that are best in `svd` and `item-knn` together."""
    batch = world.batch
    fused = np.where(batch.mask, batch.values[..., 0] + batch.values[..., 1], -np.inf)
    best = np.sort(np.argpartition(-fused, count, axis=1)[:, :count], axis=1)
    values = np.take_along_axis(batch.values, best[..., None], axis=1)
    mask = np.take_along_axis(batch.mask, best, axis=1)
    for place in range(values.shape[2]):
        values[..., place] = normalise(values[..., place], mask, "minmax")
    kept = in_tie_order(SignalBatch(batch.names, values, mask, np.take_along_axis(batch.items, best, axis=1)))
    return World(world.name, world.signals, kept, world.truth, world.metrics)


def in_tie_order(batch: SignalBatch) -> SignalBatch:
    """Candidates by the float64 sum of their signals, falling, then by item; masked ones last."""
    for rows in blocks(len(batch)):
        values, mask, items = batch.values[rows], batch.mask[rows], batch.items[rows]
        order = np.lexsort((items, -values.sum(axis=2, dtype=np.float64), ~mask))
        batch.values[rows] = np.take_along_axis(values, order[..., None], axis=1)
        batch.mask[rows], batch.items[rows] = (np.take_along_axis(x, order, axis=1) for x in (mask, items))
    return batch


def from_histories(name: str, histories: list[Array], items: int, genre: Category, requests: int) -> World:
    rng = np.random.default_rng(7)
    past = [row[:-TARGETS] for row in histories]
    counts = np.bincount(np.concatenate(past), minlength=items).astype(np.float64)
    price = rng.lognormal(2.5, 0.7, items).astype(np.float32)
    table = ItemTable(
        np.arange(items).astype(str).astype(object),
        np.zeros(items, np.int64),
        categories={"genre": genre},
        numbers={"price": price},
        counts=counts,
    )
    similar, factors = item_item(past, items)
    histories, past = histories[:requests], past[:requests]
    profile = np.zeros((len(past), items), np.float32)
    for row, taken in enumerate(past):
        recent = taken[-RECENT:]
        profile[row, recent] = 0.97 ** np.arange(len(recent))[::-1]
    raw = {
        "svd": lambda rows: (profile[rows] @ factors) @ factors.T,
        "item-knn": lambda rows: profile[rows] @ similar,
        "novelty": lambda rows: np.broadcast_to(-np.log1p(counts), (rows.stop - rows.start, items)),
        "price": lambda rows: np.broadcast_to(price, (rows.stop - rows.start, items)),
    }
    told = {
        "svd": f"stand-in for the transformer: history in {FACTORS} factors of item-item cosines",
        "item-knn": "history over each item's 100 nearest",
        "novelty": "inverse popularity",
        "price": "made-up lognormal column",
    }
    hashes = rng.permutation(items)
    batch = SignalBatch(
        tuple(raw),
        np.empty((len(past), items, len(raw)), np.float32),
        np.empty((len(past), items), bool),
        np.empty((len(past), items), np.int32),
    )
    for rows in blocks(len(past)):
        mask = np.ones((rows.stop - rows.start, items), bool)
        for line, taken in enumerate(past[rows]):
            mask[line, taken] = False
        values = np.stack([normalise(score(rows), np.ones_like(mask), "minmax") for score in raw.values()], axis=2)
        order = np.lexsort((np.broadcast_to(hashes, mask.shape), -values.sum(axis=2, dtype=np.float64), ~mask))
        batch.values[rows] = np.take_along_axis(values, order[..., None], axis=1)
        batch.mask[rows] = np.take_along_axis(mask, order, axis=1)
        batch.items[rows] = order
    last = np.stack([np.sort(row[-TARGETS:]) for row in histories])
    asked = Requests(
        user=np.arange(len(past), dtype=np.int32),
        time=np.zeros(len(past), np.int64),
        offsets=np.arange(len(past) + 1) * TARGETS,
        target_items=last.ravel().astype(np.int32),
        target_labels={"watch": np.ones(last.size, np.float32), "paid": price[last.ravel()]},
    )
    truth = make_truth(asked, table, np.zeros(last.size, bool))
    return World(name, told, batch, truth, seven_metrics(truth))


def item_item(past: list[Array], items: int) -> tuple[Array, Array]:
    """(cosines of each item's 100 nearest float32 [N, N], factors float32 [N, FACTORS])."""
    taken = np.zeros((len(past), items), np.float32)
    for row, line in enumerate(past):
        taken[row, line] = 1
    shared = taken.T @ taken
    length = np.sqrt(np.diag(shared))
    cosine = shared / (np.outer(length, length) + 10)
    np.fill_diagonal(cosine, 0)
    size, vectors = eigsh(cosine.astype(np.float64), FACTORS, v0=np.ones(items))
    factors = vectors * np.sqrt(np.maximum(size, 0))
    border = -np.partition(-cosine, 99, axis=1)[:, 99:100]
    return np.where(cosine >= border, cosine, 0).astype(np.float32), factors.astype(np.float32)


def blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, BLOCK):
        yield slice(start, min(start + BLOCK, count))


def make_truth(requests: Requests, items: ItemTable, known: Array) -> Truth:
    return Truth(
        requests=requests,
        items=items,
        events=(Event("watch"), Event("paid", kind="amount", history=False)),
        item_counts=items.counts,
        user_count=len(requests),
        known=known,
    )


def seven_metrics(truth: Truth) -> dict[str, Metric]:
    """NDCG, precision, revenue, novelty, diversity of genres, coverage, Gini, as the built-in evaluators have them."""
    evaluators = {
        "ndcg": Ndcg(NdcgConfig(event="watch")),
        "precision": Precision(EventMetricConfig(event="watch")),
        "revenue": Revenue(RevenueConfig(event="paid")),
        "novelty": Novelty(NoveltyConfig()),
        "diversity": IntraListDiversity(IntraListDiversityConfig(columns=("genre",))),
        "coverage": Coverage(ExposureConfig()),
        "gini": Gini(ExposureConfig()),
    }
    return {name: evaluator.metric(truth, LENGTH) for name, evaluator in evaluators.items()}
