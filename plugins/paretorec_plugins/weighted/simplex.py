"""The parameters that weighing policies share: one weight per signal, of which only the proportions matter."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, Box


def unit_box(signals: tuple[str, ...]) -> Box:
    """Weights between 0 and 1; the corners are the signals alone."""
    dims = len(signals)
    return Box(np.zeros(dims), np.ones(dims), tuple(signals), np.eye(dims))


def dirichlet(signals: int, count: int, seed: int) -> Array:
    """float64 [count, K] on the simplex, concentration 0.5: more policies of few signals than a uniform draw has."""
    return np.random.default_rng(seed).dirichlet(np.full(signals, 0.5), count)


def proportions(theta: Array) -> Array:
    """float64 [..., K] -> float64 [..., K] that add up to 1; all alike where every parameter is 0."""
    theta = np.maximum(theta, 0.0)
    total = theta.sum(axis=-1, keepdims=True)
    even = np.full_like(theta, 1 / theta.shape[-1])
    return np.asarray(np.divide(theta, total, out=even, where=total > 0))
