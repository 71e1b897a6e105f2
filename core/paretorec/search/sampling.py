"""Where optimizers begin."""

from __future__ import annotations

import numpy as np

from paretorec.contracts.optimizer import SearchProblem
from paretorec.contracts.run import Array


def first_points(problem: SearchProblem, count: int, rng: np.random.Generator) -> Array:
    """float64 [max(F, count), D]: the problem's F first points in their order, then uniform draws from the box."""
    missing = max(count - len(problem.first), 0)
    drawn = rng.random((missing, len(problem.lower)))
    filled = problem.lower + drawn * (problem.upper - problem.lower)
    return np.concatenate([problem.first.reshape(-1, len(problem.lower)), np.minimum(filled, problem.upper)])
