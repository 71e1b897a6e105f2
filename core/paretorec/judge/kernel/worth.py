"""What lists are worth, and sums of that over users. Compiled."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array
from paretorec.judge.kernel.compiled import compiled

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
    total = np.zeros(width)
    gains = (target_gains, item_gains, np.flatnonzero(dense), discounts, np.ascontiguousarray(z))
    _appraise(lists, parent, start, hit, items, *gains, starts, places, values, total, group, counts, out)
    return out


def moments(numerator: Array, denominator: Array) -> tuple[Array, Array]:
    """See `paretorec.judge.reference.moments`."""
    policies, columns = numerator.shape[1:]
    value = np.zeros((policies, columns))
    sums = np.zeros((5, policies, columns))
    _moments(numerator, denominator, value, sums)
    return value, sums


@compiled
def _appraise(
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
    starts: Array,
    places: Array,
    values: Array,
    total: Array,
    group: Array,
    counts: Array,
    out: Array,
) -> None:
    requests, policies, length = lists.shape
    columns = target_gains.shape[1]
    counting = counts.shape[2] > 0
    listed = np.empty(length, np.int64)
    at = np.empty(length, np.int64)
    target = np.empty(length, np.int64)
    hits = np.empty(length, np.int64)
    for request in range(requests):
        first = start[request]
        for policy in range(policies):
            best = lists[request, policy]
            worth = out[request, policy]
            number = 0
            for place in range(length):
                if best[place] >= 0:
                    listed[number] = items[first + best[place]]
                    at[number] = place
                    number += 1
            if counting:
                for i in range(number):
                    counts[policy, group[request], listed[i]] += 1
            if policy:
                same = True
                known = lists[request, parent[policy]]
                for place in range(length):
                    same &= known[place] == best[place]
                if same:
                    worth[:] = out[request, parent[policy]]
                    continue
            found = 0
            for i in range(number):
                target[i] = hit[first + best[at[i]]]
                hits[found] = i
                found += target[i] > 0
            # Columns without item gains are added up over the hits alone, of which most lists have none.
            for column in range(columns):
                gained = 0.0
                for h in range(found):
                    i = hits[h]
                    gained += discounts[column, at[i]] * target_gains[target[i], column]
                worth[column] = gained
            for column in dense:
                gained = 0.0
                for i in range(number):
                    gain = target_gains[target[i], column] + item_gains[listed[i], column]
                    gained += discounts[column, at[i]] * gain
                worth[column] = gained
            for column in range(columns):
                if worth[column] != 0:
                    worth[column] = worth[column] / z[request, column] if z[request, column] != 0 else 0.0
            for one in range(len(starts)):
                worth[columns + one] = _diversity(listed, number, starts[one], places, values, total)


@compiled
def _diversity(listed: Array, number: int, starts: Array, places: Array, values: Array, total: Array) -> float:
    """1 - mean cosine of all pairs; `total` is 0 before and after."""
    alike = 0.0
    for i in range(number):
        for entry in range(starts[listed[i]], starts[listed[i] + 1]):
            so_far = total[places[entry]]
            alike += so_far * values[entry]
            total[places[entry]] = so_far + values[entry]
    if len(total) <= NARROW:
        total[:] = 0.0
    else:
        for i in range(number):
            for entry in range(starts[listed[i]], starts[listed[i] + 1]):
                total[places[entry]] = 0.0
    pairs = number * (number - 1)
    return 1.0 - 2.0 * alike / pairs if pairs else 0.0


@compiled
def _moments(numerator: Array, denominator: Array, value: Array, sums: Array) -> None:
    users, policies, columns = numerator.shape
    own = denominator.shape[1] > 1
    for user in range(users):
        for policy in range(policies):
            for column in range(columns):
                below = denominator[user, policy, column] if own else denominator[user, 0, 0]
                sums[0, policy, column] += numerator[user, policy, column]
                sums[1, policy, column] += below
    for policy in range(policies):
        for column in range(columns):
            if sums[1, policy, column] != 0:
                value[policy, column] = sums[0, policy, column] / sums[1, policy, column]
    for user in range(users):
        for policy in range(policies):
            for column in range(columns):
                below = denominator[user, policy, column] if own else denominator[user, 0, 0]
                off = numerator[user, policy, column] - value[policy, column] * below
                sums[2, policy, column] += off * off
                sums[3, policy, column] += off * below
                sums[4, policy, column] += below * below
