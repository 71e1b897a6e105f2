"""The closed form, in place: of items x items there is one float64 matrix and the float32 result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import Array, Bar, RunContext
from paretorec.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK = 512


def gram(taken: csr_array, run: RunContext, bar: Bar) -> Array:
    """float64 [N, N], Fortran order: taken' taken of taken [U, N], block by block."""
    size = taken.shape[1]
    by_item = taken.T.tocsr()
    out = np.empty((size, size), order="F")
    for start in range(0, size, BLOCK):
        run.check_stop()
        stop = min(start + BLOCK, size)
        out[:, start:stop] = (by_item[start:stop] @ taken).toarray().T
        bar.advance(stop - start)
    return out


def item_weights(matrix: Array, l2: float) -> Array:
    """float32 [N, N], C order: -P(i, j) / P(j, j) off the diagonal, 0 on it, for P = (matrix + l2 I)^-1.

    matrix: float64 [N, N], symmetric and positive semidefinite, Fortran order; it is overwritten. Inverted by Cholesky
    factors (LAPACK potrf, potri), N³ multiplications. Raises `DataError` where rounding leaves it indefinite.
    """
    from scipy.linalg.lapack import dpotrf, dpotri

    size = len(matrix)
    matrix[np.diag_indices(size)] += l2
    factor, failed = dpotrf(matrix, lower=1, clean=0, overwrite_a=1)
    if not failed:
        inverse, failed = dpotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise DataError(f"ease: the item matrix cannot be inverted with params.l2 = {l2:g}; raise it")
    diagonal = np.diagonal(inverse).copy()
    out = np.empty((size, size), np.float32)
    for start in range(0, size, BLOCK):  # the inverse is there below the diagonal only
        stop = min(start + BLOCK, size)
        below = -inverse[start:, start:stop]
        square = np.tril(below[: stop - start])
        below[: stop - start] = square + np.tril(square, -1).T
        out[start:, start:stop] = below / diagonal[start:stop]
        out[start:stop, start:] = below.T / diagonal[start:]
    out[np.diag_indices(size)] = 0.0
    return out
