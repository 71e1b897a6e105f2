"""The most similar items of every item, block by block, so that items x items never exists in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import Bar, RunContext

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
        best = np.sort(np.argsort(-similar, axis=1, kind="stable")[:, :keep], axis=1)
        values = np.take_along_axis(similar, best, axis=1).astype(np.float32)
        real = values > 0
        indptr = np.concatenate([[0], np.cumsum(real.sum(axis=1))])
        parts.append(csr_array((values[real], best[real].astype(np.int32), indptr), shape=(stop - start, count)))
        bar.advance(stop - start)
    return vstack(parts, format="csr")
