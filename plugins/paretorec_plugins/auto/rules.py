"""Rules of thumb, held against real policies by the benchmark `optimizers` (see docs/design-notes.md)."""

from __future__ import annotations

from paretorec.contracts import Choice, ComponentConfig, SearchProblem

SMALL = 200
"""Evaluations below which a search is over before a population has learned."""


class AutoConfig(ComponentConfig):
    """`auto` has nothing to configure."""


class Auto:
    """`random` below 200 evaluations; `cma-es` for one objective; for two, `smpso` up to six parameters and `nsga2` for
    more; `spea2` from three objectives on.
    """

    def __init__(self, config: AutoConfig) -> None:
        del config

    def choose(self, problem: SearchProblem) -> Choice:
        objectives, parameters = len(problem.objectives), len(problem.lower)
        if problem.budget is not None and problem.budget < SMALL:
            return Choice("random", f"{problem.budget} evaluations are too few to learn from")
        if objectives == 1:
            return Choice("cma-es", "one objective")
        if objectives == 2 and parameters <= 6:
            return Choice("smpso", f"two objectives and only {parameters} parameters")
        if objectives == 2:
            return Choice("nsga2", f"two objectives and {parameters} parameters")
        return Choice("spea2", f"{objectives} objectives")
