"""Histories as token windows: what goes into the network and which position predicts what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paretorec.contracts import Array, Histories
from paretorec_plugins.transformer.inputs import START


@dataclass(frozen=True, slots=True)
class Window:
    """B histories to predict from, S = the longest + 1."""

    tokens: Array
    """int64 [B, S]: `START`, the items as tokens, padding (any token)."""
    last: Array
    """int64 [B]: position of the newest item; 0: the history is empty."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """B histories to learn from."""

    tokens: Array
    """int64 [B, S], as in `Window`."""
    query: Array
    """int64 [Q], ascending: positions in the flattened [B x S] that predict something."""
    row: Array
    """int64 [T], ascending: the query of each target."""
    target: Array
    """int64 [T]: index of the item that is to be predicted."""


def window(histories: Histories, index: Array, length: int, width: int | None = None) -> Window:
    """The newest `length` items of each history behind `START`.

    index: int64 [N + 1], item code -> index of its vector; the last entry also stands for all codes from N on.
    width: S; default: as wide as needed.
    """
    size = np.minimum(histories.length, length)
    width = int(size.max(initial=0)) + 1 if width is None else width
    column = np.arange(width - 1)
    tokens = np.full((len(histories), width), START, np.int64)
    position = (histories.end - size)[:, None] + column
    real = column < size[:, None]
    tokens[:, 1:][real] = index[np.minimum(histories.items[position[real]], len(index) - 1)] + 1
    return Window(tokens, size)


def lesson(histories: Histories, index: Array, length: int, basket_ms: float | None = None) -> Lesson:
    """Every one of the newest `length` + 1 items predicted from what stands before it.

    basket_ms: items at most that far from the one before are of its basket, and are predicted from what stands
    before the basket; None: every item for itself.  The first item (basket) is predicted from `START` alone, or,
    where older items were cut off, not at all. Histories must not be empty.
    """
    size = np.minimum(histories.length, length + 1)
    column = np.arange(int(size.max()))
    real = column < size[:, None]
    position = np.where(real, (histories.end - size)[:, None] + column, 0)
    items = index[histories.items[position]]
    tokens = np.full(items.shape, START, np.int64)
    tokens[:, 1:] = items[:, :-1] + 1
    query = np.broadcast_to(column, items.shape)
    if basket_ms is not None:
        times = histories.times[position]
        first = np.ones(items.shape, bool)
        first[:, 1:] = np.diff(times, axis=1) > basket_ms
        query = np.maximum.accumulate(np.where(first, column, 0), axis=1)
    whole = (size == histories.length)[:, None]
    learnt = real & ((query > 0) | whole)
    flat = (np.arange(len(items))[:, None] * items.shape[1] + query)[learnt]
    positions, row = np.unique(flat, return_inverse=True)
    return Lesson(tokens, positions, row.astype(np.int64), items[learnt])
