"""Independent draws from one law over the box."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem


class RandomSearchConfig(ComponentConfig):
    """Configuration of `RandomSearch`."""

    law: Literal["dirichlet", "uniform"] = Field(
        default="dirichlet",
        description="dirichlet: weights that share one unit, best for policies that weigh signals, where only ratios "
        "count; uniform: every point of the box alike.",
    )
    concentration: float = Field(
        default=0.5, gt=0.1, description="Of the Dirichlet law; below 1, most draws lean on few of the signals."
    )
    population: int = Field(default=100, ge=1, description="Draws a generation.")


class RandomSearch:
    """Draws that learn nothing (Bergstra and Bengio, JMLR 2012); generation g depends on the seed and g alone.

    The Dirichlet law is scaled to the box, its corners being one parameter at its upper bound and the others at their
    lower ones. Uniform weights would crowd around equal shares: with 8 signals, the largest of 8 uniform weights has
    on average 23 % of their sum, of a Dirichlet(0.5) draw 43 %. With a single parameter the law is Beta(c, c).
    """

    def __init__(self, config: RandomSearchConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._problem, self._seed = problem, seed
        self._generation = 0

    def ask(self) -> Array:
        first = self._problem.first if self._generation == 0 else self._problem.first[:0]
        rng = np.random.default_rng([self._seed, self._generation])
        return np.concatenate([first, self._draw(max(self.config.population - len(first), 0), rng)])

    def tell(self, x: Array, result: Evaluations) -> None:
        self._generation += 1

    def _draw(self, count: int, rng: np.random.Generator) -> Array:
        lower, upper = self._problem.lower, self._problem.upper
        if self.config.law == "uniform":
            share = rng.random((count, len(lower)))
        else:
            share = rng.dirichlet(np.full(max(len(lower), 2), self.config.concentration), count)[:, : len(lower)]
        drawn: Array = np.clip(lower + share * (upper - lower), lower, upper)
        return drawn
