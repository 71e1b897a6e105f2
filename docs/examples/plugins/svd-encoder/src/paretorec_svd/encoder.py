"""Users are the sum of their items' vectors, so that nobody has to be known in advance."""

from __future__ import annotations

import numpy as np
from pydantic import Field
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec.errors import DataError


class SvdConfig(ComponentConfig):
    width: int = Field(default=32, ge=1, description="Numbers a vector; never more than the data has directions.")


class Svd:
    """Latent semantic analysis (Deerwester et al., 1990) of users and items, counts damped by log(1 + n)."""

    def __init__(self, config: SvdConfig) -> None:
        self.config = config

    def fit(self, data: FitData, run: RunContext) -> None:
        if not len(data.histories) or len(data.items) < 2:
            raise DataError("encoder 'svd' needs users with histories, and two items; widen the split's fit part")
        row, position = data.histories.flat()
        shape = len(data.histories), len(data.items)
        counts = csr_matrix((np.ones(len(row)), (row, data.histories.items[position])), shape=shape)
        counts.data = np.log1p(counts.data)
        width = max(1, min(self.config.width, *(size - 1 for size in shape)))
        model = TruncatedSVD(width, random_state=0)  # the same for every seed of a run
        self._vectors = model.fit(counts).components_.T.astype(np.float32)

    def encode_users(self, histories: Histories) -> Array:
        row, position = histories.flat()
        item = histories.items[position]
        known = item < len(self._vectors)
        users = np.zeros((len(histories), self._vectors.shape[1]), np.float32)
        np.add.at(users, row[known], self._vectors[item[known]])
        return users

    def encode_items(self, items: ItemTable) -> Array:
        new = len(items) - len(self._vectors)
        return np.pad(self._vectors, ((0, new), (0, 0)))

    def state(self) -> State:
        return State({"vectors": self._vectors})

    def restore(self, state: State, items: ItemTable) -> None:
        self._vectors = state.arrays["vectors"]
