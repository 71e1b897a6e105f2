"""Screening, compiled: reading a block of scores at the speed of memory, and keeping what beats the k-th best so far.

Imported only where numba is there.
"""

from __future__ import annotations

from paretorec.compiled import compiled
from paretorec.contracts import Array

CHUNK, PART = 128, 16
"""Scores compared at once, and those among them that are looked at one by one where one is better."""


@compiled
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
    """Put into the lists what is better than the last of them.

    block: float32 [>= B, >= width], contiguous, its columns whole chunks: scores of `width` items from `first` on;
    overwritten where they are excluded.
    allowed: bool [1 or B, N].  start, end: int64 [B], excluded: int32 [E]: ``excluded[start[b]:end[b]]`` ascend;
    `start` moves behind those of this block.
    scores, codes: float32 and int32 [B, k], falling; changed in place.
    """
    k = scores.shape[1]
    for user in range(len(scores)):
        row, best, names = block[user], scores[user], codes[user]
        may = allowed[user if len(allowed) > 1 else 0]
        at = start[user]
        while at < end[user] and excluded[at] < first + width:
            row[excluded[at] - first] = -float("inf")
            at += 1
        start[user] = at
        for outer in range(0, width, CHUNK):
            chunk = row[outer : outer + CHUNK]
            if not _any_above(chunk, CHUNK, best[k - 1]):
                continue
            for inner in range(0, min(CHUNK, width - outer), PART):
                part = chunk[inner : inner + PART]
                if _any_above(part, PART, best[k - 1]):
                    for place in range(min(PART, width - outer - inner)):
                        item = first + outer + inner + place
                        if part[place] > best[k - 1] and may[item]:
                            _insert(best, names, part[place], item)


@compiled
def _any_above(scores: Array, count: int, bar: float) -> bool:
    """Without branches, so that the compiler compares many at once."""
    above = 0
    for place in range(count):
        above |= scores[place] > bar
    return above > 0


@compiled
def _insert(best: Array, names: Array, score: float, name: int) -> None:
    """Behind all that are as good: equal scores stay in the order of codes."""
    at = len(best) - 1
    while at > 0 and best[at - 1] < score:
        best[at], names[at] = best[at - 1], names[at - 1]
        at -= 1
    best[at], names[at] = score, name
