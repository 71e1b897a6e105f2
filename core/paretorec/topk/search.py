"""The k best items of each user by inner product, without ever holding [users, items]."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from paretorec.contracts import Array
from paretorec.errors import ConfigError, DataError
from paretorec.loops import inner_loops

ROWS, COLUMNS = 32, 128
"""Users and items are taken in multiples of them, the rest of a block being zeros: a matrix product of few rows or
columns is rounded another way, and a user's list must not depend on who else asks."""
TALL, WIDE = 256, 1024
"""Users and items of a block at most: their scores, 1 MiB, stay in a core's cache until they have been looked at."""


class Excluded(NamedTuple):
    """What some users must not get, such as what they had."""

    offsets: Array
    """int64 [B + 1]: user b must not get ``items[offsets[b]:offsets[b + 1]]``."""
    items: Array
    """int32 [E] item codes, in any order."""


def top_k(
    users: Array,
    items: Array,
    k: int,
    *,
    allowed: Array | None = None,
    excluded: Excluded | None = None,
    threads: int = 1,
    loops: Literal["auto", "numba", "numpy"] = "auto",
) -> tuple[Array, Array]:
    """(codes int32 [B, k], scores float32 [B, k]): scores falling, equal ones by code; -1 and -inf where none is left.

    A block of scores is one matrix product; of it only those are looked at that beat the k-th best so far (compiled
    with numba, which the extra ``fast`` brings; else in numpy, with the same result). A score that is NaN or -inf is
    never listed. Results depend neither on `threads` nor on the other users.

    users: float32 [B, d]; items: float32 [N, d], item code = row.
    allowed: bool [N], or [B, N] for each user: what may be listed. excluded: what single users must not get.
    O(B N d), and memory for 256 x 1,024 scores a thread. Raises `ConfigError` for k < 1 and `DataError` for arrays
    whose shapes do not fit together.
    """
    users, items = np.ascontiguousarray(users, np.float32), np.ascontiguousarray(items, np.float32)
    _check(users, items, k, allowed, excluded)
    codes, scores = np.full((len(users), k), -1, np.int32), np.full((len(users), k), -np.inf, np.float32)
    masks = np.ones((1, len(items)), bool) if allowed is None else np.atleast_2d(allowed)
    screen = inner_loops(loops, "paretorec.topk.compiled", "paretorec.topk.plain").screen

    def search(rows: slice) -> None:
        own = masks[rows] if len(masks) > 1 else masks
        banned = _sorted(excluded, rows)
        for first, width, block in _products(users[rows], items):
            screen(block, first, width, own, *banned, scores[rows], codes[rows])

    parts = [slice(start, min(start + TALL, len(users))) for start in range(0, len(users), TALL)]
    if threads <= 1 or len(parts) <= 1:
        for part in parts:
            search(part)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(search, parts))
    return codes, scores


def _check(users: Array, items: Array, k: int, allowed: Array | None, excluded: Excluded | None) -> None:
    if k < 1:
        raise ConfigError(f"k = {k}; give a whole number from 1 on")
    if users.ndim != 2 or items.ndim != 2 or users.shape[1] != items.shape[1]:
        raise DataError(f"user vectors {list(users.shape)} and item vectors {list(items.shape)} differ in length")
    if allowed is not None and allowed.shape not in {(len(items),), (len(users), len(items))}:
        raise DataError(f"allowed is {list(allowed.shape)}, not [{len(items)}] or {[len(users), len(items)]}")
    if excluded is not None and len(excluded.offsets) != len(users) + 1:
        raise DataError(f"excluded.offsets has {len(excluded.offsets)} entries, not {len(users) + 1}: users + 1")
    if (
        excluded is not None
        and len(excluded.items)
        and not 0 <= excluded.items.min() <= excluded.items.max() < len(items)
    ):
        raise DataError(f"excluded.items holds codes that are not between 0 and {len(items) - 1}; leave them out")


def _products(users: Array, items: Array) -> Iterator[tuple[int, int, Array]]:
    """(first item, number of items, their scores float32 [>= B, >= number]) block by block."""
    asked = _padded(users, ROWS)
    scores = np.empty((len(asked), WIDE), np.float32)
    for first in range(0, len(items), WIDE):
        part = _padded(items[first : first + WIDE], COLUMNS)
        with np.errstate(invalid="ignore"):  # NaN is never listed
            block = np.matmul(asked, part.T, out=scores if len(part) == WIDE else None)
        yield first, min(WIDE, len(items) - first), block


def _padded(vectors: Array, multiple: int) -> Array:
    missing = -len(vectors) % multiple
    return np.concatenate([vectors, np.zeros((missing, vectors.shape[1]), np.float32)]) if missing else vectors


def _sorted(excluded: Excluded | None, rows: slice) -> tuple[Array, Array, Array]:
    """(start int64 [B], end int64 [B], codes int32 [E]) of some users: ``codes[start[b]:end[b]]`` ascend."""
    if excluded is None:
        return np.zeros(rows.stop - rows.start, np.int64), np.zeros(rows.stop - rows.start, np.int64), _NOTHING
    offsets = np.asarray(excluded.offsets[rows.start : rows.stop + 1], np.int64)
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    key = (row << 32) + excluded.items[offsets[0] : offsets[-1]]  # one sort of integers is ten times a lexsort
    key.sort()
    return offsets[:-1] - offsets[0], offsets[1:] - offsets[0], (key & 0xFFFFFFFF).astype(np.int32)


_NOTHING = np.zeros(0, np.int32)
