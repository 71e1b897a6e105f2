"""A small market with a known truth: who takes an item again soon after the last time, and for how much."""

from dataclasses import dataclass, replace

import numpy as np

from paretorec.contracts import (
    DAY,
    CandidateView,
    Category,
    Event,
    ExampleBlock,
    Histories,
    ItemTable,
    Timeline,
)

EVENTS = (Event("bought"), Event("paid", "amount"))
ITEMS, CANDIDATES, DIMENSIONS = 40, 20, 3


@dataclass
class World:
    """R requests of as many users with their true probabilities and labels; also `RankingExamples`."""

    view: CandidateView
    probability: np.ndarray
    labels: dict
    held_out: np.ndarray
    events: tuple = EVENTS
    size: int = 32

    def __len__(self):
        return len(self.held_out)

    def blocks(self):
        for start in range(0, len(self), self.size):
            rows = slice(start, start + self.size)
            labels = {name: values[rows] for name, values in self.labels.items()}
            yield ExampleBlock(take(self.view, rows), labels, self.held_out[rows])


def take(view, rows):
    return replace(
        view,
        histories=view.histories.take(rows),
        items=view.items[rows],
        mask=view.mask[rows],
        scores={name: score[rows] for name, score in view.scores.items()},
        user_vectors={name: vectors[rows] for name, vectors in view.user_vectors.items()},
    )


def make_world(requests=320, seed=0, columns=True):
    rng = np.random.default_rng(seed)
    now = 400 * DAY
    length = rng.integers(0, 12, requests)
    end = np.cumsum(length)
    items = rng.integers(0, ITEMS, end[-1]).astype(np.int32)
    age = np.concatenate([np.sort(rng.uniform(0.1, 200, count))[::-1] for count in length])
    price = np.exp(np.linspace(-1, 2, ITEMS))
    histories = Histories(
        items=items,
        times=(now - age * DAY).astype(np.int64),
        labels={"bought": np.ones(end[-1], np.float32), "paid": price[items].astype(np.float32)},
        start=end - length,
        end=end,
        now=np.full(requests, now),
        user=np.arange(requests, dtype=np.int32),
        context={"weekday": rng.integers(0, 7, requests), "channel": rng.choice(["web", "app"], requests)}
        if columns
        else {},
    )
    candidates = np.sort(np.argsort(rng.random((requests, ITEMS)), axis=1)[:, :CANDIDATES], axis=1).astype(np.int32)
    candidates[rng.random(candidates.shape) < 0.1] = -1
    mask = candidates >= 0
    latent = rng.normal(size=(requests, ITEMS)).astype(np.float32)
    score = np.take_along_axis(latent, np.maximum(candidates, 0), 1)
    days = histories.own(candidates).days_since
    logit = -3 + score + 2.5 * np.exp(-days / 60)
    probability = np.where(mask, 1 / (1 + np.exp(-logit)), 0)
    bought = (rng.random(candidates.shape) < probability).astype(np.float32)
    paid = bought * price[np.maximum(candidates, 0)] * rng.gamma(4, 0.25, candidates.shape)
    view = CandidateView(
        histories=histories,
        items=candidates,
        mask=mask,
        table=item_table(rng) if columns else item_table(rng, bare=True),
        scores={"some": np.where(mask, score, 0).astype(np.float32)},
        user_vectors={"some": rng.normal(size=(requests, DIMENSIONS)).astype(np.float32)} if columns else {},
        item_vectors={"some": rng.normal(size=(ITEMS, DIMENSIONS)).astype(np.float32)} if columns else {},
    )
    labels = {"bought": bought, "paid": paid.astype(np.float32)}
    return World(view, probability, labels, rng.random(requests) < 0.25)


def item_table(rng, bare=False):
    table = ItemTable(np.arange(ITEMS).astype(str).astype(object), np.zeros(ITEMS, np.int64))
    if bare:
        return table
    return replace(
        table,
        categories={"kind": Category(rng.integers(0, 3, ITEMS).astype(np.int32), ("a", "b", "c"))},
        features=rng.normal(size=(ITEMS, 2)).astype(np.float32),
        timelines={
            "price": Timeline(np.arange(ITEMS + 1), np.zeros(ITEMS, np.int64), np.ones(ITEMS, np.float32)),
            "never": Timeline(np.zeros(ITEMS + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)),
        },
    )


def log_loss(probability, label, mask):
    p = np.clip(probability[mask].astype(np.float64), 1e-9, 1 - 1e-9)
    y = label[mask]
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
