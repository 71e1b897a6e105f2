"""score = sum of weight x signal ** exponent: an exponent above 1 favours what is best in one signal."""

from __future__ import annotations

import numpy as np
from paretorec.contracts import Array, Box, ComponentConfig, SignalBatch
from paretorec.judge import rank_weighted
from pydantic import Field


class OnePolicyConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    exponent: float = Field(default=2.0, gt=0, le=10, description="1: the weighted sum that `linear` is.")


class OnePolicy:
    """Weights are at least 0 and add up to 1. Linear in the prepared values, so the fast loops judge it."""

    linear = True

    def __init__(self, config: OnePolicyConfig) -> None:
        self.config = config

    def space(self, signals: tuple[str, ...]) -> Box:
        count = len(signals)
        return Box(np.zeros(count), np.ones(count), signals, np.eye(count))

    def sample(self, box: Box, count: int, seed: int) -> Array:
        """float64 [count, D]: first points beside the corners."""
        return np.random.default_rng(seed).dirichlet(np.full(len(box.names), 0.5), count)

    def prepare(self, values: Array) -> Array:
        """float32 [B, C, K] in the same order: monotone in each signal, below 0 too."""
        return (np.sign(values) * np.abs(values) ** self.config.exponent).astype(np.float32)

    def weights(self, theta: Array) -> Array:
        """float64 [P, D] -> float32 [P, K]."""
        total = theta.sum(axis=1, keepdims=True)
        equal = np.full_like(theta, 1 / theta.shape[1])
        return np.where(total > 0, theta / np.where(total > 0, total, 1), equal).astype(np.float32)

    def rank(self, batch: SignalBatch, theta: Array, depth: int) -> Array:
        return rank_weighted(self.prepare(batch.values), batch.mask, self.weights(theta), depth)
