"""Screening, compiled: reading a block of scores at the speed of memory, and keeping what beats the k-th best so far.

Imported only where numba is there.
"""

from __future__ import annotations

from typing import Final

from paretorec.contracts import Array
from paretorec.judge.kernel.compiled import compiled

CHUNK: Final = 128
"""Scores compared at once; only where one of them is better are they looked at one by one."""


@compiled
def screen(
    block: Array, first: int, allowed: Array, offsets: Array, excluded: Array, scores: Array, codes: Array
) -> None:
    """Put into the lists what is better than the last of them.

    block: float32 [B, W], scores of the items from `first` on; overwritten where they are excluded.
    allowed: bool [1 or B, N].  offsets: int64 [B + 1], excluded: int32 [E], ascending within a user.
    scores, codes: float32 and int32 [B, k], falling; changed in place.
    """
    width, k = block.shape[1], scores.shape[1]
    whole = width // CHUNK * CHUNK
    for user in range(len(block)):
        row, best, names = block[user], scores[user], codes[user]
        may = allowed[user if len(allowed) > 1 else 0]
        for at in range(offsets[user], offsets[user + 1]):
            if first <= excluded[at] < first + width:
                row[excluded[at] - first] = -float("inf")
        last = best[k - 1]
        for start in range(0, width, CHUNK):
            end = start + CHUNK if start < whole else width
            better = 0
            for place in range(start, end):
                better |= row[place] > last
            if not better:
                continue
            for place in range(start, end):
                if row[place] > last and may[first + place]:
                    _insert(best, names, row[place], first + place)
                    last = best[k - 1]


@compiled
def _insert(best: Array, names: Array, score: float, name: int) -> None:
    """Behind all that are as good: equal scores stay in the order of codes."""
    at = len(best) - 1
    while at > 0 and best[at - 1] < score:
        best[at], names[at] = best[at - 1], names[at - 1]
        at -= 1
    best[at], names[at] = score, name
