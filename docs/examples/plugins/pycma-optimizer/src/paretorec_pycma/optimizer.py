"""pycma's ask and tell as ParetoRec's: minimises the one value that capability `single` asks for."""

from __future__ import annotations

from typing import Any

import cma
import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem


class PyCmaConfig(ComponentConfig):
    population: int = Field(default=20, ge=4, description="Policies a generation.")
    sigma: float = Field(default=0.3, gt=0, le=1, description="First standard deviation, as a share of the box.")


class PyCma:
    """CMA-ES (Hansen and Ostermeier, 2001) in the unit box, from the best of the first points on."""

    def __init__(self, config: PyCmaConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._lower, self._width = problem.lower, problem.upper - problem.lower
        self._rng = np.random.default_rng(seed)
        self._strategy: Any = None
        centre = (problem.lower + problem.upper)[None] / 2
        self._next = problem.first if len(problem.first) else centre

    def ask(self) -> Array:
        return self._next.copy()

    def tell(self, x: Array, result: Evaluations) -> None:
        unit = (x - self._lower) / np.where(self._width > 0, self._width, 1)
        values = result.values[:, 0]  # finite for infeasible ones, too: the worst known
        if self._strategy is None:
            options = {"bounds": [0, 1], "popsize": self.config.population, "verbose": -9, "seed": np.nan}
            options["randn"] = lambda *shape: self._rng.standard_normal(shape)  # never numpy's global generator
            self._strategy = cma.CMAEvolutionStrategy(unit[values.argmin()], self.config.sigma, options)
        else:
            self._strategy.tell(list(unit), list(values))
        asked = np.clip(np.array(self._strategy.ask()), 0, 1)
        self._next = self._lower + asked * self._width
