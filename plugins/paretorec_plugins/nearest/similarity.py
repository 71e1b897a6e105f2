"""The most similar items of every item, block by block, so that items x items never exists in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from paretorec.contracts import Bar, RunContext
from paretorec_plugins.nearest.largest import largest

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Weighting = Literal["cosine", "jaccard", "tf-idf", "bm25"]

BLOCK_BYTES = 64 << 20


def item_neighbours(
    taken: csr_array,
    weighting: Weighting,
    keep: int,
    shrinkage: float,
    saturation: tuple[float, float],
    run: RunContext,
    bar: Bar,
) -> csr_array:
    """float32 [N, N] with at most `keep` similarities a row, columns ascending; see `ItemKnnEncoder` for the formulas.

    taken: [U, N], 1 where the user took the item; saturation: BM25's k1 and b. Of equally similar items the lower
    code is kept. Memory: one dense block of rows, at most 64 MiB.
    """
    from scipy.sparse import csr_array, vstack

    count = taken.shape[1]
    weighted = _weigh(taken, weighting, *saturation)
    size = np.asarray((weighted * weighted).sum(axis=0)).ravel().astype(np.float64)
    by_item = weighted.T.tocsr()
    block = max(1, BLOCK_BYTES // (8 * max(count, 1)))
    parts = []
    for start in range(0, count, block):
        run.check_stop()
        stop = min(start + block, count)
        shared = (by_item[start:stop] @ weighted).toarray().astype(np.float64)
        if weighting == "jaccard":
            similar = shared / np.maximum(size[start:stop, None] + size - shared + shrinkage, 1e-12)
        elif weighting == "bm25":
            similar = shared
        else:
            similar = shared / np.maximum(np.sqrt(np.outer(size[start:stop], size)) + shrinkage, 1e-12)
        similar[np.arange(stop - start), np.arange(start, stop)] = 0.0
        chosen = largest(similar, keep)
        indptr = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))])
        columns = np.nonzero(chosen)[1].astype(np.int32)
        parts.append(csr_array((similar[chosen].astype(np.float32), columns, indptr), shape=similar.shape))
        bar.advance(stop - start)
    return vstack(parts, format="csr")


def _weigh(taken: csr_array, weighting: Weighting, k1: float, b: float) -> csr_array:
    """[U, N]: what each user's having taken an item weighs; float64, or `taken` itself where all weigh alike."""
    from scipy.sparse import csr_array

    if weighting in {"cosine", "jaccard"}:
        return taken
    per_user = np.diff(taken.indptr)
    weight = np.repeat(np.log(max(taken.shape[1], 1)) - np.log1p(per_user), per_user)
    if weighting == "bm25":
        users = np.asarray(taken.sum(axis=0, dtype=np.float64)).ravel()
        length = 1 - b + b * users / (users.mean() if users.any() else 1.0)
        weight = weight * (k1 + 1) / (k1 * length[taken.indices] + 1)
    return csr_array((weight, taken.indices, taken.indptr), shape=taken.shape)
