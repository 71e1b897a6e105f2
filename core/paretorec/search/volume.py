"""How far a search has come: the hypervolume of everything judged, generation by generation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paretorec.contracts.run import Array
from paretorec.search.archive import Archive
from paretorec.search.pareto import covered, hypervolume

EXACT_OBJECTIVES = 5
"""Up to so many objectives the volume is exact: 2,500 points cost 0.1 s with 5 objectives, 1,000 cost 2 s with 6."""
SAMPLES = 16_384
"""Points of the estimate beyond: its standard error is below 0.4 % of the sampled box."""


class HypervolumeLog:
    """Follows a growing archive; a generation costs O(new x front), not O(archive).

    The reference point is the one given, else the worst of the `first` rows that could be judged (of the first
    generation in which anything could, if none of these). Beyond `EXACT_OBJECTIVES`, the volume is the share of fixed
    uniform draws that are dominated, in the box from the reference point to the best that the first judged generation
    reached plus a quarter; it never falls either.
    """

    def __init__(self, archive: Archive, first: int, reference: Array | None) -> None:
        self._given = None if reference is None else np.asarray(reference, dtype=np.float64)
        self._first = first
        self._seen = 0
        self._front = archive.values[:0]
        self._open: Array | None = None
        if len(archive):
            self._take(archive)

    def updated(self, archive: Archive, generation: int, seconds: float) -> Archive:
        """The archive with its last generation logged, and its reference point as soon as that is known."""
        new = self._take(archive)
        if not len(self._front):
            return archive.logged(generation, seconds, 0.0)
        start = archive.generation == archive.generation[archive.feasible][0]
        if self._given is not None:
            archive = replace(archive, reference=self._given)
        elif start[-1]:
            archive = replace(archive, reference=self._worst(archive, start))
        if len(archive.objectives) <= EXACT_OBJECTIVES:
            volume = hypervolume(self._front, archive.reference)
        else:
            volume = self._sampled(archive, start, new)
        return archive.logged(generation, seconds, volume)

    def _take(self, archive: Archive) -> Array:
        """Move what the archive has gained into the front; returns what is new there."""
        new = archive.values[self._seen :][archive.feasible[self._seen :]]
        self._seen = len(archive)
        new = np.unique(new[~covered(new, self._front)], axis=0)
        self._front = np.concatenate([self._front[~covered(self._front, new)], new])
        return new

    def _worst(self, archive: Archive, start: Array) -> Array:
        among = start & archive.feasible
        if among[: self._first].any():
            among[self._first :] = False
        worst: Array = archive.values[among].max(axis=0)
        return worst

    def _sampled(self, archive: Archive, start: Array, new: Array) -> float:
        best = archive.values[start & archive.feasible].min(axis=0)
        size = 1.25 * np.maximum(archive.reference - best, 0.0)
        if self._open is None or start[-1]:  # the box still moves while its generation is being judged
            self._open = np.random.default_rng(0).random((SAMPLES, len(best)))
            new = self._front
        self._open = self._open[~covered(archive.reference - size * self._open, new)]
        return float(size.prod() * (1.0 - len(self._open) / SAMPLES))
