"""An algorithm of pymoo behind ask and tell."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from paretorec.search.sampling import first_points


class PopulationConfig(ComponentConfig):
    """What every algorithm here is told."""

    population: int = Field(default=100, ge=4, description="Survivors of a generation, and its offspring.")


C = TypeVar("C", bound=PopulationConfig)


class PymooOptimizer(ABC, Generic[C]):
    """What all algorithms of pymoo (Blank and Deb, IEEE Access 2020) share; a subclass says which one it is.

    The first generation holds all first points, topped up to the population by uniform draws; where there are more of
    them than the population, the best by rank and crowding start it. Where pymoo offers fewer children than the
    population (its crossover finds no new ones any more), uniform draws fill their place, so that every generation
    has the same size.

    pymoo takes what is not a number for optimal, and some of its comparisons of infeasible solutions draw unseeded.
    So no constraint ever reaches it: what could not be judged is told as worse than everything that was, in every
    objective.
    """

    def __init__(self, config: C) -> None:
        self.config = config

    @abstractmethod
    def algorithm(self, objectives: int) -> Any:
        """A new pymoo algorithm for M = `objectives`, without problem and first population."""

    def size(self, objectives: int) -> int:
        """How many policies a generation has."""
        del objectives
        return self.config.population

    def setup(self, problem: SearchProblem, seed: int) -> None:
        from pymoo.config import Config
        from pymoo.core.problem import Problem

        Config.warnings["not_compiled"] = False  # it is printed to stdout, which belongs to --json
        self._box, self._seed = problem, seed
        self._rng = np.random.default_rng([seed, 1])
        self._size = self.size(len(problem.objectives))
        self._problem = Problem(
            n_var=len(problem.lower), n_obj=len(problem.objectives), xl=problem.lower, xu=problem.upper
        )
        self._worst = np.full(len(problem.objectives), -np.inf)
        self._best = np.full(len(problem.objectives), np.inf)
        self._algorithm: Any = None
        self._offspring: Any = None
        self._first = first_points(problem, self._size, self._rng)

    def ask(self) -> Array:
        if self._algorithm is None:
            return self._first.copy()
        if self._offspring is None:
            self._offspring = self._breed()
        return np.array(self._offspring.get("X"), dtype=np.float64)

    def tell(self, x: Array, result: Evaluations) -> None:
        values = self._guarded(result)
        with np.errstate(divide="ignore", invalid="ignore"):  # scaling by a range of 0, of policies that are equal
            if self._algorithm is None:
                self._start(x, values)
            else:
                self._algorithm.tell(infills=self.judged(self._offspring, values))
        self._offspring = None

    def population(self) -> tuple[Array, Array]:
        """The survivors: parameters float64 [Q, D] and objectives float64 [Q, M]."""
        x, values = self._algorithm.pop.get("X", "F")
        return x, values

    def judged(self, population: Any, values: Array) -> Any:
        """pymoo's Population with its objectives, float64 [P, M]."""
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        return Evaluator().eval(StaticProblem(self._problem, F=values), population)

    def _guarded(self, result: Evaluations) -> Array:
        known = result.values[result.feasible]
        self._worst = np.maximum(self._worst, known.max(axis=0, initial=-np.inf))
        self._best = np.minimum(self._best, known.min(axis=0, initial=np.inf))
        if result.feasible.all():
            return result.values
        span = np.where(self._worst > self._best, self._worst - self._best, 1.0)
        beyond = np.where(np.isfinite(self._worst), self._worst + 1e-3 * span, 0.0)
        return np.where(result.feasible[:, None], result.values, beyond)

    def _start(self, x: Array, values: Array) -> None:
        from pymoo.core.population import Population
        from pymoo.core.termination import NoTermination
        from pymoo.operators.survival.rank_and_crowding import RankAndCrowding

        population = self.judged(Population.new(X=x), values)
        if len(population) > self._size:
            population = RankAndCrowding().do(
                self._problem, population, n_survive=self._size, random_state=np.random.default_rng([self._seed, 2])
            )
        # Selection, survival and duplicate elimination are default arguments, shared by all algorithms of a process.
        self._algorithm = copy.deepcopy(self.algorithm(len(self._box.objectives)))
        self._algorithm.initialization.sampling = population
        self._algorithm.setup(self._problem, seed=self._seed, termination=NoTermination())
        self._algorithm.tell(infills=self._algorithm.ask())

    def _breed(self) -> Any:
        """pymoo's Population of the next generation."""
        from pymoo.core.population import Population

        offspring = self._algorithm.ask()
        self._algorithm.termination.force_termination = False  # set when crossover found nothing new
        offspring = Population.empty() if offspring is None else offspring
        missing = self._size - len(offspring)
        if missing > 0:
            lower, upper = self._box.lower, self._box.upper
            drawn = lower + self._rng.random((missing, len(lower))) * (upper - lower)
            offspring = Population.merge(offspring, Population.new(X=np.minimum(drawn, upper)))
        return offspring
