"""Index ``exact``."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, ComponentConfig, RunContext, State
from paretorec.topk import top_k


class ExactConfig(ComponentConfig):
    """Index ``exact``; nothing to set."""


class ExactIndex:
    """Takes every inner product, in blocks that stay in the cache (`paretorec.topk`); equal scores go by item code.

    Nothing is built, and its state is empty: the vectors themselves are what is searched.
    """

    def __init__(self, config: ExactConfig) -> None:
        del config
        self._vectors = np.zeros((0, 0), np.float32)

    def build(self, vectors: Array, run: RunContext) -> None:
        self._vectors = np.ascontiguousarray(vectors, np.float32)

    def search(self, queries: Array, k: int, allowed: Array | None) -> tuple[Array, Array]:
        """O(B N d), on the calling thread."""
        return top_k(queries, self._vectors, k, allowed=allowed)

    def state(self) -> State:
        return State()

    def restore(self, state: State, vectors: Array) -> None:
        self._vectors = np.ascontiguousarray(vectors, np.float32)
