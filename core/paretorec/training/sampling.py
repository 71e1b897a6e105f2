"""Candidates of a sampled softmax whose normaliser is an unbiased estimate of the full one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from paretorec.contracts import Array


@dataclass(frozen=True, slots=True)
class SampledCandidates:
    """M candidates that stand for the whole catalogue in one batch."""

    items: Array
    """int64 [M], distinct: the batch's targets and the drawn negatives, ascending."""
    offset: Array
    """float32 [M]: minus the log of the probability that the candidate is present; 0 for the batch's targets."""
    column: Array
    """int64 [T]: position in `items` of each target."""


class NegativeSampler:
    """Draws negatives shared by a whole batch.

    A batch's own targets are always candidates. Of all other items, `negatives` are drawn with replacement with
    probability q_i and kept once each; item i is then present with probability pi_i = 1 - (1 - q_i)^negatives, and
    enters the softmax with weight 1 / pi_i. So the normaliser's expectation is that of the full softmax (Horvitz
    and Thompson 1952; for sampled softmax see Bengio and Senecal 2008), whatever q is; q only sets its variance.
    """

    def __init__(self, counts: Array, negatives: int, by: Literal["uniform", "popularity"]) -> None:
        """counts: [N] how often each item is a target; by: uniform, or in proportion to counts + 1."""
        weight = np.ones(len(counts)) if by == "uniform" else np.asarray(counts, np.float64) + 1
        probability = weight / weight.sum()
        self._cumulative = np.cumsum(probability)
        self._negatives = negatives
        with np.errstate(divide="ignore"):  # one item only: present for sure
            present = -np.expm1(negatives * np.log1p(-probability))
        self._offset = -np.log(present).astype(np.float32)

    def draw(self, targets: Array, rng: np.random.Generator) -> SampledCandidates:
        """Candidates of a batch with these targets (int64 [T]). O(T log T + K log N)."""
        drawn = np.searchsorted(self._cumulative, rng.random(self._negatives), side="right")
        drawn = np.minimum(drawn, len(self._cumulative) - 1)
        items = np.union1d(targets, drawn).astype(np.int64)
        column = np.searchsorted(items, targets)
        offset = self._offset[items]
        offset[column] = 0
        return SampledCandidates(items, offset, column)
