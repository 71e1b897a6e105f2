"""Standardisation with the statistics of the training examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paretorec.contracts import Array

LIMIT = 6.0
"""Standard deviations at which values are cut: one odd value must not decide a prediction."""


@dataclass(frozen=True)
class Scaler:
    """(x - mean) / deviation, cut at `LIMIT`."""

    mean: Array
    """float32 [F]."""
    deviation: Array
    """float32 [F], 1 for columns that never change."""

    @classmethod
    def of(cls, values: Array, weights: Array | None = None) -> Scaler:
        """values: float32 [..., F]; weights: float [...], default 1."""
        flat = values.reshape(-1, values.shape[-1])
        weight = np.ones(len(flat)) if weights is None else weights.reshape(-1).astype(np.float64)
        weight = weight / max(weight.sum(), 1e-12)
        mean, deviation = np.zeros(flat.shape[1]), np.ones(flat.shape[1])
        for column in range(flat.shape[1]):  # by column: a float64 copy of everything would be twice its size
            x = flat[:, column].astype(np.float64)
            # Sums, not dot products: those of BLAS round by the number of its threads.
            mean[column] = (weight * x).sum()
            spread = np.sqrt((weight * (x - mean[column]) ** 2).sum())
            deviation[column] = spread if spread > 1e-6 else 1.0
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def __call__(self, values: Array) -> Array:
        return np.clip((values - self.mean) / self.deviation, -LIMIT, LIMIT)
