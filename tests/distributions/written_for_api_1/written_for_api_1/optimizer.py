"""A (mu + lambda) evolution strategy for several objectives (Beyer and Schwefel, 2002, without self-adaptation)."""

from __future__ import annotations

import numpy as np
from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from pydantic import Field


class OneOptimizerConfig(ComponentConfig):
    """What a run's configuration may say in `params`."""

    parents: int = Field(default=20, ge=1, description="mu: policies that have children.")
    children: int = Field(default=20, ge=1, description="lambda: policies asked for at a time.")
    step: float = Field(default=0.15, gt=0, le=1, description="Standard deviation of a step, as a share of the box.")


class OneOptimizer:
    """Keeps the policies that fewest others beat; ties go to the older one. Everything is minimised."""

    def __init__(self, config: OneOptimizerConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._problem, self._seed, self._generation = problem, seed, 0
        self._x = np.zeros((0, len(problem.lower)))
        self._values = np.zeros((0, len(problem.objectives)))

    def ask(self) -> Array:
        """float64 [P, D] inside the box; the same seed and the same tells give the same asks."""
        lower, upper = self._problem.lower, self._problem.upper
        rng = np.random.default_rng([self._seed, self._generation])
        if not len(self._x):
            start = rng.uniform(lower, upper, (self.config.children, len(lower)))
            return self._problem.first.copy() if len(self._problem.first) else start
        parent = self._x[rng.integers(len(self._x), size=self.config.children)]
        step = rng.normal(0, self.config.step, parent.shape) * (upper - lower)
        children: Array = np.clip(parent + step, lower, upper)
        return children

    def tell(self, x: Array, result: Evaluations) -> None:
        values = np.where(result.feasible[:, None], result.values, np.inf)
        self._x, self._values = np.concatenate([self._x, x]), np.concatenate([self._values, values])
        ours, theirs = self._values[:, None], self._values[None]  # [n, 1, M], [1, n, M]
        beaten = ((theirs <= ours).all(2) & (theirs < ours).any(2)).sum(1)
        best = np.argsort(beaten, kind="stable")[: self.config.parents]
        self._x, self._values = self._x[best], self._values[best]
        self._generation += 1
