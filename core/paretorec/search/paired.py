"""How surely two policies differ, judged on the same requests."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.run import Array


class PairedErrors:
    """Standard errors of differences between policies that were judged on the same requests; users are the clusters.

    numerator, denominator: float64 [P, M, R] as a judge's parts, value = sum of one / sum of the other; users: int
    [R]. By linearisation, a request moves a value by ``(numerator - value x denominator) / sum of denominators``;
    with these summed by user, the error of a difference is the Euclidean length of the difference of two rows
    (the delta method, Deng et al., KDD 2018; finite-sample factor U / (U - 1)). Holds P M U float64 numbers for U
    users: thin a long front with errors of 0 first.
    """

    def __init__(self, numerator: Array, denominator: Array, users: Array) -> None:
        people, who = np.unique(users, return_inverse=True)
        order = np.argsort(who, kind="stable")
        starts = np.searchsorted(who[order], np.arange(len(people)))
        total = denominator.sum(axis=2)
        total = np.where(total == 0, np.nan, total)
        value = numerator.sum(axis=2) / total
        moves = (numerator - value[..., None] * denominator) / total[..., None]
        factor = np.sqrt(len(people) / max(len(people) - 1, 1))
        self._moves = factor * np.add.reduceat(moves[..., order], starts, axis=2)  # [P, M, U]

    def __call__(self, row: int, others: Array) -> Array:
        out = np.empty((len(others), self._moves.shape[1]))
        for start in range(0, len(others), 64):
            part = self._moves[others[start : start + 64]] - self._moves[row]
            out[start : start + 64] = np.sqrt(np.einsum("pmu,pmu->pm", part, part))
        return out
