"""Few points that can be told apart, out of a front of hundreds that mostly differ by noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paretorec.contracts.run import Array
from paretorec.search.pareto import nondominated

DifferenceError = Callable[[int, Array], Array]
"""(row i, rows j int [J]) -> float64 [J, M]: standard errors of ``values[i] - values[j]``."""


def thin(
    values: Array, errors: Array | DifferenceError, limit: int, *, z: float = 1.96, among: Array | None = None
) -> Array:
    """Rows (int64, rising) of at most `limit` non-dominated points, any two of which can be told apart.

    Two points are told apart when they differ in some objective by more than `z` standard errors of that difference.
    Policies are judged on the same users, so that a difference is known far better than either value: `errors` should
    be a function that gives its paired standard error (`PairedErrors`). An array float64 [P, M] holds the errors of
    the values themselves, 0 where unknown; two of them are combined as if they were independent, which keeps fewer
    points. This is a screen on the requests that the search used; what is promised about a point comes from the
    certificate alone.

    First the best point of each objective, in their order (one that cannot be told apart from an earlier one is
    represented by it), then always the point farthest from all kept (Gonzalez, 1985), in objectives scaled to the
    front's range. Nothing is random; of equals the lower row wins. O(limit P M) after the dominance check.

    values: float64 [P, M], minimised; rows that are not finite are never kept. among: bool [P], rows to which half of
    the points belong, spread over these rows' own range, where there are as many; None: no row is preferred.
    """
    values = np.asarray(values, dtype=np.float64)
    difference_error = errors if callable(errors) else _independent(errors)
    front = np.flatnonzero(nondominated(values))
    if not len(front) or limit < 1:
        return front[:0].astype(np.int64)
    shown = values[front]
    low = shown.min(axis=0)
    span = shown.max(axis=0) - low
    scaled = (shown - low) / np.where(span > 0, span, 1.0)

    kept: list[int] = []
    apart = np.ones(len(front), dtype=bool)
    nearest = np.full(len(front), np.inf)

    def keep(position: int) -> None:
        kept.append(position)
        gap = np.abs(shown - shown[position])
        noise = np.nan_to_num(difference_error(int(front[position]), front), posinf=np.inf)
        apart[:] &= (gap > z * noise).any(axis=1)
        nearest[:] = np.minimum(nearest, np.square(scaled - scaled[position]).sum(axis=1))

    for objective in range(values.shape[1]):
        best = int(np.lexsort((scaled.sum(axis=1), scaled[:, objective]))[0])
        if apart[best] and len(kept) < limit:
            keep(best)
    if among is not None:
        preferred = np.asarray(among, bool)[front]
        while len(kept) < limit // 2 and (apart & preferred).any():
            keep(_farthest(shown, kept, apart & preferred, preferred))
    while len(kept) < limit and apart.any():
        keep(int(np.argmax(np.where(apart, nearest, -1.0))))
    return np.sort(front[kept]).astype(np.int64)


def _farthest(values: Array, kept: list[int], free: Array, region: Array) -> int:
    """The `free` row farthest from all kept, in objectives scaled to the range of `region`."""
    low = values[region].min(axis=0)
    span = values[region].max(axis=0) - low
    scaled = (values - low) / np.where(span > 0, span, 1.0)
    gap = np.square(scaled[:, None] - scaled[kept]).sum(axis=2).min(axis=1, initial=np.inf)
    return int(np.argmax(np.where(free, gap, -1.0)))


def _independent(errors: Array) -> DifferenceError:
    def difference_error(row: int, others: Array) -> Array:
        combined: Array = np.hypot(errors[row], errors[others])
        return combined

    return difference_error
