"""Lists of many policies over packed candidates: requests outside, policies inside. Compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array
from paretorec.judge.kernel.compiled import compiled
from paretorec.judge.kernel.lanes import LANES, count_above, gather, lowest, nth, reaching, score
from paretorec.judge.packed import Packed

MASK = 48
"""Blocks that are screened before those that are left are looked at: one branch that cannot be foreseen, not three."""

_INFINITE: Any = np.float32(np.inf)

FEW = 64
"""Candidates that are sorted by counting."""


def rank(packed: Packed, weights: Array, group: Array, parent: Array, depth: int) -> Array:
    """Best candidates of every request under every policy: int32 [B, P, depth] slots, -1 = none.

    weights: float32 [G, P, K], none below 0; group: int64 [B], whose weights a request takes; parent: int64 [P], an
    earlier policy for each but the first.

    A policy's worst score among the candidates that its parent lists bounds its own last score from below. Blocks of
    candidates whose peaks score less are not looked at, and of the others only what reaches the bound is sorted: few
    where the two policies are alike. All of that is exact.
    """
    lists = np.full((len(packed.count), weights.shape[1], depth), -1, np.int32)
    flat = np.ascontiguousarray(weights, np.float32).reshape(-1)
    group = np.ascontiguousarray(group, np.int64)
    candidates = (packed.start, packed.count, packed.position, packed.terms, packed.peaks)
    _rank(*candidates, flat, weights.shape[1], weights.shape[2], group, parent, depth, lists.reshape(-1))
    return lists


@compiled
def _rank(
    start: Array,
    count: Array,
    position: Array,
    terms: Array,
    peaks: Array,
    weights: Array,
    policies: int,
    dims: int,
    group: Array,
    parent: Array,
    depth: int,
    lists: Array,
) -> None:
    requests = len(count)
    slots = 0
    for request in range(requests):
        slots = max(slots, start[request + 1] - start[request])
    scores, places = np.zeros(slots + 2 * LANES, np.float32), np.zeros(slots + 2 * LANES, np.int32)
    left = np.zeros(slots + 2 * LANES, np.int32)
    above, order = np.zeros(FEW + LANES, np.int32), np.zeros(max(FEW, depth) + LANES, np.int32)
    # The terms of the best that each policy found, or another that lists the same: what bounds its children.
    wide = (depth + LANES - 1) // LANES * LANES
    known, whose = np.zeros(policies * wide * dims, np.float32), np.zeros(policies, np.int64)
    noted = np.zeros(policies, np.int64)
    peak_at = 0
    for request in range(requests):
        first, real = start[request], count[request]
        blocks = (start[request + 1] - first) // LANES
        stride = (blocks + LANES - 1) // LANES * LANES
        full = min(depth, real)
        for policy in range(policies if full else 0):
            weight = (group[request] * policies + policy) * dims
            if policy:
                whose[policy] = whose[parent[policy]]
                bound = _INFINITE
                for sixteen in range(0, full, LANES):
                    at = whose[policy] * wide * dims + sixteen
                    here = min(noted[whose[policy]] - sixteen, LANES)
                    worst = nth(known, at, wide, weights, weight, dims, here, full if full <= LANES else here)
                    bound = min(bound, worst)
            else:
                bound = _bound(first, real, blocks, stride, full, terms, peaks, peak_at, weights, weight, dims)
            number = 0
            for some in range(0, blocks, MASK):
                last = min(some + MASK, blocks)
                open_ = 0
                for sixteen in range(some, last, LANES):
                    mask = reaching(peaks, peak_at + sixteen, stride, weights, weight, dims, bound)
                    open_ |= (mask & ((1 << min(last - sixteen, LANES)) - 1)) << (sixteen - some)
                while open_:
                    block = (some + lowest(open_)) * LANES
                    open_ &= open_ - 1
                    number = gather(
                        *(terms, (first + block) * dims, LANES, weights, weight, dims, bound, real - block),
                        *(position, first + block, np.int32(block), scores, places, left, number),
                    )
            to = (request * policies + policy) * depth
            found = full
            ranks = -1
            if number <= FEW:
                # Each goes where as many are above it, without a branch: one that is mispredicted costs more.
                count_above(scores, number, above)
                ranks = 0
                for i in range(number):
                    order[np.uint64(above[i])] = left[i]
                    ranks += above[i]
            if 2 * ranks == number * (number - 1):
                found = min(number, wide) if full <= LANES else full
            else:  # too many, or equal scores
                _insert(scores, places, left, number, full, order)
            for place in range(full):
                lists[np.uint64(to + place)] = order[place]
            if number > full or not policy:
                whose[policy], noted[policy] = policy, found
                for place in range(found):
                    slot = order[place]
                    at = (first + slot // LANES * LANES) * dims + slot % LANES
                    for dim in range(dims):
                        known[np.uint64((policy * dims + dim) * wide + place)] = terms[np.uint64(at + dim * LANES)]
        peak_at += stride * dims


@compiled
def _bound(
    first: int,
    real: Any,
    blocks: int,
    stride: int,
    full: int,
    terms: Array,
    peaks: Array,
    peak_at: int,
    weights: Array,
    weight: int,
    dims: int,
) -> float:
    """The worst score among at least `full` candidates, those of the blocks whose peaks score best."""
    peak = np.empty(stride, np.float32)
    for sixteen in range(0, blocks, LANES):
        score(peaks, peak_at + sixteen, stride, weights, weight, dims, peak, sixteen)
    found = np.empty(full + 2 * LANES, np.float32)
    number = 0
    while number < full:
        block = np.argmax(peak[:blocks])
        peak[block] = -np.inf
        score(terms, (first + block * LANES) * dims, LANES, weights, weight, dims, found, number)
        number += min(LANES, real - block * LANES)
    bound: float = np.sort(found[:number])[number - full]
    return bound


@compiled
def _insert(scores: Array, places: Array, left: Array, number: int, full: int, best: Array) -> None:
    """The `full` best by score, then by place, into `best`; overwrites what it has read."""
    size = 0
    for i in range(number):
        score, place, slot = scores[i], places[i], left[i]
        if size < full:
            size += 1
        elif scores[full - 1] > score or (scores[full - 1] == score and places[full - 1] < place):
            continue
        at = size - 1
        while at > 0 and (scores[at - 1] < score or (scores[at - 1] == score and places[at - 1] > place)):
            scores[at], places[at], best[at] = scores[at - 1], places[at - 1], best[at - 1]
            at -= 1
        scores[at], places[at], best[at] = score, place, slot
