"""Batches of sequences of similar length, so that little is padded."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array


def length_batches(lengths: Array, tokens: int, rng: np.random.Generator, jitter: float = 0.1) -> list[Array]:
    """Every sequence once, in batches of at most `tokens` padded tokens (one sequence at least), in random order.

    lengths: int [B], all above 0.  jitter: sequences are sorted by length times a random factor in [1, 1 + jitter],
    so that who shares a batch with whom changes from epoch to epoch.  Returns int64 arrays of rows. O(B log B).
    """
    order = np.argsort(lengths * (1 + jitter * rng.random(len(lengths))), kind="stable")
    batches: list[Array] = []
    first, widest = 0, 0
    for position, length in enumerate(lengths[order].tolist()):
        widest = max(widest, length)
        if position > first and (position - first + 1) * widest > tokens:
            batches.append(order[first:position])
            first, widest = position, length
    if len(order):
        batches.append(order[first:])
    return [batches[i] for i in rng.permutation(len(batches))]
