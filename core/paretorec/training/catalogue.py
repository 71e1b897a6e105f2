"""What a next-item model is trained for: its targets against the rest of the catalogue, all of it or sampled."""

from __future__ import annotations

from typing import Literal

import numpy as np
from torch import Tensor

from paretorec.contracts import Array
from paretorec.training.binary import gbce_loss, gbce_power
from paretorec.training.devices import to_device
from paretorec.training.sampling import NegativeSampler, SamplingName
from paretorec.training.similarity import Similarity
from paretorec.training.softmax import softmax_loss

LossName = Literal["full", "sampled", "gbce"]


class CatalogueLoss:
    """Mean loss of a batch's targets; every query is compared with the same candidates."""

    def __init__(
        self,
        counts: Array,
        loss: LossName,
        *,
        similarity: Similarity,
        sampling: SamplingName = "uniform",
        negatives: int = 1024,
        calibration: float = 0.75,
        smoothing: float = 0.0,
        bf16: bool = False,
    ) -> None:
        """counts: [N], how often each item is a target.  For the rest see `softmax_loss`, `NegativeSampler` and
        `gbce_power`; smoothing is for the full softmax alone."""
        self._loss, self._similarity, self._smoothing, self._bf16 = loss, similarity, smoothing, bf16
        self._power = gbce_power(calibration, negatives, len(counts))
        self._sampler = None if loss == "full" else NegativeSampler(counts, negatives, sampling)

    def __call__(
        self,
        queries: Tensor,
        table: Tensor,
        row: Array,
        target: Array,
        rng: np.random.Generator,
        weight: Array | None = None,
        first: int = 0,
    ) -> Tensor:
        """queries: float [Q, d].  table: float [first + N, d], vectors of the whole catalogue from row `first` on; a
        slice would do too, but its gradient is one more table.  row: int64 [T], ascending, the query of each target.
        target: int64 [T], an item.  rng: draws negatives.  weight: float32 [T], above 0.
        Returns a scalar with gradients for the vectors and for a learned temperature."""
        device = queries.device
        rows = to_device(row, device)
        weights = None if weight is None else to_device(weight, device)
        if self._sampler is None:
            queries, items = self._similarity(queries, table[first:])
            columns = to_device(target, device)
            return softmax_loss(
                queries, items, rows, columns, weight=weights, smoothing=self._smoothing, bf16=self._bf16
            )
        if self._loss == "sampled":
            drawn = self._sampler.draw(target, rng)
            chosen = to_device(drawn.items + first, device)
            queries, candidates = self._similarity(queries, table.index_select(0, chosen))
            columns, offset = to_device(drawn.column, device), to_device(drawn.offset, device)
            return softmax_loss(queries, candidates, rows, columns, weight=weights, offset=offset, bf16=self._bf16)
        negatives = self._sampler.negatives(rng)
        compared = np.union1d(target, negatives.items)
        queries, candidates = self._similarity(queries, table.index_select(0, to_device(compared + first, device)))
        columns, against = (to_device(np.searchsorted(compared, part), device) for part in (target, negatives.items))
        times = to_device(negatives.times, device)
        return gbce_loss(
            queries, candidates, rows, columns, against, times, self._power, weight=weights, bf16=self._bf16
        )
