"""Lists of many policies over packed candidates: requests outside, policies inside. Compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paretorec.compiled import compiled
from paretorec.contracts import Array
from paretorec.judge.kernel.lanes import bar, count_above, opened, settle, sift
from paretorec.judge.kernel.vectors import LANES
from paretorec.judge.packed import Packed

TOGETHER = 2
"""Requests that go through the steps of a policy side by side: none waits for what it has only just written."""

DIRECT = 16
"""Blocks up to which all are looked at: to find out which can be left costs more."""

_INFINITE: Any = np.float32(np.inf)

FEW = 64
"""Candidates that are sorted by counting."""


def rank(packed: Packed, weights: Array, group: Array, parent: Array, depth: int) -> Array:
    """Best candidates of every request under every policy: int32 [B, P, depth] slots, -1 = none.

    weights: float32 [G, P, K], none below 0; group: int64 [B], whose weights a request takes; parent: int64 [P], an
    earlier policy for each but the first.

    The blocks of the best candidates that a policy's parent lists are scored first: the k-th highest of the best in
    each of the 16 lanes bounds the policy's own last score from below. Blocks whose peaks score less are not looked
    at. The same bound from all blocks that are left is the final one, and only what reaches it is sorted: 12.5
    candidates of 897 on MovieLens-1M with lists of 10. All of that is exact.
    """
    shape = (len(packed.count), weights.shape[1], depth)
    lists = np.empty(math.prod(shape) + LANES, np.int32)
    flat = np.ascontiguousarray(weights, np.float32).reshape(-1)
    group = np.ascontiguousarray(group, np.int64)
    candidates = (packed.start, packed.count, packed.position, packed.terms, packed.peaks)
    _rank(*candidates, flat, weights.shape[1], weights.shape[2], group, parent, depth, lists)
    return lists[: math.prod(shape)].reshape(shape)


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
    # A room for each of the requests; what a vector writes beyond the last number goes nowhere.
    size = slots + 2 * LANES
    scores, left = np.zeros(TOGETHER * size, np.float32), np.zeros(TOGETHER * size, np.int32)
    found, open_ = np.zeros(TOGETHER * size, np.float32), np.zeros(TOGETHER * size, np.int32)
    bounds, numbers = np.zeros(TOGETHER, np.float32), np.zeros(TOGETHER, np.int64)
    counts, direct = np.zeros(TOGETHER, np.int64), np.zeros(TOGETHER, np.bool_)
    above, order = np.zeros(FEW + LANES, np.int32), np.zeros(max(FEW, depth) + LANES, np.int32)
    peak_at = np.zeros(requests + 1, np.int64)
    for request in range(requests):
        blocks = (start[request + 1] - start[request]) // LANES
        peak_at[request + 1] = peak_at[request] + (blocks + LANES - 1) // LANES * LANES * dims
    for some in range(0, requests, TOGETHER):
        last = min(some + TOGETHER, requests)
        for request in range(some, last):
            blocks = (start[request + 1] - start[request]) // LANES
            for block in range(blocks):
                open_[(request - some) * size + block] = block * LANES
            numbers[request - some] = blocks
            direct[request - some] = blocks <= DIRECT and min(depth, count[request]) <= LANES
        for policy in range(policies):
            for request in range(some, last):
                if direct[request - some]:
                    continue
                first, full = start[request], min(depth, count[request])
                weight = (group[request] * policies + policy) * dims
                best = (request * policies + parent[policy]) * depth
                bound = -_INFINITE
                if policy and full <= LANES:
                    hints, room = min(full, dims), (request - some) * size
                    bound = bar(terms, LANES, weights, weight, dims, first, lists, best, hints, full, found, room)
                elif policy:
                    bound = _worst(first, full, terms, lists, best, weights, weight, dims)
                bounds[request - some] = bound
            for request in range(some, last):
                if direct[request - some]:
                    continue
                blocks = (start[request + 1] - start[request]) // LANES
                stride, at = (blocks + LANES - 1) // LANES * LANES, peak_at[request]
                weight = (group[request] * policies + policy) * dims
                bound, room = bounds[request - some], (request - some) * size
                number = opened(peaks, stride, weights, weight, dims, at, blocks, bound, open_, room)
                numbers[request - some] = number
            for request in range(some, last):
                first, full = start[request], min(depth, count[request])
                weight = (group[request] * policies + policy) * dims
                number, room = numbers[request - some], (request - some) * size
                n = min(full, LANES)
                bound = bar(terms, LANES, weights, weight, dims, first, open_, room, number, n, found, room)
                if full <= LANES:
                    bounds[request - some] = bound
            for request in range(some, last):
                number, bound, room = numbers[request - some], bounds[request - some], (request - some) * size
                counts[request - some] = sift(found, open_, room, room, number, bound, scores, left, room)
            for request in range(some, last):
                number, room = counts[request - some], (request - some) * size
                full, to = min(depth, count[request]), (request * policies + policy) * depth
                done = False
                if number <= LANES and full <= LANES:
                    done = settle(scores, left, room, number, full, lists, to)
                elif number <= FEW:
                    count_above(scores, room, number, above)
                    ranks = 0
                    for i in range(number):
                        order[np.uint64(above[i])] = left[room + i]
                        ranks += above[i]
                    done = 2 * ranks == number * (number - 1)
                    for place in range(full):
                        lists[np.uint64(to + place)] = order[place]
                if not done:  # too many, or equal scores
                    _insert(scores[room:], position[start[request] :], left[room:], number, full, order)
                    for place in range(full):
                        lists[np.uint64(to + place)] = order[place]
                for place in range(full, depth):
                    lists[np.uint64(to + place)] = -1


@compiled
def _worst(first: int, full: int, terms: Array, lists: Array, best: int, weights: Array, weight: int, dims: int) -> Any:
    """The worst score of the `full` slots at ``lists[best:]``."""
    bound = _INFINITE
    for place in range(full):
        slot = np.int64(lists[best + place])
        at = (first + slot // LANES * LANES) * dims + slot % LANES
        total = weights[weight] * terms[at]
        for dim in range(1, dims):
            total += weights[weight + dim] * terms[at + dim * LANES]
        bound = min(bound, total)
    return bound


@compiled
def _insert(scores: Array, position: Array, left: Array, number: int, full: int, best: Array) -> None:
    """The `full` best by score, then by position, into `best`; overwrites what it has read."""
    size = 0
    for i in range(number):
        score, slot = scores[i], left[i]
        place = position[slot]
        if size < full:
            size += 1
        elif scores[full - 1] > score or (scores[full - 1] == score and position[best[full - 1]] < place):
            continue
        at = size - 1
        while at > 0 and (scores[at - 1] < score or (scores[at - 1] == score and position[best[at - 1]] > place)):
            scores[at], best[at] = scores[at - 1], best[at - 1]
            at -= 1
        scores[at], best[at] = score, slot
