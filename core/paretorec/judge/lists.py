"""The order of a list, defined in plain numpy: what every faster implementation must equal to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from paretorec.contracts import Array, ItemTable, PolicyKind, ShapeRule, SignalBatch


class Shape(NamedTuple):
    """Shape rules as one: each keeps or removes places of the list that the rules before it left."""

    rules: Sequence[ShapeRule]
    table: ItemTable

    def depth(self, k: int) -> int:
        """How deep lists must be ranked for `k` places to remain."""
        return k * max(1, *(rule.depth for rule in self.rules))

    def first(self, places: Array, items: Array, k: int) -> Array:
        """The first `k` places that stay. places, items: int32 [L, depth], -1 = none. Returns int32 [L, k]."""
        for rule in self.rules:
            keep = rule.shape(items, self.table) & (items >= 0)
            order = np.argsort(~keep, axis=1, kind="stable")
            gone = ~np.take_along_axis(keep, order, axis=1)
            places, items = (np.take_along_axis(x, order, axis=1) for x in (places, items))
            places, items = (np.where(gone, np.int32(-1), x) for x in (places, items))
        return fitted(places, k)


def fitted(places: Array, k: int) -> Array:
    """int32 [..., k]: cut, or filled with -1."""
    short = k - places.shape[-1]
    if short <= 0:
        return np.ascontiguousarray(places[..., :k], np.int32)
    return np.pad(places.astype(np.int32), [(0, 0)] * (places.ndim - 1) + [(0, short)], constant_values=-1)


def ranked(
    batch: SignalBatch,
    kind: PolicyKind,
    theta: Array,
    k: int,
    shape: tuple[Sequence[ShapeRule], ItemTable] | None = None,
) -> Array:
    """The lists that are served: theta float64 [P, D] -> positions in the batch's candidates int32 [P, B, k].

    shape: the shape rules and the item table that they read. Linear kinds are ranked by their terms and weights, as
    `Judge` does it, so that served equals judged.
    """
    rules = Shape(*shape) if shape else None
    depth = rules.depth(k) if rules else k
    if kind.linear:
        linear: Any = kind
        places = rank_weighted(linear.prepare(batch.values), batch.mask, linear.weights(theta), depth)
    else:
        places = kind.rank(batch, theta, depth)
    return shaped(places, batch.items, k, rules)


def shaped(places: Array, items: Array, k: int, shape: Shape | None) -> Array:
    """int32 [P, B, k] of int32 [P, B, depth] positions in items int32 [B, C]."""
    if shape is None:
        return fitted(places, k)
    listed = np.where(places >= 0, items[np.arange(len(items))[:, None], np.maximum(places, 0)], np.int32(-1))
    flat = (-1, places.shape[-1])
    return shape.first(places.reshape(flat), listed.reshape(flat), k).reshape(*places.shape[:-1], k)


HUGE = np.float32(1e30)
"""What a term counts as that is not finite; sums of these stay finite."""


def finite(terms: Array) -> Array:
    """float32 terms with NaN as -1e30 and everything beyond +-1e30 as that: there is an order whatever a kind says."""
    if terms.min(initial=0) >= -HUGE and terms.max(initial=0) <= HUGE:  # neither is true with a NaN among them
        return terms
    return np.asarray(np.clip(np.where(np.isnan(terms), -HUGE, terms), -HUGE, HUGE))


def rank_weighted(terms: Array, mask: Array, weights: Array, depth: int) -> Array:
    """The order of a linear policy: the float32 sum of weight x term, in signal order; ties to the earlier candidate.

    terms: float32 [B, C, K]; mask: bool [B, C]; weights: float32 [P, K].
    Returns int32 [P, B, depth] positions, -1 where there is none. O(P B C K) time, O(B C) memory beside the result.
    """
    parts = np.moveaxis(finite(terms), 2, 1)
    places = np.full((len(weights), len(terms), depth), -1, np.int32)
    for policy, weight in enumerate(weights):
        best = best_places(weighted_scores(parts, weight), mask, depth)
        places[policy, :, : best.shape[1]] = best
    return places


def weighted_scores(terms: Array, weight: Array) -> Array:
    """float32 [B, C] of terms float32 [B, K, C] and weight float32 [K]: each product and each sum is rounded."""
    scores = np.zeros((terms.shape[0], terms.shape[2]), np.float32)
    for place, factor in enumerate(weight.astype(np.float32)):
        scores += factor * terms[:, place]
    return scores


def best_places(scores: Array, mask: Array, depth: int) -> Array:
    """int32 [B, min(depth, C)]: positions of the largest scores, falling; ties to the earlier; -1 = none."""
    width = scores.shape[1]
    keep = min(depth, width)
    # One integer per candidate that orders as (score, earlier position) does: float32 bits, made monotone, above.
    bits = scores.view(np.int32)
    rising = np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits).astype(np.int64)
    keys = np.where(mask, rising * width + np.arange(width - 1, -1, -1), np.iinfo(np.int64).min)
    best = np.sort(np.partition(keys, width - keep, axis=1)[:, width - keep :], axis=1)[:, ::-1]
    return np.where(best == np.iinfo(np.int64).min, -1, width - 1 - best % width).astype(np.int32)
