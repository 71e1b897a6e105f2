"""Which policies of a front people see."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.run import Array
from paretorec.search.thin import DifferenceError, thin
from paretorec.search.wish import Wish

SURE = 2.7
"""Paired standard errors between a change and the bound that a certificate of 30 points and 3 objectives puts on it."""


def shown(values: Array, errors: DifferenceError, baseline: Array, limit: int, wish: Wish) -> Array:
    """int64: at most `limit` rows that can be told apart, half of them where the standing wish is met by a margin such
    as a certificate will ask for (where none is, simply met).

    values: float64 [P, M], minimised; baseline: float64 [P, M], errors of the differences from it, inf = unknown.
    """
    margin = SURE * np.nan_to_num(baseline, posinf=0.0)
    meets, surely = wish.scalar(values) < 0, wish.scalar(values + margin) < 0
    return thin(values, errors, limit, among=surely if surely.any() else meets)
