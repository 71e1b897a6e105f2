"""pymoo's NSGA-II behind ask and tell."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from paretorec.search.sampling import first_points


class Nsga2Config(ComponentConfig):
    """Configuration of `Nsga2`. The defaults are the paper's and pymoo's."""

    population: int = Field(default=100, ge=4, description="Survivors of a generation, and its offspring.")
    crossover_probability: float = Field(default=0.9, ge=0, le=1, description="Of simulated binary crossover.")
    crossover_index: float = Field(default=15.0, gt=1, description="Larger means children closer to their parents.")
    mutation_index: float = Field(default=20.0, gt=1, description="Of polynomial mutation; larger: smaller changes.")


class Nsga2:
    """NSGA-II (Deb et al., IEEE TEC 2002) as implemented by pymoo (Blank and Deb, IEEE Access 2020).

    The first generation holds all first points, topped up to the population by uniform draws. pymoo keeps children
    unique; where crossover finds no new ones any more, uniform draws fill their place, so that every generation has
    the same size. What could not be judged is infeasible: it loses against everything that could.
    """

    def __init__(self, config: Nsga2Config) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        from pymoo.config import Config

        Config.warnings["not_compiled"] = False  # it is printed to stdout, which belongs to --json
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem
        from pymoo.core.termination import NoTermination
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM

        self._problem, self._rng = problem, np.random.default_rng([seed, 1])
        self._pymoo_problem = Problem(
            n_var=len(problem.lower),
            n_obj=len(problem.objectives),
            n_ieq_constr=1,
            xl=problem.lower,
            xu=problem.upper,
        )
        algorithm = NSGA2(
            pop_size=self.config.population,
            sampling=first_points(problem, self.config.population, self._rng),
            crossover=SBX(eta=self.config.crossover_index, prob=self.config.crossover_probability),
            mutation=PM(eta=self.config.mutation_index),
            output=None,
        )
        # Selection, survival and duplicate elimination are default arguments, shared by all algorithms of a process.
        self._algorithm = copy.deepcopy(algorithm)
        self._algorithm.setup(self._pymoo_problem, seed=seed, termination=NoTermination())
        self._offspring: Any = None

    def ask(self) -> Array:
        if self._offspring is None:
            self._offspring = self._breed()
        return np.array(self._offspring.get("X"), dtype=np.float64)

    def tell(self, x: Array, result: Evaluations) -> None:
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        broken = np.where(result.feasible, -1.0, 1.0)[:, None]
        judged = StaticProblem(self._pymoo_problem, F=result.values, G=broken)
        self._algorithm.tell(infills=Evaluator().eval(judged, self._offspring))
        self._offspring = None

    def _breed(self) -> Any:
        """pymoo's Population of the next generation."""
        from pymoo.core.population import Population

        started = self._algorithm.is_initialized
        offspring = self._algorithm.ask()
        if not started:
            return offspring
        self._algorithm.termination.force_termination = False  # set when crossover found nothing new
        offspring = Population.empty() if offspring is None else offspring
        missing = self.config.population - len(offspring)
        if missing:
            lower, upper = self._problem.lower, self._problem.upper
            drawn = lower + self._rng.random((missing, len(lower))) * (upper - lower)
            offspring = Population.merge(offspring, Population.new(X=np.minimum(drawn, upper)))
        return offspring

    def population(self) -> tuple[Array, Array]:
        """The survivors: parameters float64 [Q, D] and objectives float64 [Q, M]."""
        x, values = self._algorithm.pop.get("X", "F")
        return x, values
