"""Which item follows which, and how much each of the newest events weighs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import Array, Bar, Histories, RunContext

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def transitions(
    row: Array, item: Array, size: int, weights: Array, backward: float, run: RunContext, bar: Bar
) -> csr_array:
    """float64 [N, N]: entry (i, j) sums weights[r - 1] over the places where j stands r events after i in one history.

    row, item: int [S], every event, histories after each other, oldest first. `backward` times the transpose is added.
    """
    from scipy.sparse import csr_array

    counts = csr_array((size, size), dtype=np.float64)
    for lag, weight in enumerate(weights, start=1):
        run.check_stop()
        same = row[lag:] == row[:-lag]
        before, after = item[:-lag][same], item[lag:][same]
        counts = counts + csr_array((np.full(len(before), weight), (before, after)), shape=(size, size))
        bar.advance()
    if backward:
        counts = csr_array(counts + backward * counts.T)
    counts.sort_indices()
    return counts


def newest(histories: Histories, size: int, weights: Array) -> csr_array:
    """float64 [B, N]: the weights of each history's newest events, the newest first, made to sum to 1 a row."""
    from scipy.sparse import csr_array

    items = histories.last(len(weights))[:, ::-1]
    row, place = np.nonzero(items >= 0)
    total = np.concatenate([[1.0], np.cumsum(weights)])[np.minimum(histories.length, len(weights))]
    return csr_array((weights[place] / total[row], (row, items[row, place])), shape=(len(histories), size))
