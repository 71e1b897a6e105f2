"""Pareto dominance between policies. Everything here is minimised; values are float64 [P, M]."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.run import Array

_BLOCK_CELLS = 1 << 22
"""Comparisons held at once: 4 MiB of booleans, whatever the number of points."""


def nondominated(values: Array) -> Array:
    """bool [P]: no other row is at least as good in every objective and better in one. Equal rows are all kept.

    Rows that hold a NaN or an infinity never are: what could not be judged is not on a front. Sort-filter skyline
    (Chomicki et al., ICDE 2003): after sorting by the sum, ties lexicographically, a row can only be dominated by
    an earlier one. O(P F M) for F rows kept, in blocks of bounded memory; O(P log P) for two objectives.
    """
    values = np.asarray(values, dtype=np.float64)
    keep = np.zeros(len(values), dtype=bool)
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))
    if not len(rows):
        return keep
    finite = values[rows]
    if finite.shape[1] == 2:
        keep[rows] = _staircase(finite)
        return keep
    order = np.lexsort((*finite.T[::-1], finite.sum(axis=1)))
    rows, finite = rows[order], finite[order]
    front = finite[:0]
    block = 256
    for start in range(0, len(finite), block):
        part = finite[start : start + block]
        alive = np.flatnonzero(~dominated(part, front))
        alive = alive[~dominated(part[alive], part[alive])]
        keep[rows[start + alive]] = True
        front = np.concatenate([front, part[alive]])
    return keep


def _staircase(values: Array) -> Array:
    """bool [P]: as `nondominated`, of two objectives: in order of the first, a row has to improve on the second."""
    order = np.lexsort((values[:, 1], values[:, 0]))
    ranked = values[order]
    fresh = np.ones(len(ranked), dtype=bool)  # the first of equal rows
    fresh[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    improves = np.ones(len(ranked), dtype=bool)
    improves[1:] = ranked[1:, 1] < np.minimum.accumulate(ranked[:, 1])[:-1]
    keep = np.empty(len(ranked), dtype=bool)
    keep[order] = improves[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
    return keep


def dominated(values: Array, by: Array) -> Array:
    """bool [P]: some row of `by` [Q, M] is at least as good in every objective and better in one. O(P Q M)."""
    return _beaten(values, by, strictly=True)


def covered(values: Array, by: Array) -> Array:
    """bool [P]: some row of `by` [Q, M] is at least as good in every objective: dominated or equal. O(P Q M)."""
    return _beaten(values, by, strictly=False)


def _beaten(values: Array, by: Array, *, strictly: bool) -> Array:
    out = np.zeros(len(values), dtype=bool)
    if not len(by):
        return out
    step = max(1, _BLOCK_CELLS // len(by))
    columns = by.T
    for start in range(0, len(values), step):
        part = values[start : start + step, :, None]  # [p, M, 1] against [M, Q]
        at_least = columns[0] <= part[:, 0]
        better = columns[0] < part[:, 0] if strictly else None
        for m in range(1, len(columns)):
            at_least &= columns[m] <= part[:, m]
            if better is not None:
                better |= columns[m] < part[:, m]
        out[start : start + step] = (at_least if better is None else at_least & better).any(axis=1)
    return out


def hypervolume(values: Array, reference: Array) -> float:
    """The volume that the rows of `values` [P, M] dominate below `reference` [M]; exact.

    Rows that are not better than the reference in every objective add nothing. O(P log P) up to three objectives,
    exponential in their number beyond (moocore: Fonseca et al., CEC 2006; Guerreiro and Fonseca, 2018).
    """
    import moocore

    reference = np.asarray(reference, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    inside = values[(np.isfinite(values) & (values < reference)).all(axis=1)]
    if not len(inside):
        return 0.0
    if len(reference) == 1:
        return float(reference[0] - inside.min())
    return float(moocore.hypervolume(inside, ref=reference))


def crowding(values: Array) -> Array:
    """float64 [P]: crowding distances within one front (Deb et al., 2002, section III-B), larger = lonelier.

    The sum over objectives of the gap between a row's two neighbours, as a share of the objective's range; a row that
    is best or worst in an objective has infinity. Of equal rows, the first counts as the better. O(P log P M).
    """
    values = np.asarray(values, dtype=np.float64)
    total = np.zeros(len(values))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        ranked = column[order]
        span = ranked[-1] - ranked[0] if len(ranked) else 0.0
        total[order[:1]] = total[order[-1:]] = np.inf
        if span > 0:
            total[order[1:-1]] += (ranked[2:] - ranked[:-2]) / span
    return total
