"""Indexes that are broken in one way each."""

from __future__ import annotations

import numpy as np
from broken_twins import twin
from sound_components import Index

from paretorec.contracts import State


class ForgetfulIndex(Index):
    """leaves out an item that numpy's global generator draws"""

    def build(self, vectors, run):
        self.vectors = vectors.copy()
        self.vectors[np.random.randint(len(vectors), size=100)] = -9


class SeededIndex(Index):
    """leaves out items by the seed and does not declare `random`"""

    def build(self, vectors, run):
        self.vectors = vectors.copy()
        self.vectors[run.rng("left out").integers(len(vectors), size=100)] = -9


class NormalisingIndex(Index):
    """scales the vectors to length one in place"""

    def build(self, vectors, run):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self.vectors = vectors


class LongIndex(Index):
    """returns int64 codes"""

    def search(self, queries, k, allowed):
        codes, scores = super().search(queries, k, allowed)
        return codes.astype(np.int64), scores


class CosineIndex(Index):
    """divides by the length of the query, which may be 0"""

    def search(self, queries, k, allowed):
        codes, scores = super().search(queries, k, allowed)
        with np.errstate(all="ignore"):
            return codes, scores / np.linalg.norm(queries, axis=1, keepdims=True)


class CentringIndex(Index):
    """takes the mean of the queries away from them"""

    def search(self, queries, k, allowed):
        return super().search(queries - queries.mean(axis=0, keepdims=True) if len(queries) else queries, k, allowed)


class HalfSavedIndex(Index):
    """forgets in its state which items it merged"""

    merged = 0

    def build(self, vectors, run):
        super().build(vectors, run)
        self.merged = 1

    def search(self, queries, k, allowed):
        codes, scores = super().search(queries, k + self.merged, allowed)
        return codes[:, self.merged :], scores[:, self.merged :]


class StatelessIndex:
    """has no state and no restore"""

    def __init__(self, config):
        self.config = config

    build, search = Index.build, Index.search


class DistanceIndex(Index):
    """gives distances for scores"""

    def search(self, queries, k, allowed):
        codes, scores = super().search(queries, k, allowed)
        return codes, -scores


class LateIndex(Index):
    """takes the best of all, and then what is allowed of them"""

    def search(self, queries, k, allowed):
        codes, scores = super().search(queries, k, None)
        if allowed is None:
            return codes, scores
        may = np.take_along_axis(allowed, codes, axis=1)
        order = np.argsort(~may, axis=1, kind="stable")
        codes, scores = np.where(may, codes, -1), np.where(may, scores, -np.inf)
        return np.take_along_axis(codes, order, axis=1), np.take_along_axis(scores, order, axis=1)


class HastyIndex(Index):
    """looks at every other item"""

    def search(self, queries, k, allowed):
        every_other = np.broadcast_to(np.arange(len(self.vectors)) % 2 == 0, (len(queries), len(self.vectors)))
        return super().search(queries, k, every_other if allowed is None else allowed)


class NarrowIndex(Index):
    """gives no more columns than there are items"""

    def search(self, queries, k, allowed):
        codes, scores = super().search(queries, k, allowed)
        return codes[:, : len(self.vectors)], scores[:, : len(self.vectors)]


class FixedSizeIndex(Index):
    """keeps to the vectors that it was built of"""

    def state(self):
        return State({"vectors": self.vectors})

    def restore(self, state, vectors):
        self.vectors = state.arrays["vectors"]


TWINS = [
    twin("index.same-seed", ForgetfulIndex),
    twin("index.other-seed", SeededIndex),
    twin("index.inputs", NormalisingIndex),
    twin("index.shapes", LongIndex),
    twin("index.finite", CosineIndex),
    twin("index.rows", CentringIndex),
    twin("index.round-trip", HalfSavedIndex),
    twin("index.protocol", StatelessIndex),
    twin("index.lists", DistanceIndex),
    twin("index.allowed", LateIndex),
    twin("index.recall", HastyIndex),
    twin("index.few-items", NarrowIndex),
    twin("index.new-items", FixedSizeIndex),
]
