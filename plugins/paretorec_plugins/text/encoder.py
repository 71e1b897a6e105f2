"""The `text` encoder."""

from __future__ import annotations

import logging

import numpy as np

from paretorec.contracts import Array, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.columns import item_columns, joined_texts
from paretorec.data.profiles import decayed, training_items, unit_rows
from paretorec.errors import ArtifactError, DataError
from paretorec_plugins.text.config import TextConfig
from paretorec_plugins.text.vectors import TextVectors

LOG = logging.getLogger("paretorec")


class TextEncoder:
    """Item vector: what a language model makes of the item's texts, less the mean of the training items, made to
    length 1; user vector: the sum over their events of 2^(-age / half-life) x the item's vector, made to length 1. So
    scores are cosines.

    Without the mean, in which all vectors of a model are alike (Mu and Viswanath, *All-but-the-top*, ICLR 2018), any
    two items would be similar. An item without text is the average item: its vector is 0, it scores 0 with everybody,
    and it says nothing about those who took it. Vectors of the items of the fit are part of the state, so that
    serving needs the model for new items alone.
    """

    def __init__(self, config: TextConfig) -> None:
        self.config = config
        self.columns: tuple[str, ...] = ()
        self.model = ""
        """Identity of the model that the vectors are of."""
        self.mean: Array = np.zeros(0)  # float64 [V]
        self.vectors: Array = np.zeros((0, 0), np.float32)  # [N, V]
        self._texts = TextVectors(config)

    def embed(self, texts: Array, run: RunContext) -> Array:
        """float32 [n, V]: what the model itself makes of texts (object [n] of str); NaN where one is empty."""
        return self._texts.of(texts, run)

    def fit(self, data: FitData, run: RunContext) -> None:
        """Raises `DataError` for columns that are not there or have no text at all."""
        items = data.items
        self.columns = item_columns("text", self.config.columns, tuple(items.texts), "text", "[data] texts")
        texts = self._joined(items)
        empty = sum(not text for text in texts)
        if empty == len(items):
            raise DataError(
                f"encoder text: {', '.join(self.columns)} of all {len(items)} items are empty; name a text column with "
                "texts in params.columns"
            )
        if empty:
            LOG.warning(f"encoder text: {empty} of {len(items)} items have no text; they count as the average item")
        raw = unit_rows(self.embed(texts, run))
        known = np.isfinite(raw[:, 0])
        seen = training_items(data) & known
        self.mean = raw[seen if seen.any() else known].mean(0)
        self.model = self._texts.identity
        self.vectors = self._centred(raw)

    def encode_items(self, items: ItemTable) -> Array:
        new = len(items) - len(self.vectors)
        if new <= 0:
            return self.vectors[: len(items)]
        return np.concatenate([self.vectors, self._read(items, len(self.vectors))])

    def encode_users(self, histories: Histories) -> Array:
        weights = decayed(histories, self.config.half_life_days, len(self.vectors))
        return unit_rows(weights @ self.vectors).astype(np.float32)

    def state(self) -> State:
        return State({"mean": self.mean, "vectors": self.vectors}, {"columns": list(self.columns), "model": self.model})

    def restore(self, state: State, items: ItemTable) -> None:
        """Raises `ArtifactError` where there are new items and the model is not the one of the fit."""
        self.columns, self.model = tuple(state.meta["columns"]), str(state.meta["model"])
        self.mean, self.vectors = state.arrays["mean"], state.arrays["vectors"]
        self.vectors = self.encode_items(items)

    def _read(self, items: ItemTable, start: int) -> Array:
        """Of the items from `start` on."""
        texts = self._joined(items)[start:]
        if not any(text for text in texts):
            return np.zeros((len(texts), len(self.mean)), np.float32)
        if self._texts.identity != self.model:
            raise ArtifactError(
                f"encoder text: model {self.config.model} is not the one that was fitted with, so that vectors of new "
                "items cannot be compared; bring that one back, or run again"
            )
        return self._centred(unit_rows(self.embed(texts, RunContext())))

    def _joined(self, items: ItemTable) -> Array:
        return joined_texts([items.texts[column] for column in self.columns])

    def _centred(self, raw: Array) -> Array:
        return np.nan_to_num(unit_rows(raw - self.mean)).astype(np.float32)
