"""Index ``faiss``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isqrt
from typing import Any, Final

import faiss as _faiss
import numpy as np

from paretorec.contracts import Array, RunContext, State
from paretorec.errors import ArtifactError, DataError
from paretorec.topk import top_k
from paretorec_plugins.faiss_search.config import FaissConfig

faiss: Any = _faiss  # its stubs know less than it does

GROUP: Final = 16
"""Queries a call: from 20 on faiss compares them with centres in one matrix product, whose rounding depends on all."""
FEW: Final = 0.02
"""Share of the items up to which those that are allowed are compared one by one: a graph that is nearly all forbidden
leads nowhere."""
PER_LIST: Final = 39
"""Items that a list needs for its centre to mean something; faiss warns below it."""


class FaissIndex:
    """A graph of neighbours (HNSW, Malkov and Yashunin 2018) or inverted lists (IVF) over the item vectors.

    Built on one thread, so that it is the same every time. Items that a query may not find are passed over during
    the search; where few are allowed, those are compared exactly.
    """

    def __init__(self, config: FaissConfig) -> None:
        self.config = config
        self._index: Any = None
        self._vectors = np.zeros((0, 0), np.float32)

    def build(self, vectors: Array, run: RunContext) -> None:
        """Raises `DataError` for a vector that is not finite."""
        self._vectors = _finite(vectors)
        count, width = vectors.shape
        config, metric = self.config, faiss.METRIC_INNER_PRODUCT
        with one_thread():
            if config.kind == "hnsw":
                self._index = faiss.IndexHNSWFlat(width, config.m, metric)
                self._index.hnsw.efConstruction = config.ef_construction
            else:
                lists = min(config.nlist or 4 * isqrt(count), max(count // PER_LIST, 1))
                self._index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, metric)
                self._index.train(self._vectors)
            self._index.add(self._vectors)

    def search(self, queries: Array, k: int, allowed: Array | None) -> tuple[Array, Array]:
        """On the calling thread."""
        queries = np.ascontiguousarray(queries, np.float32)
        codes, scores = np.full((len(queries), k), -1, np.int32), np.full((len(queries), k), -np.inf, np.float32)
        for mask, rows in _alike(allowed, len(queries)):
            if mask is not None and mask.sum() <= max(FEW * len(mask), k):
                codes[rows], scores[rows] = top_k(queries[rows], self._vectors, k, allowed=mask)
                continue
            parameters = self._parameters(mask, k)
            for start in range(0, len(rows), GROUP):
                group = rows[start : start + GROUP]
                with one_thread():
                    found, names = self._index.search(queries[group], k, params=parameters)
                codes[group], scores[group] = names, np.where(names >= 0, found, -np.inf)
        return codes, scores

    def _parameters(self, mask: Array | None, k: int) -> Any:
        selector = None if mask is None else faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        if self.config.kind == "hnsw":
            return faiss.SearchParametersHNSW(sel=selector, efSearch=max(self.config.ef_search, k))
        return faiss.SearchParametersIVF(sel=selector, nprobe=self.config.nprobe)

    def state(self) -> State:
        return State({"index": faiss.serialize_index(self._index)})

    def restore(self, state: State, vectors: Array) -> None:
        """Raises `ArtifactError` where the state is of other vectors."""
        self._index, self._vectors = faiss.deserialize_index(np.array(state.arrays["index"])), _finite(vectors)
        if self._index.d != vectors.shape[1] or self._index.ntotal > len(vectors):
            raise ArtifactError(
                f"index faiss was built of {self._index.ntotal} vectors of length {self._index.d}, not of "
                f"{list(vectors.shape)}; run again"
            )
        if self._index.ntotal < len(vectors):
            with one_thread():
                self._index.add(self._vectors[self._index.ntotal :])


@contextmanager
def one_thread() -> Iterator[None]:
    """Of OpenMP's, on the calling thread."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _alike(allowed: Array | None, count: int) -> Iterator[tuple[Array | None, Array]]:
    """(mask bool [N] or None = everything, rows that have it)."""
    if allowed is None:
        yield None, np.arange(count)
        return
    kinds, kind = np.unique(np.packbits(allowed, axis=1), axis=0, return_inverse=True)
    for at in range(len(kinds)):
        rows = np.flatnonzero(kind.ravel() == at)
        mask = allowed[rows[0]]
        yield (None if mask.all() else mask), rows


def _finite(vectors: Array) -> Array:
    vectors = np.ascontiguousarray(vectors, np.float32)
    if not np.isfinite(vectors).all():
        item, column = np.argwhere(~np.isfinite(vectors))[0]
        raise DataError(
            f"index faiss: the vector of item code {item} is not a number in column {column}; correct the encoder that "
            'gives it, or use the index "exact", which never lists such an item'
        )
    return vectors
