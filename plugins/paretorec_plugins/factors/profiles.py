"""Histories as sparse rows over the items, the newest events counting most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paretorec.contracts import Histories

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def recent(histories: Histories, half_life: float, items: int) -> csr_array:
    """float64 [B, N], columns ascending: 2^(-events after the item's newest one / half_life); inf: 1."""
    from scipy.sparse import csr_array

    row, position = histories.flat()
    after = histories.end[row] - 1 - position
    order = np.argsort(after, kind="stable")
    pair, first = np.unique((row * items + histories.items[position])[order], return_index=True)
    weight = np.exp2(-after[order][first] / half_life)
    return csr_array((weight, (pair // items, pair % items)), shape=(len(histories), items))
