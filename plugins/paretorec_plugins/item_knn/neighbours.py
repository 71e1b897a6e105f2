"""The most similar items of every item, block by block, so that items x items never exists in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import Array, Bar, RunContext

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK_BYTES = 64 << 20


def cosine_neighbours(taken: csr_array, keep: int, shrinkage: float, run: RunContext, bar: Bar) -> csr_array:
    """float32 [N, N] with at most `keep` similarities a row, columns ascending; see `ItemKnnEncoder` for the formula.

    taken: [U, N], 1 where the user took the item. Of equally similar items the lower code is kept. Memory: one
    dense block of rows, at most 64 MiB.
    """
    from scipy.sparse import csr_array, vstack

    count = taken.shape[1]
    users = np.asarray(taken.sum(axis=0)).ravel().astype(np.float64)
    by_item = taken.T.tocsr()
    block = max(1, BLOCK_BYTES // (8 * max(count, 1)))
    parts = []
    for start in range(0, count, block):
        run.check_stop()
        stop = min(start + block, count)
        shared = (by_item[start:stop] @ taken).toarray().astype(np.float64)
        similar = shared / np.maximum(np.sqrt(np.outer(users[start:stop], users)) + shrinkage, 1e-12)
        similar[np.arange(stop - start), np.arange(start, stop)] = 0.0
        chosen = _largest(similar, keep)
        indptr = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))])
        columns = np.nonzero(chosen)[1].astype(np.int32)
        parts.append(csr_array((similar[chosen].astype(np.float32), columns, indptr), shape=similar.shape))
        bar.advance(stop - start)
    return vstack(parts, format="csr")


def _largest(values: Array, keep: int) -> Array:
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
