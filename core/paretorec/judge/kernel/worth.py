"""What lists are worth, and sums of that over users. Compiled."""

from __future__ import annotations

import numpy as np

from paretorec.compiled import compiled
from paretorec.contracts import Array

NARROW = 64
"""Dimensions of item vectors up to which clearing all is cheaper than finding what was touched."""


def appraise(
    lists: Array,
    parent: Array,
    start: Array,
    hit: Array,
    items: Array,
    target_gains: Array,
    item_gains: Array,
    dense: Array,
    discounts: Array,
    z: Array,
    vectors: tuple[Array, Array, Array, int],
    group: Array,
    counts: Array,
) -> Array:
    """float64 [B, P, X + V]: what every list is worth by X gain columns and V sets of item vectors.

    lists: int32 [B, P, k] slots, -1 = none; parent: int64 [P], an earlier policy for each but the first; start: int64
    [B + 1] first slots; hit: int32 [S], 1 + the target that the slot's item is, 0 = none; items: int32 [S].

    A gain column is worth ``sum over places of discounts[x, place] x (target_gains[target, x] + item_gains[item, x])
    / z[b, x]``, added up in list order; 0 where z is 0. target_gains: float64 [T + 1, X], the first row 0; item_gains:
    float64 [N, X], read where bool `dense` [X]; discounts: float64 [X, k]; z: float64 [B, X].

    A set of vectors is worth 1 - the mean cosine of all pairs in the list, 0 for lists shorter than two. Vectors:
    (starts int64 [V, N + 1], places int64 [E], values float64 [E], and the largest dimension), item i of set v having
    ``values[starts[v, i]:starts[v, i + 1]]`` at `places`. O(k x entries of a row) a list: the sum of the vectors so
    far stands for all pairs with them.

    Also adds to counts int32 [P, H, N] how often each item is listed by requests of each `group` int64 [B] in 0 .. H
    - 1, where N > 0. A list that equals its parent's is not appraised again.
    """
    starts, places, values, width = vectors
    out = np.empty((len(lists), lists.shape[1], len(dense) + len(starts)))
    some = np.flatnonzero(dense)
    _appraise(
        *(lists.reshape(-1), lists.shape[1], lists.shape[2], parent, start, hit, items, target_gains.reshape(-1)),
        *(np.ascontiguousarray(item_gains.T[some]).reshape(-1), item_gains.shape[0], some, len(dense)),
        *(discounts, np.ascontiguousarray(z), starts, places, values, np.zeros(width), out.reshape(-1)),
    )
    if counts.shape[2]:
        _count(lists.reshape(-1), lists.shape[1], lists.shape[2], start, items, group, counts)
    return out


def moments(numerator: Array, denominator: Array) -> tuple[Array, Array]:
    """See `paretorec.judge.reference.moments`."""
    users, policies, columns = numerator.shape
    value = np.zeros((policies, columns))
    sums = np.zeros((5, policies, columns))
    below = np.ascontiguousarray(denominator).reshape(users, -1)
    _moments(np.ascontiguousarray(numerator).reshape(users, -1), below, value.reshape(-1), sums.reshape(5, -1))
    return value, sums


@compiled
def _appraise(
    lists: Array,
    policies: int,
    length: int,
    parent: Array,
    start: Array,
    hit: Array,
    items: Array,
    target_gains: Array,
    item_gains: Array,
    catalogue: int,
    dense: Array,
    columns: int,
    discounts: Array,
    z: Array,
    starts: Array,
    places: Array,
    values: Array,
    total: Array,
    out: Array,
) -> None:
    # Positions that are never negative are said to be so (uint64): numba would look whether they count from the end.
    sets = len(starts)
    width = columns + sets
    listed, at = np.empty(length, np.uint64), np.empty(length, np.int64)
    target, hits = np.empty(length, np.int64), np.empty(length, np.int64)
    for request in range(len(start) - 1):
        first = start[request]
        for policy in range(policies):
            here = (request * policies + policy) * length
            worth = np.uint64((request * policies + policy) * width)
            number = 0
            for place in range(length):
                slot = lists[np.uint64(here + place)]
                if slot >= 0:
                    listed[number] = items[np.uint64(first + slot)]
                    at[number] = place
                    number += 1
            if policy:
                there = (request * policies + parent[policy]) * length
                same = True
                for place in range(length):
                    same &= lists[np.uint64(there + place)] == lists[np.uint64(here + place)]
                if same:
                    other = np.uint64((request * policies + parent[policy]) * width)
                    for column in range(np.uint64(width)):
                        out[worth + column] = out[other + column]
                    continue
            found = 0
            for i in range(number):
                target[i] = hit[np.uint64(first + lists[np.uint64(here + at[i])])]
                hits[found] = i
                found += target[i] > 0
            # Columns without item gains are added up over the hits alone, of which most lists have none.
            for column in range(np.uint64(columns)):
                gained = 0.0
                for h in range(found):
                    i = hits[h]
                    gained += discounts[column, at[i]] * target_gains[np.uint64(target[i] * columns) + column]
                out[worth + column] = gained
            for one in range(len(dense)):
                which = np.uint64(dense[one])
                gained = 0.0
                for i in range(number):
                    gain = target_gains[np.uint64(target[i] * columns) + which]
                    gain += item_gains[np.uint64(one * catalogue) + listed[i]]
                    gained += discounts[which, at[i]] * gain
                out[worth + which] = gained
            for column in range(np.uint64(columns)):
                if out[worth + column] != 0:
                    divisor = z[request, column]
                    out[worth + column] = out[worth + column] / divisor if divisor != 0 else 0.0
            for one in range(np.uint64(sets)):
                # The sum of all pairs' dot products; `total` is 0 before and after.
                alike = 0.0
                for i in range(number):
                    last = np.uint64(starts[one, listed[i] + np.uint64(1)])
                    for entry in range(np.uint64(starts[one, listed[i]]), last):
                        where, value = np.uint64(places[entry]), values[entry]
                        so_far = total[where]
                        alike += so_far * value
                        total[where] = so_far + value
                if len(total) <= NARROW:
                    for i in range(len(total)):
                        total[i] = 0.0
                else:
                    for i in range(number):
                        last = np.uint64(starts[one, listed[i] + np.uint64(1)])
                        for entry in range(np.uint64(starts[one, listed[i]]), last):
                            total[np.uint64(places[entry])] = 0.0
                pairs = number * (number - 1)
                out[worth + np.uint64(columns) + one] = 1.0 - 2.0 * alike / pairs if pairs else 0.0


@compiled
def _count(lists: Array, policies: int, length: int, start: Array, items: Array, group: Array, counts: Array) -> None:
    """Policies outside: the counts of one stay near the processor."""
    for policy in range(np.uint64(policies)):
        for request in range(len(start) - 1):
            first, half = start[request], np.uint64(group[request])
            at = np.uint64(request * policies * length) + policy * np.uint64(length)
            for place in range(np.uint64(length)):
                slot = lists[at + place]
                if slot >= 0:
                    counts[policy, half, np.uint64(items[np.uint64(first + slot)])] += 1


@compiled
def _moments(numerator: Array, denominator: Array, value: Array, sums: Array) -> None:
    """numerator [U, N], denominator [U, N] or [U, 1], value [N], sums [5, N]; users one after the other in each."""
    users, cells = numerator.shape
    own = denominator.shape[1] > 1
    above, below, squares, cross, twice = sums[0], sums[1], sums[2], sums[3], sums[4]
    for user in range(users):
        row, divisor = numerator[user], denominator[user]
        for cell in range(cells):
            above[cell] += row[cell]
        if own:
            for cell in range(cells):
                below[cell] += divisor[cell]
        else:
            below += divisor[0]
    for cell in range(cells):
        if below[cell] != 0:
            value[cell] = above[cell] / below[cell]
    for user in range(users):
        row, divisor = numerator[user], denominator[user]
        if own:
            for cell in range(cells):
                off = row[cell] - value[cell] * divisor[cell]
                squares[cell] += off * off
                cross[cell] += off * divisor[cell]
                twice[cell] += divisor[cell] * divisor[cell]
        else:
            one = divisor[0]
            for cell in range(cells):
                off = row[cell] - value[cell] * one
                squares[cell] += off * off
                cross[cell] += off * one
            twice += one * one
