"""A bounded set of non-dominated places, spread out by crowding distance."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array
from paretorec.search.pareto import crowding, nondominated


class Leaders:
    """At most `capacity` places: `x` float64 [L, D], `values` float64 [L, M], `crowding` float64 [L]."""

    def __init__(self, capacity: int, parameters: int, objectives: int) -> None:
        self.capacity = capacity
        self.x = np.empty((0, parameters))
        self.values = np.empty((0, objectives))
        self.crowding = np.empty(0)

    def add(self, x: Array, values: Array) -> None:
        """Take in P places; dominated, repeated and, above the capacity, crowded ones leave."""
        x, values = np.concatenate([self.x, x]), np.concatenate([self.values, values])
        front = np.flatnonzero(nondominated(values))
        front = front[np.sort(np.unique(values[front], axis=0, return_index=True)[1])]
        front = front[spread(values[front], self.capacity)]
        self.x, self.values = x[front], values[front]
        self.crowding = crowding(self.values)


def spread(values: Array, size: int) -> Array:
    """Rows (rising) that are left when the most crowded leaves, one by one, until `size` are.

    Distances are those of the rows still there: only a leaving row's neighbours change, so a linked list per objective
    makes a step O(P + M^2). Removing all at once by their first distances would tear holes into the front.
    """
    count = len(values)
    if count <= size:
        return np.arange(count)
    span = np.ptp(values, axis=0)
    scaled = values / np.where(span > 0, span, 1.0)
    columns = scaled.T.tolist()
    before, after = [], []
    distances = np.zeros(count)
    for column, order in zip(scaled.T, np.argsort(values, axis=0, kind="stable").T, strict=True):
        left, right = np.full(count, -1), np.full(count, -1)
        left[order[1:]], right[order[:-1]] = order[:-1], order[1:]
        distances += np.where((left < 0) | (right < 0), np.inf, column[right] - column[left])
        before.append(left.tolist())
        after.append(right.tolist())
    lists = list(zip(columns, before, after, strict=True))
    alive = np.ones(count, dtype=bool)
    for _ in range(count - size):
        row = int(distances.argmin())
        if not alive[row]:  # only boundaries are left, which are all infinitely far from the others
            row = int(np.flatnonzero(alive)[-1])
        alive[row] = False
        distances[row] = np.inf
        touched = set()
        for _, lefts, rights in lists:
            left_row, right_row = lefts[row], rights[row]
            if left_row >= 0:
                rights[left_row] = right_row
                touched.add(left_row)
            if right_row >= 0:
                lefts[right_row] = left_row
                touched.add(right_row)
        for neighbour in touched:
            total = 0.0
            for column_values, lefts, rights in lists:
                left_row, right_row = lefts[neighbour], rights[neighbour]
                if left_row < 0 or right_row < 0:
                    total = np.inf
                    break
                total += column_values[right_row] - column_values[left_row]
            distances[neighbour] = total
    return np.flatnonzero(alive)
