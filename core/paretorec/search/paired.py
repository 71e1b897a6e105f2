"""How surely two policies differ, judged on the same requests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paretorec.contracts.run import Array
from paretorec.judge.clusters import Clusters


class PairedErrors:
    """Standard errors of differences between policies that were judged on the same requests; users are the clusters.

    numerator, denominator: float64 [P, M', R] as a judge's parts, value = sum of one / sum of the other; users: int
    [R]. By linearisation, a request moves a value by ``(numerator - value x denominator) / sum of denominators``;
    with these summed by user, the error of a difference is the Euclidean length of the difference of two rows
    (the delta method, Deng et al., KDD 2018; finite-sample factor U / (U - 1)). Holds P M' U float64 numbers for U
    users: thin a long front with errors of 0 first.

    Objectives that are no sums over requests (exposure) have no parts: `errors` float64 [P, M] are then those of the
    values, and `columns` says which M' of the M objectives have parts. The others' errors are combined as if they
    were independent.
    """

    def __init__(
        self,
        numerator: Array,
        denominator: Array,
        users: Array,
        errors: Array | None = None,
        columns: Sequence[int] | None = None,
    ) -> None:
        clusters = Clusters(users)
        total = denominator.sum(axis=2)
        total = np.where(total == 0, np.nan, total)
        value = numerator.sum(axis=2) / total
        moves = (numerator - value[..., None] * denominator) / total[..., None]
        factor = np.sqrt(clusters.count / max(clusters.count - 1, 1))
        self._moves = factor * clusters.sums(moves)  # [P, M', U]
        self._errors = np.zeros(numerator.shape[:2]) if errors is None else errors
        self._columns = list(range(numerator.shape[1]) if columns is None else columns)

    def __call__(self, row: int, others: Array) -> Array:
        """float64 [J, M]: errors of the values of `row` minus those of `others`, int [J]."""
        out: Array = np.hypot(self._errors[row], self._errors[others])
        for start in range(0, len(others), 64):  # [64, M', U] at once
            part = self._moves[others[start : start + 64]] - self._moves[row]
            out[start : start + 64, self._columns] = np.sqrt(np.einsum("pmu,pmu->pm", part, part))
        return out
