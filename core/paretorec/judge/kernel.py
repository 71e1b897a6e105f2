"""The judge's inner loops, compiled: requests outside, policies inside, no [policies, requests, candidates] anywhere.

Imported only when numba is there (extra ``fast``). No fastmath: LLVM must neither fuse nor reorder, so that scores
equal numpy's to the bit. The functions release the interpreter's lock; threads run whole blocks of requests, so no
result depends on their number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from paretorec.contracts import Array

F = TypeVar("F", bound=Callable[..., Any])

GROUP = 4
"""Terms added at a time in `_score`; terms and weights are padded to a multiple with zeros, which change no sum."""

FEW = 32
"""Candidates that are sorted by counting."""


def _compiled(function: F) -> F:
    """Compile once per machine; without a folder that can be written, once per process."""
    try:
        compiled: Any = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        compiled = numba.njit(nogil=True)(function)
    return cast("F", compiled)


def skyband(terms: Array, count: Array, depth: int) -> Array:
    """bool [B, C]: candidates that some policy without negative weights can list among its first `depth`.

    terms: float32 [B, K, C]; count: int64 [B], the first `count` candidates are real. A candidate goes when at least
    `depth` earlier ones are as good in every term: rounding keeps order, so these have no lower score and win ties.
    Exact, whatever the monotone fusion (k-skyband: Papadias et al., "Progressive skyline computation in database
    systems", TODS 2005). Candidates that went need not be counted: what dominates them dominates whom they dominate.
    O(B C S K) for S survivors.
    """
    return np.asarray(_skyband(np.ascontiguousarray(terms), count, depth))


def rank(terms: Array, count: Array, weights: Array, parent: Array, depth: int) -> Array:
    """Best candidates of every request under every policy: int32 [B, P, depth], -1 = none.

    terms: float32 [B, K, C]; count: int64 [B]; weights: float32 [P, K]; parent: int64 [P], an earlier policy for each
    but the first.

    A policy's worst score among the candidates that its parent lists bounds its own last score from below, so that
    few candidates are left to sort where the two are alike.
    """
    lists = np.empty((len(terms), len(weights), depth), np.int32)
    spare = -terms.shape[1] % GROUP
    terms, weights = np.pad(terms, ((0, 0), (0, spare), (0, 0))), np.pad(weights, ((0, 0), (0, spare)))
    _rank(terms, count, weights, parent, depth, lists)
    return lists


def gain_sums(lists: Array, gains: Array, discounts: Array) -> Array:
    """float64 [G, P, B]: sum over positions of discount x gain, in list order.

    lists: int32 [B, P, k]; gains: float64 [B, C, G]; discounts: float64 [G, k].
    """
    sums = np.zeros((gains.shape[2], lists.shape[1], lists.shape[0]))
    _gain_sums(lists, np.ascontiguousarray(gains), discounts, sums)
    return sums


def diversity(lists: Array, items: Array, starts: Array, places: Array, values: Array, width: int) -> Array:
    """float64 [P, B]: 1 - mean cosine of all pairs in the list; 0 for lists shorter than two.

    Item vectors are sparse rows: item i has `values` [E] at `places` [E], from ``starts[i]`` to ``starts[i + 1]``, of
    `width` dimensions. O(k x entries of a row) a list: the sum of the vectors so far stands for all pairs with them.
    """
    out = np.zeros((lists.shape[1], lists.shape[0]))
    _diversity(lists, items, starts, places, values, np.zeros(width), out)
    return out


def count_exposure(lists: Array, items: Array, group: Array, counts: Array) -> None:
    """Adds to counts int32 [P, H, N] how often each item is listed. group: int [B], in 0 .. H - 1."""
    _count_exposure(lists, items, group, counts)


@_compiled
def _skyband(terms: Array, count: Array, depth: int) -> Array:
    requests, dims, width = terms.shape
    keep = np.zeros((requests, width), np.bool_)
    band = np.empty((width, dims), np.float32)
    for request in range(requests):
        size = 0
        for candidate in range(count[request]):
            better = 0
            for other in range(size):
                dominates = True
                for dim in range(dims):
                    if band[other, dim] < terms[request, dim, candidate]:
                        dominates = False
                        break
                if dominates:
                    better += 1
                    if better == depth:
                        break
            if better < depth:
                keep[request, candidate] = True
                for dim in range(dims):
                    band[size, dim] = terms[request, dim, candidate]
                size += 1
    return keep


@_compiled
def _score(terms: Array, weights: Array, scores: Array, count: int) -> None:
    """Four terms a pass: a third of the memory traffic of one at a time, in the same order of additions."""
    t0, t1, t2, t3 = terms[0], terms[1], terms[2], terms[3]
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    for c in range(count):
        scores[c] = ((w0 * t0[c] + w1 * t1[c]) + w2 * t2[c]) + w3 * t3[c]
    for first in range(4, len(weights), 4):
        t0, t1, t2, t3 = terms[first], terms[first + 1], terms[first + 2], terms[first + 3]
        w0, w1, w2, w3 = weights[first], weights[first + 1], weights[first + 2], weights[first + 3]
        for c in range(count):
            scores[c] = (((scores[c] + w0 * t0[c]) + w1 * t1[c]) + w2 * t2[c]) + w3 * t3[c]


@_compiled
def _rank(terms: Array, count: Array, weights: Array, parent: Array, depth: int, lists: Array) -> None:
    requests, _, width = terms.shape
    scores = np.empty(width, np.float32)
    left = np.empty(width + 1, np.int32)
    value = np.empty(max(depth, FEW), np.float32)
    above = np.empty(FEW, np.int32)
    for request in range(requests):
        real = count[request]
        full = min(depth, real)
        for policy in range(len(weights)):
            best = lists[request, policy]
            _score(terms[request], weights[policy], scores, real)
            bound = np.float32(np.inf)
            for place in range(full):
                known = lists[request, parent[policy], place] if policy else place
                bound = min(bound, scores[known])
            number = 0
            for c in range(real):
                left[number] = c
                number += scores[c] >= bound
            best[:] = -1
            if number <= FEW:
                _sort_few(scores, left, number, full, value, above, best)
            else:
                _insert(scores, left, number, full, value, best)


@_compiled
def _sort_few(scores: Array, left: Array, number: int, full: int, value: Array, above: Array, best: Array) -> None:
    """A place is how many are better: counted without a branch, since one that is mispredicted costs more."""
    for i in range(FEW):
        value[i] = scores[left[i]] if i < number else -np.inf
        above[i] = 0
    for j in range(0, number, 4):
        v0, v1, v2, v3 = value[j], value[j + 1], value[j + 2], value[j + 3]
        for i in range(FEW):
            above[i] += (
                np.int32(v0 > value[i]) + np.int32(v1 > value[i]) + np.int32(v2 > value[i]) + np.int32(v3 > value[i])
            )
    for i in range(number):
        place = above[i]
        # Equal ones have one place; the earlier takes it, the later the next.
        while place < full and best[place] >= 0:
            place += 1
        if place < full:
            best[place] = left[i]


@_compiled
def _insert(scores: Array, left: Array, number: int, full: int, value: Array, best: Array) -> None:
    size = 0
    for i in range(number):
        score = scores[left[i]]
        if size < full:
            size += 1
        elif score <= value[full - 1]:
            continue
        place = size - 1
        while place > 0 and value[place - 1] < score:
            value[place] = value[place - 1]
            best[place] = best[place - 1]
            place -= 1
        value[place] = score
        best[place] = left[i]


@_compiled
def _gain_sums(lists: Array, gains: Array, discounts: Array, sums: Array) -> None:
    requests, policies, length = lists.shape
    columns = gains.shape[2]
    for request in range(requests):
        for policy in range(policies):
            for place in range(length):
                candidate = lists[request, policy, place]
                if candidate >= 0:
                    for column in range(columns):
                        sums[column, policy, request] += discounts[column, place] * gains[request, candidate, column]


@_compiled
def _diversity(
    lists: Array, items: Array, starts: Array, places: Array, values: Array, total: Array, out: Array
) -> None:
    requests, policies, length = lists.shape
    for request in range(requests):
        for policy in range(policies):
            number = 0
            alike = 0.0
            for place in range(length):
                candidate = lists[request, policy, place]
                if candidate < 0:
                    continue
                item = items[request, candidate]
                number += 1
                for entry in range(starts[item], starts[item + 1]):
                    alike += total[places[entry]] * values[entry]
                for entry in range(starts[item], starts[item + 1]):
                    total[places[entry]] += values[entry]
            for place in range(length):
                candidate = lists[request, policy, place]
                if candidate >= 0:
                    item = items[request, candidate]
                    for entry in range(starts[item], starts[item + 1]):
                        total[places[entry]] = 0.0
            if number >= 2:
                out[policy, request] = 1.0 - 2.0 * alike / (number * (number - 1))


@_compiled
def _count_exposure(lists: Array, items: Array, group: Array, counts: Array) -> None:
    requests, policies, length = lists.shape
    for request in range(requests):
        for policy in range(policies):
            for place in range(length):
                candidate = lists[request, policy, place]
                if candidate >= 0:
                    counts[policy, group[request], items[request, candidate]] += 1
