"""The `given` encoder."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.by_id import codes_of, numbers_of, read_table, refuse_twice, vectors_of
from paretorec.data.columns import require
from paretorec.errors import DataError
from paretorec_plugins.given.config import GivenConfig


class GivenEncoder:
    """score(user, item) = what the table says, or the dot product of the two given vectors.

    The tables are read once, by `fit`, and are part of the state: serving needs no file. Ids that the data does not
    know are passed over. A pair, user or item that the tables lack gets the lowest score (or a zero vector), so that
    it is never proposed. The scores must come from a model that saw nothing after the fit part: core cannot check it.
    """

    def __init__(self, config: GivenConfig) -> None:
        self.config = config
        self.arrays: dict[str, Array] = {}
        self.missing = 0.0
        self.item_count = 0

    def fit(self, data: FitData, run: RunContext) -> None:
        self.item_count = len(data.items)
        if self.config.scores:
            self._read_scores(data)
        else:
            self._read_vectors(data)

    def _read_scores(self, data: FitData) -> None:
        name, config = self.config.scores, self.config
        table = read_table(name)
        user = codes_of(table, config.user, data.user_ids, name, "params.user")
        item = codes_of(table, config.item, data.items.ids, name, "params.item")
        require(table, [config.score], name, "params.score")
        score = numbers_of(table, [config.score], name)[:, 0]
        known = (user >= 0) & (item >= 0)
        if not known.any():
            raise DataError(f"{name}: no row has both a user and an item that are in the data")
        refuse_twice(np.where(known, user * self.item_count + item, -1), name, "pair of user and item")
        user, item, score = user[known], item[known], score[known]
        order = np.lexsort((item, user))
        self.arrays = {"user": user[order], "item": item[order], "score": score[order]}
        self.missing = float(score.min()) if config.missing is None else config.missing

    def _read_vectors(self, data: FitData) -> None:
        config = self.config
        sides = (
            ("users", config.user_vectors, config.user, data.user_ids),
            ("items", config.item_vectors, config.item, data.items.ids),
        )
        for side, name, column, ids in sides:
            table = read_table(name)
            codes = codes_of(table, column, ids, name, f"params.{side[:-1]}")
            vectors = vectors_of(table, column, name, named=side == "items")
            known = codes >= 0
            refuse_twice(codes, name, f"id in {column!r}")
            self.arrays[side] = np.zeros((len(ids), vectors.shape[1]), np.float32)
            self.arrays[side][codes[known]] = vectors[known]
        wide, narrow = self.arrays["users"].shape[1], self.arrays["items"].shape[1]
        if wide != narrow:
            raise DataError(
                f"{config.user_vectors} has {wide} dimensions and {config.item_vectors} has {narrow}; they must agree"
            )

    def score(self, histories: Histories, items: Array | None) -> Array:
        scores = self._pairs(histories.user) if self.config.scores else self._products(histories.user)
        if items is None:
            return scores
        return np.take_along_axis(scores, np.maximum(items, 0).astype(np.int64), axis=1)

    def _pairs(self, user: Array) -> Array:
        """float32 [B, N]."""
        out = np.full((len(user), self.item_count), self.missing, np.float32)
        start, end = (np.searchsorted(self.arrays["user"], user, side=side) for side in ("left", "right"))
        for row, (first, last) in enumerate(zip(start, end, strict=True)):
            out[row, self.arrays["item"][first:last]] = self.arrays["score"][first:last]
        return out

    def _products(self, user: Array) -> Array:
        """float32 [B, N]; a user without a vector: zeros."""
        vectors, count = self.arrays["users"], len(self.arrays["users"])
        known = (user >= 0) & (user < count)
        rows = np.where(known[:, None], vectors[np.where(known, user, 0)], 0).astype(np.float32)
        out = np.zeros((len(user), self.item_count), np.float32)
        out[:, : len(self.arrays["items"])] = rows @ self.arrays["items"].T
        return out

    def state(self) -> State:
        return State(self.arrays, {"missing": self.missing})

    def restore(self, state: State, items: ItemTable) -> None:
        self.arrays = dict(state.arrays)
        self.missing = state.meta["missing"]
        self.item_count = len(items)
