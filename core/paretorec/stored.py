"""S[request, candidate, signal] of many requests, in memory or in temporary files."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.contracts.policy import SignalBatch
from paretorec.contracts.run import Array
from paretorec.data.mapped import forget, mapped

KEPT = 1 << 28
"""Bytes that are written to a file before its pages leave memory."""


def stored(
    parts: Iterable[SignalBatch],
    requests: int,
    names: tuple[str, ...],
    memory: float = math.inf,
    folder: Path | None = None,
) -> SignalBatch:
    """One batch of `parts`, which follow each other, are of one width and together hold `requests` requests.

    Each part is copied into its place as it comes. Arrays that together take more than `memory` bytes are temporary
    files in `folder` (no path leads to them, and they vanish with the batch); the process then holds `KEPT` bytes of
    them. An empty batch of width 1 when there is no part.
    """
    whole: SignalBatch | None = None
    arrays: tuple[Array, ...] = ()
    row = held = 0
    for part in parts:
        if whole is None:
            size = sum(x.nbytes for x in (part.values, part.mask, part.items)) / max(len(part), 1) * requests
            arrays = tuple(
                mapped((requests, *x.shape[1:]), x.dtype, folder)
                if size > memory
                else np.empty((requests, *x.shape[1:]), x.dtype)
                for x in (part.values, part.mask, part.items)
            )
            whole = replace(part, names=names, values=arrays[0], mask=arrays[1], items=arrays[2])
        for array, new in zip(arrays, (part.values, part.mask, part.items), strict=True):
            array[row : row + len(part)] = new
            held += new.nbytes
        row += len(part)
        if held > KEPT:
            forget(*arrays)
            held = 0
    if whole is None:
        none: Any = np.zeros((0, 1))
        return SignalBatch(names, np.zeros((0, 1, len(names)), np.float32), none.astype(bool), none.astype(np.int32))
    forget(*arrays)
    return whole
