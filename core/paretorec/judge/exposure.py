"""How often items are listed, and how sure a metric of that is."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array, Exposure

HALVES = 16
"""Groups of users; halves of the users are made of half the groups."""

_DRAWS = 32
_BUDGET = 1 << 26


class ExposureCounts:
    """Counts int32 [P, HALVES, N] of listed items by group of users.

    The error of an exposure metric comes from random halves of the users, drawn without replacement: for a smooth
    statistic a half varies around the whole as the whole varies around the population. (A bootstrap sample holds
    63 % of the users, some of them often, which biases counts.)
    """

    def __init__(self, policies: int, items: int, users: Array) -> None:
        self._counts = np.zeros((policies, HALVES, items), np.int32)
        # Fibonacci hashing of the user code: neighbours in code, often alike, fall into different groups.
        self._group = ((users.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(60)).astype(np.int64)

    @staticmethod
    def policies(items: int) -> int:
        """How many policies at a time keep the counts within 256 MB."""
        return max(1, _BUDGET // (HALVES * max(items, 1)))

    def add(self, loops: Any, rows: slice, lists: Array, items: Array) -> None:
        """lists: int32 [B, P, k] of positions in items int32 [B, C], of the requests `rows`."""
        loops.count_exposure(lists, items, self._group[rows], self._counts)

    def judge(self, metric: Exposure) -> tuple[Array, Array]:
        """(value float64 [P], standard error float64 [P])."""
        rng = np.random.default_rng(HALVES)
        halves = np.stack([rng.permutation(HALVES) < HALVES // 2 for _ in range(_DRAWS)])
        values = np.empty(len(self._counts))
        errors = np.empty_like(values)
        for policy, counts in enumerate(self._counts.astype(np.float64)):
            values[policy] = metric.value(counts.sum(axis=0))
            errors[policy] = np.std([metric.value(counts[half].sum(axis=0)) for half in halves], ddof=1)
        return values, errors
