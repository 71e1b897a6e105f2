"""Rules of thumb, held against the results of the `optimizers` benchmark."""

from __future__ import annotations

from paretorec.contracts import Choice, ComponentConfig, SearchProblem

SMALL = 500
"""Evaluations below which a search is over before a population has learned."""


class AutoConfig(ComponentConfig):
    """`auto` has nothing to configure."""


class Auto:
    """`random` below 500 evaluations; `cma-es` for one objective, `smpso` for two and at most six parameters, `nsga2`
    for two and more parameters, `nsga3` from three objectives on.
    """

    def __init__(self, config: AutoConfig) -> None:
        del config

    def choose(self, problem: SearchProblem) -> Choice:
        objectives, parameters = len(problem.objectives), len(problem.lower)
        if problem.budget is not None and problem.budget < SMALL:
            return Choice("random", f"{problem.budget} evaluations are too few to learn from")
        if objectives == 1:
            return Choice("cma-es", "one objective")
        if objectives > 2:
            return Choice("nsga3", f"{objectives} objectives")
        if parameters <= 6:
            return Choice("smpso", f"two objectives and only {parameters} parameters")
        return Choice("nsga2", f"two objectives and {parameters} parameters")
