"""How often items are listed, and how sure a metric of that is."""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue

import numpy as np

from paretorec.contracts import Array, Exposure

HALVES = 16
"""Groups of users; halves of the users are made of half the groups."""

_DRAWS = 32
_BUDGET = 1 << 26


class ExposureCounts:
    """Counts int32 [P, H, N] of listed items by group of users; H = 1 where errors are not asked for.

    The error of an exposure metric comes from random halves of the users, drawn without replacement: for a smooth
    statistic a half varies around the whole as the whole varies around the population. (A bootstrap sample holds
    63 % of the users, some of them often, which biases counts.)

    Each thread counts in an array of its own, `taken` and given `back`; numbers of times add up in any order.
    """

    def __init__(self, policies: int, items: int, halves: bool) -> None:
        self._shape = (policies, HALVES if halves else 1, items)
        self._free: SimpleQueue[Array] = SimpleQueue()
        self._made: list[Array] = []

    @staticmethod
    def policies(items: int, halves: bool) -> int:
        """How many policies at a time keep the counts of a thread within 256 MB."""
        return max(1, _BUDGET // ((HALVES if halves else 1) * max(items, 1)))

    def taken(self) -> Array:
        """int32 [P, H, N] to add to."""
        if self._free.empty():
            self._made.append(np.zeros(self._shape, np.int32))
            return self._made[-1]
        return self._free.get()

    def back(self, counts: Array) -> None:
        self._free.put(counts)

    def total(self) -> Array:
        """int32 [P, H, N]."""
        return np.asarray(sum(self._made, np.zeros(self._shape, np.int32)))


def group_of_users(users: Array) -> Array:
    """int64 [R] in 0 .. HALVES - 1, by user.

    Fibonacci hashing of the user code: neighbours in code, often alike, fall into different groups.
    """
    return ((users.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(60)).astype(np.int64)


def exposures(metrics: Sequence[Exposure], counts: Array) -> Array:
    """float64 [P, M, 2]: value and standard error of counts int32 [P, H, N]; no error (NaN) where H is 1."""
    out = np.full((len(counts), len(metrics), 2), np.nan)
    rng = np.random.default_rng(HALVES)
    halves = [rng.permutation(HALVES) < HALVES // 2 for _ in range(_DRAWS)] if counts.shape[1] == HALVES else []
    for policy, own in enumerate(counts.astype(np.float64)):
        whole = own.sum(axis=0) if len(own) > 1 else own[0]
        out[policy, :, 0] = [metric.value(whole) for metric in metrics]
        if halves:
            parts = [own[half].sum(axis=0) for half in halves]
            out[policy, :, 1] = [np.std([metric.value(part) for part in parts], ddof=1) for metric in metrics]
    return out
