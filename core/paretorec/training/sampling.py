"""Candidates of a sampled softmax, whose normaliser has no bias against the full one; negatives of binary losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from paretorec.contracts import Array

SamplingName = Literal["uniform", "in-batch", "popularity"]


@dataclass(frozen=True, slots=True)
class SampledCandidates:
    """M candidates that stand for the whole catalogue in one batch."""

    items: Array
    """int64 [M], distinct: the batch's targets and the drawn negatives, ascending."""
    offset: Array
    """float32 [M]: minus the log of the probability that the candidate is there for a query that has another target."""
    column: Array
    """int64 [T]: position in `items` of each target."""


@dataclass(frozen=True, slots=True)
class Negatives:
    """Drawn items, each once."""

    items: Array
    """int64 [K], ascending."""
    times: Array
    """float32 [K]: how often each was drawn."""


class NegativeSampler:
    """Draws negatives shared by a whole batch.

    uniform, popularity: a batch's own targets are always candidates. Of all other items, `negatives` are drawn with
    replacement with probability q_i and kept once each; item i is then there with probability
    pi_i = 1 - (1 - q_i)^negatives.
    in-batch: nothing is drawn; the candidates are the batch's T targets. Item i is there, beside a query's own target,
    with probability pi_i = 1 - (1 - q_i)^(T - 1), as if targets were drawn in proportion to their counts.

    A candidate enters the softmax with weight 1 / pi_i, by its offset. So the normaliser's expectation is that of the
    full softmax (Horvitz and Thompson 1952; for sampled softmax see Bengio and Senecal 2008, for batches Yi et al.
    2019), whatever q is; q only sets its variance. What pi is for rare items is pi of Yi et al.: T q_i, a "log-Q".
    """

    def __init__(self, counts: Array, negatives: int, by: SamplingName) -> None:
        """counts: [N] how often each item is a target.  negatives: not used in-batch.  by: uniform, or in proportion to
        counts + 1."""
        weight = np.ones(len(counts)) if by == "uniform" else np.asarray(counts, np.float64) + 1
        probability = weight / weight.sum()
        self._in_batch = by == "in-batch"
        self._cumulative = np.cumsum(probability)
        self._negatives = negatives
        with np.errstate(divide="ignore"):  # one item only: there for sure
            self._log_absent = np.log1p(-probability)

    def draw(self, targets: Array, rng: np.random.Generator) -> SampledCandidates:
        """Candidates of a batch with these targets (int64 [T]). O(T log T + K log N)."""
        if self._in_batch:
            items, column = np.unique(targets, return_inverse=True)
            return SampledCandidates(items, self._offset(items, max(len(targets) - 1, 1)), column)
        items = np.union1d(targets, self._drawn(rng)).astype(np.int64)
        column = np.searchsorted(items, targets)
        offset = self._offset(items, self._negatives)
        offset[column] = 0
        return SampledCandidates(items, offset, column)

    def negatives(self, rng: np.random.Generator) -> Negatives:
        """`negatives` draws, whatever the targets. O(K log N)."""
        items, times = np.unique(self._drawn(rng), return_counts=True)
        return Negatives(items.astype(np.int64), times.astype(np.float32))

    def _drawn(self, rng: np.random.Generator) -> Array:
        drawn = np.searchsorted(self._cumulative, rng.random(self._negatives), side="right")
        return np.asarray(np.minimum(drawn, len(self._cumulative) - 1))

    def _offset(self, items: Array, draws: int) -> Array:
        present = -np.expm1(draws * self._log_absent[items])
        offset: Array = -np.log(present).astype(np.float32)
        return offset
