"""`bag-of-words` and `tf-idf`."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.columns import item_columns
from paretorec.data.profiles import decayed, training_items, unit
from paretorec.errors import DataError
from paretorec_plugins.content.config import BagOfWordsConfig, TfIdfConfig
from paretorec_plugins.content.vocabulary import choose_terms, count_terms, item_terms


class BagOfWordsEncoder:
    """score(user, item) = cosine of the item's term counts with the user's: the sum over their events of
    2^(-age / half-life) x the item's counts divided by their length.

    Terms are the words of text columns (unspaced scripts: character n-grams) and the values of category columns; which
    ones count is decided on the items of the fit part. An item without terms, and an empty history, score 0. Items
    that nobody took are scored like all others, also those that join after the fit.
    """

    name = "bag-of-words"

    def __init__(self, config: BagOfWordsConfig) -> None:
        self.config = config
        self.columns: tuple[str, ...] = ()
        self.terms: list[str] = []
        self.weight: Array = np.zeros(0)  # float64 [T]
        self.rows: Any = None  # csr_array float64 [N, T], rows of length 1
        self.by_term: Any = None  # its transpose

    def fit(self, data: FitData, run: RunContext) -> None:
        config, items = self.config, data.items
        self.columns = item_columns(
            self.name,
            config.columns,
            (*items.texts, *items.categories),
            "text or category",
            "[data] texts or categories",
        )
        row, term = item_terms(items, self.columns, config.separator, config.ngram)
        seen = training_items(data)
        self.terms, count = choose_terms(row, term, seen, config.min_items, config.max_terms)
        if not self.terms:
            raise DataError(
                f"{self.name}: no word or tag in {', '.join(self.columns)} is in {config.min_items} training items; "
                f"lower params.min_items or name other columns"
            )
        self.weight = self._weigh(count, int(seen.sum()))
        self._read(items)

    def _weigh(self, count: Array, items: int) -> Array:
        """float64 [T]: what each term weighs, being in `count` of so many items."""
        return np.ones(len(count))

    def _damp(self, counts: Array) -> Array:
        return counts

    def _read(self, items: ItemTable) -> None:
        row, term = item_terms(items, self.columns, self.config.separator, self.config.ngram)
        counts = count_terms(row, term, self.terms, len(items))
        counts.data = self._damp(counts.data) * self.weight[counts.indices]
        self.rows = unit(counts)
        self.by_term = self.rows.T.tocsr()

    def score(self, histories: Histories, items: Array | None) -> Array:
        users = unit(decayed(histories, self.config.half_life_days, self.rows.shape[0]) @ self.rows)
        scores: Array = (users @ self.by_term).toarray().astype(np.float32)
        if items is None:
            return scores
        return np.take_along_axis(scores, np.maximum(items, 0).astype(np.int64), axis=1)

    def state(self) -> State:
        return State(arrays={"weight": self.weight}, meta={"columns": list(self.columns), "terms": self.terms})

    def restore(self, state: State, items: ItemTable) -> None:
        self.columns, self.terms = tuple(state.meta["columns"]), list(state.meta["terms"])
        self.weight = state.arrays["weight"]
        self._read(items)


class TfIdfEncoder(BagOfWordsEncoder):
    """As `bag-of-words`, where a term weighs tf x idf: tf = n, the times that the item has it (or 1 + log n), and
    idf = log((1 + items) / (1 + items with it)) + 1 over the items of the fit part: scikit-learn's `TfidfVectorizer`,
    after Salton and Buckley, *Term-weighting approaches in automatic text retrieval*, 1988.
    """

    name = "tf-idf"
    config: TfIdfConfig

    def _weigh(self, count: Array, items: int) -> Array:
        weight: Array = np.log((1 + items) / (1 + count)) + 1
        return weight

    def _damp(self, counts: Array) -> Array:
        return 1 + np.log(counts) if self.config.sublinear else counts
