"""Requests with ties, masks, segments and items of few categories, for tests of policies."""

import numpy as np

from paretorec.contracts import Category, ComponentRef, Histories, ItemTable, SignalBatch
from paretorec.registry import Registry

SEGMENTS = np.array(["web", "phone", "tablet", None], object)
ITEMS = 40


def make(name, **params):
    """A policy's kind, as a configuration makes it."""
    return Registry().build("policy", ComponentRef(use=name, params=params), "policy").component


def settled(name, batch, **params):
    """The kind as the requests and items of `batch` complete it, through JSON as a policy file has it."""
    config = make(name, **params).settle(batch.histories, batch.table)
    return make(name, **config.model_dump(mode="json"))


def world(rng, requests=60, candidates=25, signals=3, levels=5):
    """Signals on a coarse grid in tie order; the last candidates of a request are masked."""
    values = rng.integers(0, levels, size=(requests, candidates, signals)).astype(np.float32) / np.float32(levels - 1)
    order = np.argsort(-values.sum(axis=2, dtype=np.float64), axis=1, kind="stable")
    nothing = np.zeros(requests, np.int64)
    length = rng.integers(0, 50, size=requests)
    histories = Histories(
        items=np.zeros(50, np.int32),
        times=np.zeros(50, np.int64),
        labels={},
        start=nothing,
        end=length,
        now=rng.integers(0, 10**12, size=requests),
        user=np.full(requests, -1, np.int32),
        context={
            "device": rng.choice(SEGMENTS, size=requests, p=[0.5, 0.3, 0.15, 0.05]),
            "depth": np.where(rng.random(requests) < 0.1, np.nan, rng.normal(size=requests)).astype(np.float32),
        },
    )
    categories = {
        name: Category(rng.integers(0, count, ITEMS).astype(np.int32), tuple(f"{name}{code}" for code in range(count)))
        for name, count in (("brand", 4), ("colour", 2))
    }
    return SignalBatch(
        names=tuple(f"encoder.s{place}" for place in range(signals)),
        values=np.take_along_axis(values, order[..., None], axis=1),
        mask=np.arange(candidates) < rng.integers(0, candidates + 1, size=requests)[:, None],
        items=np.stack([rng.permutation(ITEMS)[:candidates] for _ in range(requests)]).astype(np.int32),
        histories=histories,
        table=ItemTable(np.arange(ITEMS).astype(str).astype(object), np.zeros(ITEMS, np.int64), categories),
    )
