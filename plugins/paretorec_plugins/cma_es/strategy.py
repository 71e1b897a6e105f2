"""CMA-ES behind ask and tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from paretorec.search.sampling import first_points


class CmaEsConfig(ComponentConfig):
    """Configuration of `CmaEs`."""

    population: int = Field(default=20, ge=4, description="Policies a generation, doubled at every restart.")
    sigma: float = Field(
        default=0.3, gt=0, le=1, description="First standard deviation, as a share of a parameter's range."
    )


class CmaEs:
    """CMA-ES (Hansen and Ostermeier, 2001) with restarts of doubled population (Auger and Hansen, CEC 2005).

    The first generation holds all first points, topped up by uniform draws; the strategy starts at the best of them,
    and after it has settled, at a random place. Parameters are scaled to [0, 1]; those whose bounds are equal stay
    out. What could not be judged ranks behind everything that could.
    """

    def __init__(self, config: CmaEsConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._lower, self._upper = problem.lower, problem.upper
        self._free = np.flatnonzero(problem.upper > problem.lower)
        self._rng = np.random.default_rng(seed)
        self._size = self.config.population
        self._strategy: Any = None
        self._asked: list[Array] = []
        self._x = first_points(problem, self.config.population, self._rng)

    def ask(self) -> Array:
        return self._x.copy()

    def tell(self, x: Array, result: Evaluations) -> None:
        if not len(self._free):
            return
        values = result.values[:, 0]
        values = np.where(result.feasible, values, np.max(values, initial=0.0, where=result.feasible) + 1.0)
        if self._strategy is None:
            best = x[np.argmin(values), self._free]
            low, high = self._lower[self._free], self._upper[self._free]
            self._strategy = self._started(np.clip((best - low) / (high - low), 0.0, 1.0))
        else:
            self._strategy.tell(self._asked, values.tolist())
            if self._strategy.stop():
                self._size *= 2
                self._strategy = self._started(self._rng.random(len(self._free)))
        self._asked = self._strategy.ask()
        self._x = np.tile(self._lower, (len(self._asked), 1))
        low, high = self._lower[self._free], self._upper[self._free]
        self._x[:, self._free] = np.clip(low + np.array(self._asked) * (high - low), low, high)

    def _started(self, at: Array) -> Any:
        """A strategy whose normal draws are ours: cma would seed numpy's global generator."""
        from cma import CMAEvolutionStrategy

        options = {
            "bounds": [[0.0] * len(at), [1.0] * len(at)],
            "popsize": self._size,
            "randn": lambda *shape: self._rng.standard_normal(shape),
            "seed": np.nan,
            "verbose": -9,
            "maxiter": np.inf,
        }
        return CMAEvolutionStrategy(at, self.config.sigma, options)
