"""`als`: the item factors are implicit's, a user's are solved for from the history, whoever it is."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, FitData, Histories, ItemTable, RunContext, State
from paretorec.data.profiles import recent


class AlsConfig(ComponentConfig):
    """Chosen on the validation items of MovieLens-1M."""

    factors: int = Field(default=64, ge=1, description="Dimensions of users and items.")
    regularization: float = Field(default=0.1, gt=0, description="L2 penalty on both sides.")
    alpha: float = Field(default=10.0, gt=0, description="Confidence in an item that a user took; in others: 1.")
    iterations: int = Field(default=10, ge=1, description="Times that both sides are solved for.")
    recent_half_life: float = Field(
        default=3.0, gt=0, description="For a request: how many events before the newest one an event counts half."
    )


class AlsEncoder:
    """User and item vectors x, y that minimise sum over (user, item) of c (p - x y)² + regularization (|x|² + |y|²),
    p = 1 and c = alpha where the user took the item, p = 0 and c = 1 elsewhere (Hu, Koren and Volinsky,
    *Collaborative filtering for implicit feedback datasets*, ICDM 2008; `AlternatingLeastSquares` of implicit, which
    fits the items).

    A request's user vector is the exact minimum for the history at hand, with c = alpha x 2^(-r / recent_half_life) for
    the item r events before the newest one; so users never seen are as good as others, and nothing of a user is kept.
    An empty history, and an item that nobody took in the fit part, is the zero vector. A request takes O(factors³ +
    events x factors²).
    """

    def __init__(self, config: AlsConfig) -> None:
        self.config = config
        self.factors: Array = np.zeros((0, 0), np.float32)  # [N, d]
        self.gram: Array = np.zeros((0, 0))  # float64 [d, d]

    def fit(self, data: FitData, run: RunContext) -> None:
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits

        config, size = self.config, len(data.items)
        taken = csr_matrix(recent(data.histories, np.inf, size), dtype=np.float32)
        with run.progress.bar("als", config.iterations) as bar, threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=config.factors,
                regularization=config.regularization,
                alpha=config.alpha,
                iterations=config.iterations,
                num_threads=run.threads,
                random_state=int(run.rng("als").integers(2**31)),
            )

            def after(*_: object) -> None:
                run.check_stop()
                bar.advance()

            model.fit_callback = after
            model.fit(taken, show_progress=False)
        self._remember(np.array(model.item_factors, np.float32))

    def _remember(self, factors: Array) -> None:
        self.factors = factors
        wide = factors.astype(np.float64)
        self.gram = wide.T @ wide + self.config.regularization * np.eye(wide.shape[1])

    def encode_items(self, items: ItemTable) -> Array:
        return self.factors

    def encode_users(self, histories: Histories) -> Array:
        profile = recent(histories, self.config.recent_half_life, len(self.factors))
        out = np.zeros((len(histories), self.factors.shape[1]), np.float32)
        for row in range(len(histories)):
            own = slice(profile.indptr[row], profile.indptr[row + 1])
            if own.start == own.stop:
                continue
            vectors = self.factors[profile.indices[own]].astype(np.float64)
            confidence = self.config.alpha * profile.data[own]
            normal = self.gram + (vectors.T * (confidence - 1.0)) @ vectors
            out[row] = np.linalg.solve(normal, confidence @ vectors)
        return out

    def state(self) -> State:
        return State(arrays={"factors": self.factors})

    def restore(self, state: State, items: ItemTable) -> None:
        known = state.arrays["factors"]
        new = np.zeros((len(items) - len(known), known.shape[1]), np.float32)
        self._remember(np.concatenate([known, new]))
