"""What a person would write instead of the judge: numpy policy by policy, torch a population at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from judge_worlds import LENGTH, World

from paretorec.contracts import Array, Gain, SignalBatch, Vector

BLOCK = 64
"""Requests that torch scores at a time for a whole population."""


@dataclass(frozen=True)
class Peer:
    """The seven metrics as arrays to index: what each candidate is worth, made before the clock starts."""

    values: Array
    """float32 [R, C, K]."""
    masked: Array
    """float32 [R, C]: 0, or -inf where not allowed."""
    items: Array
    """int64 [R, C]."""
    ndcg: Array
    """float64 [R, C]: gain / ideal, before the discount."""
    hit: Array
    """float64 [R, C]."""
    revenue: Array
    """float64 [R, C]."""
    novelty: Array
    """float64 [N]."""
    vectors: Array
    """float64 [N, d]."""
    discount: Array
    """float64 [LENGTH]."""

    @classmethod
    def of(cls, world: World) -> Peer:
        batch, requests = world.batch, world.truth.requests
        ndcg, revenue, novelty = (world.metrics[name] for name in ("ndcg", "revenue", "novelty"))
        diversity = world.metrics["diversity"]
        assert isinstance(ndcg, Gain)
        assert isinstance(revenue, Gain)
        assert isinstance(novelty, Gain)
        assert isinstance(diversity, Vector)
        wide = {name: np.zeros(batch.items.shape) for name in ("ndcg", "hit", "revenue")}
        for row in range(len(batch)):
            span = slice(requests.offsets[row], requests.offsets[row + 1])
            place = np.full(len(world.truth.items), -1)
            place[batch.items[row]] = np.arange(batch.items.shape[1])
            at = place[requests.target_items[span]]
            there = at >= 0
            wide["ndcg"][row, at[there]] = ndcg.target[span][there] / ndcg.z[row]
            wide["hit"][row, at[there]] = 1
            wide["revenue"][row, at[there]] = revenue.target[span][there]
        masked = np.where(batch.mask, np.float32(0), np.float32(-np.inf))
        return cls(
            batch.values, masked, batch.items.astype(np.int64), wide["ndcg"], wide["hit"], wide["revenue"],
            novelty.item, diversity.vectors, ndcg.discount,
        )  # fmt: skip


def by_numpy(peer: Peer, weights: Array, metrics: bool = True) -> Array:
    """One policy after the other: matmul, argpartition, and what was found indexed. float64 [P, 7]."""
    out = []
    for weight in weights.astype(np.float32):
        scores = peer.values @ weight
        scores += peer.masked
        top = np.argpartition(scores, -LENGTH, axis=1)[:, -LENGTH:]
        top = np.take_along_axis(top, np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1), axis=1)
        if metrics:
            out.append(values_of(peer, top))
    return np.array(out)


def values_of(peer: Peer, top: Array) -> Array:
    """float64 [7] of lists, int [R, LENGTH] of positions."""
    items = np.take_along_axis(peer.items, top, axis=1)
    counts = np.bincount(items.ravel(), minlength=len(peer.novelty))
    total = peer.vectors[items].sum(axis=1)
    own = np.square(peer.vectors).sum(axis=1)[items].sum(axis=1)
    return np.array(
        [
            (np.take_along_axis(peer.ndcg, top, axis=1) * peer.discount).sum(axis=1).mean(),
            np.take_along_axis(peer.hit, top, axis=1).mean(),
            np.take_along_axis(peer.revenue, top, axis=1).sum(axis=1).mean(),
            peer.novelty[items].mean(),
            1 - ((np.square(total).sum(axis=1) - own) / (LENGTH * (LENGTH - 1))).mean(),
            (counts > 0).mean(),
            gini(counts),
        ]
    )


def by_torch(peer: Peer, weights: Array, metrics: bool = True) -> Array:
    """A population at once over blocks of requests: matmul, topk, and what was found gathered. float64 [P, 7]."""
    values, masked, items = (torch.from_numpy(x) for x in (peer.values, peer.masked, peer.items))
    worth = [torch.from_numpy(x) for x in (peer.ndcg, peer.hit, peer.revenue)]
    novelty, vectors, discount = (torch.from_numpy(x) for x in (peer.novelty, peer.vectors, peer.discount))
    own = vectors.square().sum(dim=1)
    columns = torch.from_numpy(weights.astype(np.float32))
    count, catalogue = len(weights), len(novelty)
    sums = torch.zeros(5, count, dtype=torch.float64)
    counts = torch.zeros(count * catalogue, dtype=torch.int64)
    offset = torch.arange(count)[None, :, None] * catalogue
    with torch.inference_mode():
        for start in range(0, len(values), BLOCK):
            rows = slice(start, start + BLOCK)
            scores = torch.matmul(columns, values[rows].transpose(1, 2)) + masked[rows, None]
            top = scores.topk(LENGTH, dim=2).indices
            if not metrics:
                continue
            flat = top.flatten(1)
            ndcg, hit, revenue = (x[rows].gather(1, flat).view(top.shape) for x in worth)
            listed = items[rows].gather(1, flat).view(top.shape)
            total = vectors[listed].sum(dim=2)
            alike = (total.square().sum(dim=2) - own[listed].sum(dim=2)) / (LENGTH * (LENGTH - 1))
            parts = ((ndcg * discount).sum(2), hit.mean(2), revenue.sum(2), novelty[listed].mean(2), 1 - alike)
            sums += torch.stack([part.sum(0) for part in parts])
            counts += torch.bincount((listed + offset).flatten(), minlength=len(counts))
    shown = counts.view(count, catalogue).numpy()
    means = (sums / len(values)).numpy().T
    return np.column_stack([means, (shown > 0).mean(axis=1), [gini(one) for one in shown]])


def gini(counts: Array) -> float:
    place = 2 * np.arange(1, len(counts) + 1) - len(counts) - 1
    return float((place * np.sort(counts)).sum() / (len(counts) * max(counts.sum(), 1)))


def oracle_lists(batch: SignalBatch, weights: Array) -> Array:
    """int32 [P, R, LENGTH]: a stable sort of float32 sums, added up in signal order; -1 where nothing is left."""
    out = np.empty((len(weights), len(batch), LENGTH), np.int32)
    for policy, weight in enumerate(weights.astype(np.float32)):
        scores = np.zeros(batch.items.shape, np.float32)
        for place, factor in enumerate(weight):
            scores = scores + factor * batch.values[..., place]
        scores = np.where(batch.mask, scores, -np.inf)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :LENGTH]
        out[policy] = np.where(np.take_along_axis(batch.mask, best, axis=1), best, -1)
    return out
