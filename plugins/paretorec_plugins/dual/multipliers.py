"""The classical baseline: maximise one objective under constraints on the others, by Lagrange multipliers."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from paretorec.errors import ConfigError

REACH = np.log(1000.0)
"""Multipliers lie between 1 / 1000 and 1000."""


class DualConfig(ComponentConfig):
    """Configuration of `Dual`."""

    constraints: int = Field(default=40, ge=1, description="Constrained problems that are worked on at a time.")
    steps: int = Field(default=8, ge=1, description="Steps of the multipliers on each, before the next ones begin.")


class Dual:
    """The epsilon-constraint method (Haimes et al., 1971), each problem by dual ascent (Everett, 1963), as used for
    feeds and notifications (Agarwal et al., KDD 2012).

    Where objectives are sums over the items listed and signals are calibrated, the best lists for "most of the first
    objective, and of objective m at least e_m" are those ranked by ``main head + sum of lambda_m x head m`` for some
    multipliers. A head is one parameter alone; each objective gets the one that is best in it and serves no earlier
    objective, while there are enough. So only M of the D parameters are ever used, and scores that are no
    expectations cost what a full search can still find: the distance between the two is what this baseline shows.

    The levels e_m are spread over the range between what the main head reaches in an objective and what its own head
    does (Roberts' additive recurrence, 2018: all levels together stay even as they get more). A step multiplies or
    divides each lambda_m by a factor, depending on the side of e_m on which the policy just judged fell, and the
    factor's logarithm shrinks. With one constraint that is bisection of log lambda; with more, a projected subgradient
    method that goes by the sign. Later problems start from the policy judged so far that is nearest to theirs.
    """

    def __init__(self, config: DualConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        if len(problem.objectives) < 2:
            raise ConfigError(
                "optimizer dual weighs objectives against one another and there is one: add an [[objectives]], or "
                'choose another optimizer, such as use = "cma-es"'
            )
        self._lower, self._span = problem.lower, problem.upper - problem.lower
        self._start = np.random.default_rng(seed).random(len(problem.objectives) - 1)
        self._problems = 0
        self._step = 0
        self._heads: Array | None = None
        self._asked: Array = np.empty(0, dtype=np.int64)
        axes = problem.lower + np.diag(self._span)
        known = (problem.first[:, None] == axes).all(axis=2)  # [F, D]
        missing = ~known.any(axis=0)
        self._x = np.concatenate([problem.first, axes[missing]])
        self._axes = np.where(
            missing, len(problem.first) + np.cumsum(missing) - 1, known.argmax(axis=0) if len(known) else 0
        )

    def ask(self) -> Array:
        return self._x.copy()

    def tell(self, x: Array, result: Evaluations) -> None:
        values = np.where(result.feasible[:, None], result.values, np.inf)
        if self._heads is None:
            self._choose_heads(values[self._axes])
            self._seen = np.empty((0, self._levels(0).shape[1]))
            self._reached = np.empty((0, values.shape[1]))
            self._begin()
        else:
            values = values[self._asked]
            self._seen = np.concatenate([self._seen, self._log])
            self._reached = np.concatenate([self._reached, values])
            self._move(values)
        # Problems begin at the same multipliers and part as their levels do; what they share is judged once.
        self._x, self._asked = np.unique(self._policies(), axis=0, return_inverse=True)

    def _choose_heads(self, axes: Array) -> None:
        """axes: float64 [D, M], what each parameter alone reaches."""
        taken: list[int] = []
        for column in axes.T:
            free = [d for d in range(len(axes)) if d not in taken] or list(range(len(axes)))
            taken.append(min(free, key=lambda d: column[d]))
        self._heads = np.array(taken)
        at_heads = np.where(np.isfinite(axes), axes, 0.0)[self._heads]
        self._loose, self._tight = at_heads[0, 1:], at_heads.diagonal()[1:]

    def _levels(self, start: int) -> Array:
        """float64 [constraints, M - 1]: the next problems' places between loose (0) and tight (1)."""
        width = len(self._start)
        ratio = 2.0
        for _ in range(40):  # the root above 1 of ratio^(width + 1) = ratio + 1
            ratio = (1.0 + ratio) ** (1.0 / (width + 1))
        number = np.arange(start + 1, start + 1 + self.config.constraints)[:, None]
        places: Array = (self._start + number * ratio ** -np.arange(1.0, width + 1)) % 1.0
        return places

    def _begin(self) -> None:
        places = self._levels(self._problems)
        self._bounds = self._loose + places * (self._tight - self._loose)
        self._log = np.zeros(places.shape)
        self._factor = REACH / 2
        if self._problems:
            span = np.where(self._tight != self._loose, np.abs(self._tight - self._loose), 1.0)
            apart = np.square((self._reached[None, :, 1:] - self._bounds[:, None]) / span).sum(axis=2)
            self._log = self._seen[np.argmin(apart, axis=1)]
            self._factor = 0.5
        self._problems += len(places)
        self._step = 0

    def _move(self, values: Array) -> None:
        self._step += 1
        if self._step >= self.config.steps:
            self._begin()
            return
        missed = np.where(values[:, 1:] > self._bounds, 1.0, -1.0)
        self._log = np.clip(self._log + self._factor * missed, -REACH, REACH)
        self._factor *= 0.5 if values.shape[1] == 2 else 0.7

    def _policies(self) -> Array:
        assert self._heads is not None
        shares = np.zeros((len(self._log), len(self._lower)))
        shares[:, self._heads[0]] = 1.0
        for m, head in enumerate(self._heads[1:]):
            shares[:, head] += np.exp(self._log[:, m])
        shares /= shares.max(axis=1, keepdims=True)
        policies: Array = np.clip(self._lower + shares * self._span, self._lower, self._lower + self._span)
        return policies
