"""The largest values of every row."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array


def largest(values: Array, keep: int) -> Array:
    """bool [B, N]: the `keep` largest positive values of each row, of equal ones the first. O(N) a row."""
    if values.shape[1] <= keep:
        everything: Array = values > 0
        return everything
    border = -np.partition(-values, keep - 1, axis=1)[:, keep - 1 : keep]
    above = values > border
    room = keep - above.sum(axis=1, keepdims=True)
    at_border = values == border
    chosen: Array = (above | (at_border & (np.cumsum(at_border, axis=1) <= room))) & (values > 0)
    return chosen
