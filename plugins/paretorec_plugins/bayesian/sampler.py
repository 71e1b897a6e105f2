"""Optuna's samplers behind ask and tell."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Evaluations, SearchProblem
from paretorec.search.sampling import first_points

MANY = 1000
"""Evaluations above which a warning says that this optimizer costs more than what it saves."""


class BayesianConfig(ComponentConfig):
    """Configuration of `Bayesian`."""

    model: Literal["tpe", "gp"] = Field(
        default="tpe",
        description="tpe: tree of Parzen estimators, milliseconds a proposal; gp: Gaussian process, seconds a proposal "
        "and fewer of them needed.",
    )
    population: int = Field(default=10, ge=1, description="Proposals a generation, made before any of them is judged.")
    startup: int = Field(default=20, ge=2, description="First points and uniform draws judged before the model starts.")


class Bayesian:
    """Multi-objective TPE (Ozaki et al., GECCO 2020), or a Gaussian process with expected hypervolume improvement
    (Daulton et al., NeurIPS 2020), as implemented by Optuna (Akiba et al., KDD 2019).

    The first generation holds all first points, topped up to `startup` by uniform draws. Proposals of a generation
    that are not judged yet count as bad to the TPE (constant liar, Ginsbourger et al., 2010) and as expected to the
    Gaussian process, so that they differ. The cost of a proposal grows with what has been judged: use it where
    judging is dearer than that. Of the proposals, those that could not be judged teach nothing.
    """

    def __init__(self, config: BayesianConfig) -> None:
        self.config = config

    def setup(self, problem: SearchProblem, seed: int) -> None:
        if problem.budget is not None and problem.budget > MANY:
            logging.getLogger("paretorec").warning(
                f"optimizer bayesian: {problem.budget} evaluations are wanted, and a proposal gets slower with every "
                f"policy judged; give it at most {MANY}, or choose an evolutionary optimizer such as nsga2"
            )
        self._lower, self._upper = problem.lower, problem.upper
        self._names = [f"x{d}" for d in range(len(problem.lower))]
        rng = np.random.default_rng(seed)
        self._x = first_points(problem, self.config.startup, rng)
        self._trials: list[Any] = []
        self._objectives = len(problem.objectives)
        with quiet():
            import optuna

            self._laws: dict[str, Any] = {
                name: optuna.distributions.FloatDistribution(float(low), float(high))
                for name, low, high in zip(self._names, self._lower, self._upper, strict=True)
            }
            draws = int(rng.integers(2**31))
            sampler: Any
            if self.config.model == "gp":
                sampler = optuna.samplers.GPSampler(seed=draws, n_startup_trials=0, deterministic_objective=True)
            else:
                sampler = optuna.samplers.TPESampler(
                    seed=draws, n_startup_trials=0, multivariate=True, constant_liar=True
                )
            self._study = optuna.create_study(directions=["minimize"] * self._objectives, sampler=sampler)

    def ask(self) -> Array:
        return self._x.copy()

    def tell(self, x: Array, result: Evaluations) -> None:
        with quiet():
            from optuna.trial import TrialState, create_trial

            if not self._trials:
                for row in np.flatnonzero(result.feasible):
                    params = dict(zip(self._names, map(float, x[row]), strict=True))
                    values = result.values[row].tolist()
                    self._study.add_trial(create_trial(params=params, distributions=self._laws, values=values))
            for trial, values, judged in zip(self._trials, result.values.tolist(), result.feasible, strict=False):
                self._study.tell(trial, values if judged else None, None if judged else TrialState.FAIL)
            self._trials = [self._study.ask(self._laws) for _ in range(self.config.population)]
        asked = np.array([[trial.params[name] for name in self._names] for trial in self._trials])
        self._x = np.clip(asked, self._lower, self._upper)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna reports studies on stderr and warns of what is experimental; a host's own settings stay as they are."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
