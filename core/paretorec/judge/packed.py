"""The candidates of some requests, made ready to be ranked under many policies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paretorec.contracts import Array


@dataclass(frozen=True)
class Packed:
    """Candidates that a policy may list, in slots that are numbered through: those of request b begin at ``start[b]``.

    Lists name slots relative to that. The order of the slots within a request, and how terms are laid out, is the
    business of the loops that packed them.
    """

    start: Array
    """int64 [B + 1]."""
    count: Array
    """int64 [B]: slots of a request that hold a candidate, the first of them."""
    position: Array
    """int32 [S]: the candidate's place in the batch, which is what decides ties; any value in slots that hold none."""
    terms: Array
    """float32, S x K numbers."""
    peaks: Array
    """float32: the largest term in each group of slots, where the loops screen by them."""

    def slots(self, wide: Array) -> Array:
        """[S] of what is known by candidate, [B, C]."""
        return wide[np.repeat(np.arange(len(self.count)), np.diff(self.start)), self.position]

    def places(self, lists: Array) -> Array:
        """int32 [B, P, k] slots -> places in the batch."""
        found = self.position[slots_of(self.start, lists)] if len(self.position) else lists
        return np.where(lists >= 0, found, np.int32(-1))


def slots_of(start: Array, lists: Array) -> Array:
    """int64 [B, P, k] of lists [B, P, k]: slots numbered through; slot 0 where nothing is listed."""
    return np.where(lists >= 0, start[:-1, None, None] + lists, 0)
