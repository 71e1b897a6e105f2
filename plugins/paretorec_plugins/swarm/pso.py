"""Particle swarm optimisation of one objective."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from paretorec.search.sampling import first_points


class PsoConfig(ComponentConfig):
    """Configuration of `Pso`. The defaults are Clerc and Kennedy's constriction (chi = 0.7298, phi = 4.1)."""

    population: int = Field(default=40, ge=2, description="Particles.")
    inertia: float = Field(default=0.7298, ge=0, lt=1, description="Share of its velocity that a particle keeps.")
    cognitive: float = Field(default=1.49618, ge=0, description="Pull towards the best place the particle has seen.")
    social: float = Field(default=1.49618, ge=0, description="Pull towards the best place any particle has seen.")
    max_velocity: float = Field(default=0.5, gt=0, le=1, description="Longest step, as a share of a parameter's range.")

    @model_validator(mode="after")
    def _stable(self) -> PsoConfig:
        pull, limit = self.cognitive + self.social, 24 * (1 - self.inertia**2) / (7 - 5 * self.inertia)
        if not 0 < pull < limit:
            raise ValueError(
                f"cognitive + social is {pull:.4g}; with inertia {self.inertia:.4g} the swarm only settles for a sum "
                f"above 0 and below {limit:.4g}"
            )
        return self


class Pso:
    """Global-best PSO with inertia (Shi and Eberhart, CEC 1998) and constriction (Clerc and Kennedy, IEEE TEC 2002).

    Per particle and parameter: v = inertia v + cognitive r1 (own best - x) + social r2 (swarm's best - x), r1, r2 ~
    U(0, 1), clamped to +-max_velocity x range; x moves by v and stops at a bound, where v becomes 0. The weights are
    held to the region of order-2 stability (Poli, IEEE TEC 2009). The first generation holds all first points; where
    these are more than the population, the swarm starts from the best of them. What could not be judged never becomes
    a best place.
    """

    def __init__(self, config: PsoConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        self._lower, self._upper = problem.lower, problem.upper
        self._seed, self._generation = seed, 0
        self._x = first_points(problem, self.config.population, self._rng())
        self._velocity = np.zeros_like(self._x)
        self._best_x = self._x
        self._best = np.full(len(self._x), np.inf)

    def ask(self) -> Array:
        return self._x.copy()

    def tell(self, x: Array, result: Evaluations) -> None:
        values = np.where(result.feasible, result.values[:, 0], np.inf)
        better = values < self._best
        self._best = np.where(better, values, self._best)
        self._best_x = np.where(better[:, None], x, self._best_x)
        if len(x) > self.config.population:
            chosen = np.sort(np.argsort(self._best, kind="stable")[: self.config.population])
            self._x, self._velocity = self._x[chosen], self._velocity[chosen]
            self._best, self._best_x = self._best[chosen], self._best_x[chosen]
        self._generation += 1
        self._move()

    def _move(self) -> None:
        config, x = self.config, self._x
        own, shared = self._rng().random((2, *x.shape))
        leader = self._best_x[np.argmin(self._best)]
        velocity = (
            config.inertia * self._velocity
            + config.cognitive * own * (self._best_x - x)
            + config.social * shared * (leader - x)
        )
        limit = config.max_velocity * (self._upper - self._lower)
        velocity = np.clip(velocity, -limit, limit)
        moved = x + velocity
        self._x = np.clip(moved, self._lower, self._upper)
        self._velocity = np.where(moved == self._x, velocity, 0.0)

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng([self._seed, self._generation])
