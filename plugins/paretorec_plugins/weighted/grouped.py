"""What policies share whose weights depend on the request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import numpy as np

from paretorec.contracts import Array, ComponentConfig, Histories, SignalBatch
from paretorec.errors import ConfigError
from paretorec.judge.lists import best_places, fitted

C = TypeVar("C", bound=ComponentConfig)


class Grouped(ABC, Generic[C]):
    """A `GroupedKind`: subclasses say the weights."""

    linear = False

    def __init__(self, config: C) -> None:
        self.config = config

    def prepare(self, values: Array) -> Array:
        return values

    @abstractmethod
    def group_weights(self, theta: Array, requests: Histories) -> tuple[Array, Array]:
        """theta float64 [P, D] -> (weights float32 [G, P, K], group int64 [B])."""

    def rank(self, batch: SignalBatch, theta: Array, depth: int) -> Array:
        """int32 [P, B, depth]: each request as a linear policy with its weights ranks it."""
        if batch.histories is None:
            raise ConfigError("weights depend on the request, and this batch does not know its requests' histories")
        weights, group = self.group_weights(theta, batch.histories)
        terms = np.moveaxis(self.prepare(batch.values), 2, 1)
        places = np.empty((len(theta), len(batch), depth), np.int32)
        for policy in range(len(theta)):
            own = weights[group, policy]
            # As `weighted_scores` adds up, each product and each sum rounded.
            scores = np.zeros(batch.items.shape, np.float32)
            for signal in range(own.shape[1]):
                scores += own[:, signal, None] * terms[:, signal]
            places[policy] = fitted(best_places(scores, batch.mask, depth), depth)
        return places
