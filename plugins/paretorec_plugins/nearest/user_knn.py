"""User-based nearest neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.profiles import decayed, unit
from paretorec_plugins.nearest.largest import largest


class UserKnnConfig(ComponentConfig):
    neighbours: int = Field(default=100, ge=1, description="Most similar users who are asked.")
    half_life_days: float = Field(
        default=120.0, gt=0, description="Days before a user's newest event after which an event counts half."
    )


class UserKnnEncoder:
    """score(user, item) = sum over the most similar users v of similarity(user, v) x w(v, item), w(v, item) = sum over
    v's events with the item of 2^(-age / half-life), and similarity = the cosine of the two users' rows of w.

    Herlocker et al., *An algorithmic framework for performing collaborative filtering*, SIGIR 1999, for implicit
    feedback. Ages count back from a user's own newest event. The user is left out of the neighbours, by code. With the
    half-life very large and as many neighbours as there are users, this is LensKit's `UserKNNScorer` for implicit
    feedback, which asks the most similar of those who took the item. An empty history scores 0.

    The state is the histories of the fit part; asking takes O(events of users with an item in common).
    """

    def __init__(self, config: UserKnnConfig) -> None:
        self.config = config
        self.taken: Any = None  # csr_array float64 [U, N]: w
        self.unit: Any = None  # csr_array float64 [N, U]: the rows of w as columns of length 1
        self.user: Array = np.zeros(0, np.int32)  # [U]: codes of the rows

    def fit(self, data: FitData, run: RunContext) -> None:
        self._remember(self._profile(data.histories, len(data.items)), data.histories.user)

    def _remember(self, taken: Any, user: Array) -> None:
        self.taken, self.user = taken, user
        self.unit = unit(taken).T.tocsr()

    def _profile(self, histories: Histories, items: int) -> Any:
        return decayed(histories, self.config.half_life_days, items)

    def score(self, histories: Histories, items: Array | None) -> Array:
        from scipy.sparse import csr_array

        similar = (unit(self._profile(histories, self.taken.shape[1])) @ self.unit).toarray()
        similar[(histories.user[:, None] == self.user) & (histories.user[:, None] >= 0)] = 0.0
        asked = csr_array(np.where(largest(similar, self.config.neighbours), similar, 0.0))
        scores: Array = (asked @ self.taken).toarray().astype(np.float32)
        if items is None:
            return scores
        return np.take_along_axis(scores, np.maximum(items, 0).astype(np.int64), axis=1)

    def state(self) -> State:
        taken = self.taken
        return State(
            arrays={"data": taken.data, "indices": taken.indices, "indptr": taken.indptr, "user": self.user},
        )

    def restore(self, state: State, items: ItemTable) -> None:
        from scipy.sparse import csr_array

        arrays = state.arrays
        shape = (len(arrays["indptr"]) - 1, len(items))
        self._remember(csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape), arrays["user"])
