"""score = sum of weight x signal."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from paretorec.contracts import Array, Box, ComponentConfig, SignalBatch
from paretorec.judge import rank_weighted
from paretorec_plugins.weighted.simplex import dirichlet, proportions, unit_box

C = TypeVar("C", bound=ComponentConfig)


class LinearConfig(ComponentConfig):
    """`linear` has nothing to configure."""


class Linear(Generic[C]):
    """Weighted sum of the normalised signals; the weights are at least 0 and add up to 1."""

    linear = True

    def __init__(self, config: C) -> None:
        self.config = config

    def space(self, signals: tuple[str, ...]) -> Box:
        return unit_box(signals)

    def sample(self, box: Box, count: int, seed: int) -> Array:
        return dirichlet(len(box.names), count, seed)

    def prepare(self, values: Array) -> Array:
        return values

    def weights(self, theta: Array) -> Array:
        return proportions(theta).astype(np.float32)

    def rank(self, batch: SignalBatch, theta: Array, depth: int) -> Array:
        return rank_weighted(self.prepare(batch.values), batch.mask, self.weights(theta), depth)
