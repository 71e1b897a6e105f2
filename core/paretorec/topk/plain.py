"""Screening in numpy; the same as `paretorec.topk.compiled`, to the bit."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array


def screen(
    block: Array,
    first: int,
    width: int,
    allowed: Array,
    start: Array,
    end: Array,
    excluded: Array,
    scores: Array,
    codes: Array,
) -> None:
    """Put into the lists what is better than the last of them; arguments as in `paretorec.topk.compiled.screen`."""
    k = scores.shape[1]
    usable = np.where(allowed[:, first : first + width], block[: len(scores), :width], -np.inf)
    row = np.repeat(np.arange(len(scores)), end - start)
    here = (excluded >= first) & (excluded < first + width)
    usable[row[here], excluded[here] - first] = -np.inf
    beats = usable > scores[:, -1:]
    rows = np.flatnonzero(beats.any(axis=1))
    found = np.concatenate([scores[rows], np.where(beats[rows], usable[rows], -np.inf)], axis=1)
    place = np.broadcast_to(np.arange(first, first + width, dtype=np.int32), (len(rows), width))
    names = np.concatenate([codes[rows], place], axis=1)
    # Stable: of equal scores the earlier stays ahead, and blocks come in the order of codes.
    best = np.argsort(-found, axis=1, kind="stable")[:, :k]
    scores[rows] = np.take_along_axis(found, best, axis=1)
    codes[rows] = np.where(scores[rows] > -np.inf, np.take_along_axis(names, best, axis=1), -1)
